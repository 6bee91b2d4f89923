// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Micro checkpoints: small folders with random weights that any program can
// repeat to the bit. A value is centre + amplitude * uniform(name, i), each
// operation rounded to f32.
#pragma once
#include "compiler/checkpoint/ModelConfig.h"
#include "runtime/base/Status.h"
#include <map>
#include <string_view>

namespace ds::dev {

/// One tensor as it is stored.
struct StoredBytes {
  std::string dtype; // as a safetensors header spells it
  std::vector<uint64_t> shape;
  std::string bytes;
};
using Tensors = std::map<std::string, StoredBytes>; // in order of names

/// All tensors of the config, MTP layer included.
Tensors generateWeights(const checkpoint::ModelConfig &config);

/// The 128 x 128 block quantisation of `values` [rows, columns], row-major:
/// scale = max(amax, 1e-4) / 448, with `ue8m0` rounded up to a power of two;
/// code = e4m3(clamp(value / scale, -448, 448)), nearest even.
struct QuantizedBlocks {
  std::string codes;  // u8 [rows, columns]
  std::string scales; // f32 [ceil(rows / 128), ceil(columns / 128)]
};
QuantizedBlocks quantizeBlocks(const std::vector<float> &values, uint64_t rows,
                               uint64_t columns, bool ue8m0);

/// Nearest even.
uint16_t toBF16(float value);
/// Nearest even; |value| <= 448.
uint8_t toE4M3(float value);

/// config.json text of a micro checkpoint, or nothing.
std::string_view configOf(std::string_view name);
/// All names, in the order of the table.
std::vector<std::string_view> checkpointNames();

/// Writes config.json, two shards and their index into `folder`, which is
/// created when absent.
Status makeCheckpoint(std::string_view name, const std::string &folder);

/// SHA-256 over name, a zero byte and the bytes of every tensor of a checkpoint
/// folder, in the order of names; hexadecimal.
Result<std::string> digestOfFolder(const std::string &folder);

} // namespace ds::dev
