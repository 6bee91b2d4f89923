// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs any pass of ours on IR of any stage.
#include "compiler/pipeline/Pipeline.h"
#include <mlir/Tools/mlir-opt/MlirOptMain.h>
#include <mlir/Transforms/Passes.h>

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  ds::registerEverything(registry);
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "dsc-opt: the passes of dsc, one by one\n", registry));
}
