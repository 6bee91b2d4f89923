// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One text out of many headers.
#pragma once
#include "compiler/codegen/KernelSources.h"
#include "runtime/base/Status.h"
#include <span>
#include <string>

namespace ds {

/// The texts of `roots` and of all they include from `sources`, each once,
/// where it is first needed, under a line that names it. Includes in <> stay,
/// each once. What a header includes under an #if lands there too; what that
/// header needs in turn, before the one that includes it, as others may need it
/// outside of the #if. Errors: InternalError where a header is not in `sources`.
Result<std::string> inlineIncludes(std::span<const std::string_view> roots,
                                   std::span<const KernelSource> sources);

} // namespace ds
