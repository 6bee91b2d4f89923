// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/Explanations.h"

namespace ds {
namespace {

constexpr const char *kCompileAgain =
    "The file is damaged, or dsc did not write it. Copy it again, or compile "
    "the model again; where it happens twice, look at the disk.";

constexpr Explanation kExplanations[] = {
#define EXPLANATION(name, cause, example, remedy)                              \
  {ErrorCode::name, #name, cause, example, remedy},
#include "tools/dsc/Explanations.def"
};

} // namespace

std::span<const Explanation> explanations() { return kExplanations; }

} // namespace ds
