// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What --dump writes: a safetensors file with the values of a prompt's run.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/exec/Session.h"
#include <atomic>
#include <span>
#include <string>

namespace ds::dsrun {

/// What is wrong with the place of a dump, before any work is done for it:
/// OutputIsInput (2) where it is one of `inputs`, by whatever name; those of
/// rt::checkOutput().
Status checkDumpPlace(const std::string &path,
                      std::span<const std::string> inputs);

/// Runs `tokens` as a prompt in a sequence of its own and writes, in this
/// order: logits f32 [T, vocabSize]; from a plan with the taps also hidden f32
/// [numLayers + 1, T, hiddenSize] and experts i64 [numMoeLayers, T,
/// expertsPerToken]. Values go to the file run by run; `path` is replaced at
/// the end and untouched on an error, or when `cancel` became true. Errors:
/// those of rt::TemporaryOutput (2, 5), the prompt (3, 6).
Status writeDump(rt::Session &session, std::span<const uint32_t> tokens,
                 const std::string &path, const std::atomic<bool> &cancel);

} // namespace ds::dsrun
