// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/InlineIncludes.h"
#include <gtest/gtest.h>

namespace ds {
namespace {

std::string inlined(std::vector<std::string_view> roots,
                    std::vector<KernelSource> sources) {
  Result<std::string> text = inlineIncludes(roots, sources);
  return text ? *text : text.takeStatus().errors()[0].message();
}

TEST(InlineIncludes, EveryHeaderOnceBeforeWhoNeedsIt) {
  EXPECT_EQ(inlined({"a.h", "b.h"},
                    {{"a.h", "// SPDX-License-Identifier: X\n#pragma once\n"
                             "#include \"c.h\"\n#include <stdint.h>\nint a;\n"},
                     {"b.h", "#include \"c.h\"\n#include <stdint.h>\nint b;\n"},
                     {"c.h", "int c;\n"}}),
            "\n//===-- c.h\nint c;\n"
            "\n//===-- a.h\n#include <stdint.h>\nint a;\n"
            "\n//===-- b.h\nint b;\n");
}

// A header that only the emulation needs stays under its #if; what it needs in
// turn is for all, as the next header may need that too.
TEST(InlineIncludes, WhatIsConditionalStaysSo) {
  EXPECT_EQ(inlined({"a.h", "b.h"},
                    {{"a.h", "#if E\n#include \"emu.h\"\n#endif\nint a;\n"},
                     {"b.h", "#include \"types.h\"\nint b;\n"},
                     {"emu.h", "#include \"types.h\"\nint emu;\n"},
                     {"types.h", "int types;\n"}}),
            "\n//===-- types.h\nint types;\n"
            "\n//===-- a.h\n#if E\n\n//===-- emu.h\nint emu;\n#endif\n"
            "int a;\n"
            "\n//===-- b.h\nint b;\n");
}

TEST(InlineIncludes, AHeaderThatIsMissingIsNamed) {
  EXPECT_EQ(inlined({"a.h"}, {{"a.h", "#include \"b.h\"\n"}}),
            "error[E500]: no kernel header b.h");
}

TEST(InlineIncludes, DscCarriesTheHeadersOfTheKernels) {
  bool found = false;
  for (const KernelSource &source : kernelSources()) {
    EXPECT_FALSE(source.text.empty()) << source.path;
    found |= source.path == "kernels/add_rows/cuda.cuh" &&
             source.text.find("addRows(") != source.text.npos;
  }
  EXPECT_TRUE(found);
}

} // namespace
} // namespace ds
