// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dev/TensorList.h"

namespace ds::dev {
namespace {

using namespace ds::checkpoint;

std::string_view dtypeOf(RoleForm form, bool isQuantized) {
  if (form == RoleForm::Bias)
    return "F32";
  return form == RoleForm::Matrix && isQuantized ? "F8_E4M3" : "BF16";
}

void list(const RoleSpec &role, const std::string &name, bool isQuantized,
          std::vector<ListedTensor> &tensors) {
  std::string dtype{dtypeOf(role.form, isQuantized)};
  tensors.push_back({name, dtype, role.shape, role});
  if (dtype == "F8_E4M3")
    tensors.push_back(
        {scaleTensorName(name), "F32", scaleShape(role.shape), role, true});
}

} // namespace

uint64_t ListedTensor::bytes() const {
  uint64_t count = dtype == "F32" ? 4 : dtype == "BF16" ? 2 : 1;
  for (uint64_t extent : shape)
    count *= extent;
  return count;
}

std::vector<ListedTensor> listTensors(const ModelConfig &config) {
  bool isQuantized = config.quantizationConfig.has_value();
  std::vector<ListedTensor> tensors;
  std::vector<RoleSpec> globals = globalRoles(config);
  auto listGlobal = [&](const RoleSpec &role) {
    list(role, globalTensorName(role), isQuantized, tensors);
  };
  listGlobal(globals.front()); // the embedding comes before the layers
  uint32_t layers = config.numHiddenLayers;
  for (uint32_t i = 0; i < layers + config.numNextnPredictLayers; ++i) {
    LayerKind kind = i >= layers       ? LayerKind::Mtp
                     : config.isMoe(i) ? LayerKind::Moe
                                       : LayerKind::Dense;
    for (const RoleSpec &role : layerRoles(config, kind))
      for (uint32_t expert = 0; expert < role.count; ++expert)
        list(role, layerTensorName(role, i, expert), isQuantized, tensors);
  }
  for (size_t i = 1; i < globals.size(); ++i)
    listGlobal(globals[i]);
  return tensors;
}

} // namespace ds::dev
