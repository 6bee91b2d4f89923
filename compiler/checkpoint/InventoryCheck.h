// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Joins stored tensors to roles and checks that nothing is missing, odd or
// left over. Private to Model.cpp.
#pragma once
#include "compiler/checkpoint/Model.h"
#include <unordered_set>

namespace ds::checkpoint {

/// Fills globals, layers, mtpLayers, hasMtp, unusedBytes and adds notes, from
/// config and checkpoint.
/// With `options.strict` a tensor that the model does not have is an error.
Status placeTensors(Model &model, const ReadOptions &options);

/// The tensors of `model.checkpoint` that a role took.
using UsedTensors = std::unordered_set<const StoredTensor *>;

/// Explains every tensor that is not in `used`: an error where the name shows a
/// mistake, a note otherwise. Sets unusedBytes.
Status checkUnused(Model &model, const UsedTensors &used, bool strict);

} // namespace ds::checkpoint
