// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "runtime/plan/PlanView.h"
#include <string>

namespace ds {
/// One object: `schema`, `header`, `table`, and an array per section of records
/// under its name in Sections.def, field by field as README.md of runtime/plan
/// names them. Texts are resolved; sections of plain bytes appear by size.
std::string planAsJson(const rt::PlanView &plan);
} // namespace ds
