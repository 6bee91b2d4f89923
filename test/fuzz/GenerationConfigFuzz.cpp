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
  double temperature = values.temperature.value_or(1);
  FUZZ_CHECK(std::isfinite(temperature) && temperature >= 0);
  double topP = values.topP.value_or(1);
  FUZZ_CHECK(topP > 0 && topP <= 1);
  FUZZ_CHECK(values.eosTokenId.size() <= kMaxEosTokens);
  for (uint32_t token : values.eosTokenId)
    FUZZ_CHECK(token < kVocabSize);
  return 0;
}
