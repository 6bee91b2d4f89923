// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -kernel-select-variant='levels=sm_90a,sm_80 explain=true' 2> %t.explained | FileCheck %s
// RUN: FileCheck %s --check-prefix=EXPLAIN --input-file %t.explained
// RUN: not dsc-opt %s -kernel-select-variant=levels=sm_91 2>&1 | FileCheck %s --check-prefix=LEVEL

// Architectures are levels like those of CPUs. A row for any of them is in the
// code of each, a CPU's row in none.
// CHECK: module attributes {kernel.levels = ["sm_90a", "sm_80"]}
// CHECK-LABEL: func.func @rows_for_every_architecture
// CHECK: kernel.call @add_rows{{.*}} variants ["add_rows_f32_cuda", "add_rows_f32_cuda"]
// EXPLAIN: add_rows {n = 96 : i32}, 64 rows, level sm_90a
// EXPLAIN-NEXT: add_rows_f32_generic: level generic, not sm_90a
// EXPLAIN-NEXT: add_rows_f32_cuda: {{[0-9.]+}} us, chosen
// LEVEL: no code is made for level sm_91
func.func @rows_for_every_architecture(%x: tensor<?x96xf32>) {
  %y = kernel.call @add_rows(%x, %x) shape {n = 96 : i32} : (tensor<?x96xf32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return
}
