// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checkpoints made from a config alone: micro ones with random weights that any
// program can repeat to the bit, and full-size ones without values. A value is
// centre + amplitude * uniform(name, i), each operation rounded to f32.
#pragma once
#include "compiler/checkpoint/ModelConfig.h"
#include "runtime/base/Status.h"
#include "tools/dev/ShardWriter.h"
#include <string_view>

namespace ds::dev {

/// The bytes of every listed tensor.
Contents generateWeights(const checkpoint::ModelConfig &config,
                         const std::vector<ListedTensor> &tensors);

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

/// config.json text of a checkpoint, or nothing.
std::string_view configOf(std::string_view name);
/// The micro checkpoints, in the order of the table.
std::vector<std::string_view> checkpointNames();
/// The checkpoints that are too large for values; they can only be sparse.
std::vector<std::string_view> sparseNames();

enum class Values { Random, Hole };

/// Writes config.json, shards, their index and, where the table has one,
/// generation_config.json into `folder`, which is created when absent. A micro
/// checkpoint has 2 shards, in order of names; others have as many as the
/// published one, of nearly equal size, in order of computation.
Status makeCheckpoint(std::string_view name, const std::string &folder,
                      Values values = Values::Random);

/// SHA-256 over name, a zero byte and the bytes of every tensor of a checkpoint
/// folder, in the order of names; hexadecimal.
Result<std::string> digestOfFolder(const std::string &folder);

} // namespace ds::dev
