// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/CheckWeights.h"
#include "test/compiler/checkpoint/TestFolder.h"
#include "tools/dev/MakeCheckpoint.h"
#include <fstream>

namespace ds::checkpoint {
namespace {

const std::string kUp = "model.layers.0.mlp.up_proj.weight"; // [320, 192]

/// A small FP8 model of which a test overwrites some bytes.
class CheckWeightsTest : public testing::Test {
protected:
  void SetUp() override {
    Status status = dev::makeCheckpoint("micro-v3-fp8", folder.path());
    ASSERT_TRUE(status) << status.text("test");
    auto read = readModel(folder.path());
    ASSERT_TRUE(read) << textOf(read);
    model = std::move(*read);
  }
  void patch(const std::string &tensor, uint64_t at, std::string_view bytes) {
    const StoredTensor &stored = model.checkpoint.tensors.at(tensor);
    std::fstream file(model.checkpoint.shards[stored.shard].path,
                      std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(std::streamoff(stored.offset + at));
    file.write(bytes.data(), std::streamsize(bytes.size()));
  }

  TestFolder folder;
  Model model;
};

TEST_F(CheckWeightsTest, AcceptsGoodValues) {
  Status status = checkWeights(model, {});
  EXPECT_TRUE(status) << status.text("test");
}

// The first bad value is named, and how many there are.
TEST_F(CheckWeightsTest, NamesTheFirstNaN) {
  patch(kUp, 2 * 192 + 3, "\x7f\x7e\xff");
  Status status = checkWeights(model, {});
  expectError(status, ErrorCode::WeightNotFinite, {kUp + "[2, 3]", "NaN"});
  EXPECT_EQ(status.errors()[0].notes[0],
            "2 such values: [2, 3] NaN, [2, 5] NaN");
}

// BF16 has infinities; the largest finite value is none.
TEST_F(CheckWeightsTest, FindsInfinity) {
  patch("model.norm.weight", 4, "\x7f\x7f");
  EXPECT_TRUE(checkWeights(model, {}));
  patch("model.norm.weight", 4, std::string_view("\x80\xff", 2));
  expectError(checkWeights(model, {}), ErrorCode::WeightNotFinite,
              {"model.norm.weight[2]", "-Inf"});
}

// The smallest scale above 0 is good, 0 is not, whatever is allowed.
TEST_F(CheckWeightsTest, WantsScalesAboveZero) {
  patch(kUp + "_scale_inv", 4, std::string_view("\1\0\0\0", 4));
  EXPECT_TRUE(checkWeights(model, {}));
  patch(kUp + "_scale_inv", 4, std::string_view("\0\0\0\0", 4));
  expectError(checkWeights(model, {.allowNonfinite = true}),
              ErrorCode::ScaleValue, {kUp + "_scale_inv[0, 1]", "found 0"});
}

TEST_F(CheckWeightsTest, NotesWhatIsAllowed) {
  patch(kUp, 0, "\x7f");
  EXPECT_TRUE(checkWeights(model, {.allowNonfinite = true}));
  ASSERT_EQ(model.notes.size(), 1u);
  EXPECT_NE(model.notes[0].find(kUp + "[0, 0] is NaN"), std::string::npos);
}

// With tied embeddings, a stored head is the embedding or an error.
TEST_F(CheckWeightsTest, ComparesTiedMatrices) {
  model.config.tieWordEmbeddings = true;
  expectError(checkWeights(model, {}), ErrorCode::TiedDiffer,
              {"model.embed_tokens.weight", "lm_head.weight", "[0, 0]"});
}

} // namespace
} // namespace ds::checkpoint
