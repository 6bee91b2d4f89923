// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of config.json that are objects. Private to ConfigReader.cpp.
#pragma once
#include "compiler/checkpoint/ConfigObject.h"

namespace ds::checkpoint {

/// Three spellings: rope_theta with rope_scaling {type | rope_type, …},
/// rope_scaling null, and rope_parameters {rope_theta, rope_type, …}.
void readRope(ConfigObject &top, ModelConfig &config);

/// quantization_config: FP8 e4m3 in blocks of 128 x 128, dynamic activations.
void readQuantization(ConfigObject &top, ModelConfig &config);

} // namespace ds::checkpoint
