// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// generation_config.json.
#include "compiler/checkpoint/ConfigReader.h"
#include "test/fuzz/Check.h"
#include "test/fuzz/FuzzFolder.h"
#include <cmath>

using namespace ds;
using namespace ds::checkpoint;

constexpr uint32_t kVocabSize = 1024;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz::FuzzFolder folder;
  static const InputFolder opened =
      std::move(*InputFolder::open(folder.path()));
  folder.write("generation_config.json", fuzz::textOf(data, size));
  auto config = readGenerationConfig(opened, kVocabSize);
  if (!config) {
    fuzz::checkRefusal(config.takeStatus());
    return 0;
  }
  FUZZ_CHECK(config->has_value());
  const GenerationConfig &values = **config;
  // As floats, which are what a plan holds.
  auto temperature = float(values.temperature.value_or(1));
  FUZZ_CHECK(std::isfinite(temperature) && temperature >= 0);
  auto topP = float(values.topP.value_or(1));
  FUZZ_CHECK(topP > 0 && topP <= 1);
  auto minP = float(values.minP.value_or(0));
  FUZZ_CHECK(minP >= 0 && minP <= 1);
  auto penalty = float(values.repetitionPenalty.value_or(1));
  FUZZ_CHECK(std::isfinite(penalty) && penalty > 0);
  FUZZ_CHECK(values.eosTokenId.size() <= kMaxEosTokens);
  for (uint32_t token : values.eosTokenId)
    FUZZ_CHECK(token < kVocabSize);
  return 0;
}
