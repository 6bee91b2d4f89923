// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/ConfigReader.h"
#include "compiler/checkpoint/Model.h"
#include "tools/dev/MakeCheckpoint.h"
#include "test/compiler/checkpoint/TestFolder.h"
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace ds::dev {
namespace {

// The generated weights are, to the bit, those the reference values belong to.
TEST(MakeCheckpointTest, RepeatsTheDigests) {
  for (std::string_view name : checkpointNames()) {
    checkpoint::TestFolder folder;
    Status status = makeCheckpoint(name, folder.path());
    ASSERT_TRUE(status) << status.text("test");
    auto digest = digestOfFolder(folder.path());
    ASSERT_TRUE(digest) << checkpoint::textOf(digest);
    std::ifstream file(checkpoint::testModel(std::string(name)) +
                       "/digest.txt");
    std::string expected;
    file >> expected;
    EXPECT_EQ(*digest, expected) << name;
  }
}

// The digest sees one changed byte.
TEST(MakeCheckpointTest, DigestSeesOneByte) {
  checkpoint::TestFolder folder;
  ASSERT_TRUE(makeCheckpoint("micro-v3-fp8", folder.path()));
  std::string before = *digestOfFolder(folder.path());
  std::fstream shard(folder.at("model-00002-of-000002.safetensors"),
                     std::ios::in | std::ios::out | std::ios::binary);
  shard.seekg(-1, std::ios::end);
  char last = char(shard.get());
  shard.seekp(-1, std::ios::end);
  shard.put(char(last ^ 1));
  shard.close();
  EXPECT_NE(*digestOfFolder(folder.path()), before);
}

// A sparse folder has the headers of the one with values.
TEST(MakeCheckpointTest, SparseDiffersInValuesOnly) {
  checkpoint::TestFolder full, sparse;
  ASSERT_TRUE(makeCheckpoint("micro-v3-fp8", full.path()));
  ASSERT_TRUE(makeCheckpoint("micro-v3-fp8", sparse.path(), Values::Hole));
  auto tensorsOf = [](const std::string &folder) {
    auto model = checkpoint::readModel(folder);
    EXPECT_TRUE(model) << checkpoint::textOf(model);
    std::vector<std::tuple<std::string, uint32_t, uint64_t, uint64_t>> tensors;
    for (const auto &[name, tensor] : model->checkpoint.tensors)
      tensors.emplace_back(name, tensor.shard, tensor.offset, tensor.bytes);
    return tensors;
  };
  EXPECT_EQ(tensorsOf(full.path()), tensorsOf(sparse.path()));
  EXPECT_NE(*digestOfFolder(full.path()), *digestOfFolder(sparse.path()));
}

// The published R1: 61 layers and one for MTP, 163 shards, 689 GB that take a
// few MB of the disk. A latent projection has 576 rows, hence 5 rows of scales.
TEST(MakeCheckpointTest, MakesR1WithoutItsBytes) {
  checkpoint::TestFolder folder;
  Status status = makeCheckpoint("r1-671b", folder.path(), Values::Hole);
  ASSERT_TRUE(status) << status.text("test");
  auto model = checkpoint::readModel(folder.path());
  ASSERT_TRUE(model) << checkpoint::textOf(model);
  const auto &tensors = model->checkpoint.tensors;
  EXPECT_EQ(tensors.size(), 91991u);
  EXPECT_EQ(model->checkpoint.shards.size(), 163u);
  EXPECT_EQ(model->checkpoint.shards[162].name,
            "model-00163-of-000163.safetensors");
  EXPECT_EQ(model->layers.size(), 61u);
  EXPECT_EQ(model->mtpLayers.size(), 1u);
  const auto &latent = tensors.find(
      "model.layers.60.self_attn.kv_a_proj_with_mqa.weight_scale_inv");
  ASSERT_NE(latent, tensors.end());
  EXPECT_EQ(latent->second.shape, (std::vector<uint64_t>{5, 56}));

  uint64_t apparent = 0, onDisk = 0;
  for (const auto &entry : std::filesystem::directory_iterator(folder.path())) {
    struct stat found;
    ASSERT_EQ(stat(entry.path().c_str(), &found), 0);
    apparent += uint64_t(found.st_size);
    onDisk += uint64_t(found.st_blocks) * 512;
  }
  EXPECT_GT(apparent, uint64_t(688'500'000'000));
  EXPECT_LT(apparent, uint64_t(688'700'000'000));
  EXPECT_LT(onDisk, 64u << 20);
}

// Nobody gets 689 GB of random values by mistake.
TEST(MakeCheckpointTest, RefusesR1WithValues) {
  checkpoint::TestFolder folder;
  EXPECT_EQ(makeCheckpoint("r1-671b", folder.path()).exit(), Exit::Usage);
}

// The value of an e4m3 code: 4 exponent bits of bias 7, 3 bits of fraction.
float valueOf(uint8_t code) {
  int exponent = code >> 3 & 15, fraction = code & 7;
  float magnitude = exponent ? std::ldexp(float(8 + fraction), exponent - 10)
                             : std::ldexp(float(fraction), -9);
  return code & 0x80 ? -magnitude : magnitude;
}

// Every finite code is the rounding of its own value, and halfway between two
// codes the even one wins.
TEST(MakeCheckpointTest, RoundsToE4M3) {
  for (int code = 0; code < 256; ++code)
    if ((code & 0x7F) != 0x7F)
      EXPECT_EQ(toE4M3(valueOf(uint8_t(code))), code);
  for (int code = 0; code < 0x7E; ++code) {
    float low = valueOf(uint8_t(code)), high = valueOf(uint8_t(code + 1));
    float middle = (low + high) / 2;
    EXPECT_EQ(toE4M3(middle), code % 2 ? code + 1 : code);
    EXPECT_EQ(toE4M3(std::nextafter(middle, high)), code + 1);
    EXPECT_EQ(toE4M3(std::nextafter(middle, low)), code);
  }
}

// bf16 rounds to nearest, ties to even.
TEST(MakeCheckpointTest, RoundsToBF16) {
  EXPECT_EQ(toBF16(1.0f), 0x3F80);
  EXPECT_EQ(toBF16(1.0f + 0x1p-8f), 0x3F80);   // halfway, down to even
  EXPECT_EQ(toBF16(1.0f + 0x1.8p-7f), 0x3F82); // halfway, up to even
  EXPECT_EQ(toBF16(-1.0f - 0x1.1p-8f), 0xBF81);
}

// A block's scale is amax / 448, never below 1e-4 / 448; ue8m0 rounds it up.
TEST(MakeCheckpointTest, ScalesBlocks) {
  std::vector<float> values(130 * 129, 0.0f);
  values[0] = -896;
  values[129 * 129 + 128] = 3; // the last block holds one column, two rows
  auto scaleAt = [](const QuantizedBlocks &blocks, size_t i) {
    float scale;
    std::memcpy(&scale, blocks.scales.data() + 4 * i, 4);
    return scale;
  };
  QuantizedBlocks plain = quantizeBlocks(values, 130, 129, false);
  ASSERT_EQ(plain.scales.size(), 4u * 2 * 2);
  EXPECT_EQ(scaleAt(plain, 0), 2.0f);
  EXPECT_EQ(scaleAt(plain, 1), 1e-4f / 448.0f);
  EXPECT_EQ(scaleAt(plain, 3), 3.0f / 448.0f);
  EXPECT_EQ(uint8_t(plain.codes[0]), 0xFE);
  QuantizedBlocks rounded = quantizeBlocks(values, 130, 129, true);
  EXPECT_EQ(scaleAt(rounded, 0), 2.0f);
  EXPECT_EQ(scaleAt(rounded, 3), 0x1p-7f);
}

} // namespace
} // namespace ds::dev
