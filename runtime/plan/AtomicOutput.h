// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plan file, or another output, is replaced as a whole or not at all.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/plan/PlanData.h"
#include "runtime/plan/TemporaryOutput.h"
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ds::rt {

/// Writes the plan into the temporary file of an output that is locked, syncs
/// it, reads it back and verifies it, renames it to the output, and syncs the
/// folder. On failure the old file keeps its bytes. Errors: PlanSelfCheck (1),
/// the other Output… (5), those of `data`.
/// `plan` is the whole file, or the file up to DATA, which `data` then gives;
/// reading back compares the digests of the weights in it (WDIG).
Status writeAtomically(TemporaryOutput &output, std::span<const uint8_t> plan,
                       PlanData *data = nullptr);

/// The same for text, lock and all: nothing but that it reads back is verified.
Status writeTextAtomically(const std::string &path, std::string_view text);

} // namespace ds::rt
