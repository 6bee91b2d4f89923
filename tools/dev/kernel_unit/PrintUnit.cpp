// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernel-unit LEVEL: prints a CUDA translation unit that holds every row of
// Launches.def which code for the architecture can hold, for each of its shapes
// in Shapes.def. Symbols say row and shape, so they stay when others come and
// go. Compiled with -DDS_KERNEL_TABLE it also defines kKernelTable.
#include "kernels/LaunchTable.h"
#include "tools/dev/kernel_unit/Examples.h"
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace ds::kernels {
namespace {

struct Unit {
  std::vector<std::string_view> headers;
  std::string functions, table;

  /// Whether an example fits the row; its functions are then in the unit.
  bool add(const KernelRow &row) {
    bool isServed = false;
    for (const Example &example : kExamples) {
      if (launchesOf(row)[0].shape != example.shape ||
          rowsServed(row, example.value) == 0)
        continue;
      isServed = true;
      for (size_t n = 0; n < launchesOf(row).size(); ++n)
        add(row, example, n);
    }
    return isServed;
  }

private:
  void add(const KernelRow &row, const Example &example, size_t number) {
    const Launch &launch = launchesOf(row)[number];
    const std::string name(row.name), label(example.label);
    const std::string symbol =
        name + "__" + label + (number ? "__" + std::to_string(number + 1) : "");
    headers.push_back(launch.header);
    functions += "\nDS_CUDA_KERNEL(" + symbol + ", " +
                 std::to_string(launch.threads) + ") {\n"
                 "  using namespace ds::kernels;\n  using namespace cuda;\n"
                 "  constexpr " +
                 std::string(example.shape) + " shape{" +
                 std::string(example.fields) + "};\n  " +
                 std::string(launch.body) + "(shape, call);\n}\n";
    table += "    {\"" + name + "\", \"" + label + "\", " +
             std::to_string(number) + ", reinterpret_cast<const void *>(&" +
             symbol + ")},\n";
  }
};

int print(const LevelInfo &level) {
  Unit unit;
  for (const KernelRow &row : kernelRows())
    if (isIn(row, level.level) && !unit.add(row)) {
      std::fprintf(stderr, "%s: Shapes.def has no shape that it serves\n",
                   std::string(row.name).c_str());
      return 1;
    }
  unit.headers.push_back("kernels/base/Entry.cuh");
  std::ranges::sort(unit.headers);
  unit.headers.erase(std::ranges::unique(unit.headers).begin(),
                     unit.headers.end());
  for (std::string_view header : unit.headers)
    std::printf("#include \"%s\"\n", std::string(header).c_str());
  std::printf("%s\n#ifdef DS_KERNEL_TABLE\n"
              "#include \"tools/dev/kernel_unit/Examples.h\"\n"
              "const ds::KernelEntry ds::kKernelTable[] = {\n%s    {}};\n"
              "#endif\n",
              unit.functions.c_str(), unit.table.c_str());
  return 0;
}

} // namespace
} // namespace ds::kernels

int main(int argc, char **argv) {
  const ds::kernels::LevelInfo *level =
      argc == 2 ? ds::kernels::findLevel(argv[1]) : nullptr;
  if (!level || level->processor != ds::kernels::Processor::GPU) {
    std::fputs("usage: kernel-unit ARCHITECTURE\n", stderr);
    return 2;
  }
  return ds::kernels::print(*level);
}
