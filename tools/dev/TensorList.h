// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which tensors a checkpoint of a config stores, from the inventory that the
// compiler checks folders against.
#pragma once
#include "compiler/checkpoint/Inventory.h"

namespace ds::dev {

struct ListedTensor {
  std::string name;
  std::string dtype; // as a safetensors header spells it
  std::vector<uint64_t> shape;
  checkpoint::RoleSpec role; // of scales: their weight's
  bool isScale = false;

  uint64_t bytes() const;
};

/// All tensors in the order of computation, MTP layers included; a quantised
/// weight is followed by its scales.
std::vector<ListedTensor> listTensors(const checkpoint::ModelConfig &config);

} // namespace ds::dev
