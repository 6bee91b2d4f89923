// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// config.json. What is accepted has an inventory of tensors with real shapes.
#include "compiler/checkpoint/ConfigReader.h"
#include "compiler/checkpoint/Inventory.h"
#include "compiler/checkpoint/SafetensorsHeader.h"
#include "test/fuzz/Check.h"
#include "test/fuzz/FuzzFolder.h"

using namespace ds;
using namespace ds::checkpoint;

static void checkRoles(const std::vector<RoleSpec> &roles) {
  FUZZ_CHECK(!roles.empty());
  for (const RoleSpec &role : roles) {
    FUZZ_CHECK(role.count > 0);
    FUZZ_CHECK(role.shape.size() == 1 || role.shape.size() == 2);
    for (uint64_t extent : role.shape)
      FUZZ_CHECK(extent > 0 && extent <= kMaxDimension);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz::FuzzFolder folder;
  folder.write("config.json", fuzz::textOf(data, size));
  Result<ModelConfig> config = readConfig(folder.open("config.json"));
  if (!config) {
    fuzz::checkRefusal(config.takeStatus());
    return 0;
  }
  FUZZ_CHECK(config->numHiddenLayers > 0);
  FUZZ_CHECK(!config->eosTokenId.empty());
  FUZZ_CHECK(config->ropeTheta > 0 && config->rmsNormEps > 0);
  checkRoles(globalRoles(*config));
  checkRoles(layerRoles(*config, LayerKind::Dense));
  if (config->firstKDenseReplace < config->numHiddenLayers)
    checkRoles(layerRoles(*config, LayerKind::Moe));
  return 0;
}
