// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The command line of dsrun as values.
#pragma once
#include "runtime/base/Status.h"
#include "tools/terminal/Color.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ds::dsrun {

/// Fields that are not given on the command line are empty or false.
struct Options {
  std::string plan;
  std::optional<std::string> prompt, promptFile, batchFile, system, weights,
      dumpFile, cpu, verify, against;
  std::optional<std::vector<uint32_t>> ids;
  std::vector<std::string> stops;
  bool chat = false, raw = false, greedy = false, json = false,
       ignoreEos = false, tokenize = false;
  bool ppl = false; // dsrun ppl PLAN: measure a text, answer nothing
  std::optional<uint32_t> maxNewTokens, topK, threads, device, chunk, logprobs,
      window;
  std::optional<float> temperature, topP, minP, repetitionPenalty,
      presencePenalty, frequencyPenalty;
  std::optional<uint64_t> seed;
  std::optional<terminal::ColorChoice> color;
  bool quiet = false, verbose = false;
};

/// Options of a run, or the text that --help or --version asks for.
struct CommandLine {
  Options options;
  std::string answer; // not empty: print it and end with success
};

/// Errors: UsageError, one for each option that is wrong.
Result<CommandLine> parseCommandLine(int argc, const char *const *argv);

} // namespace ds::dsrun
