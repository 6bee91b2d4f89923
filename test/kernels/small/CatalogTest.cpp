// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/Catalog.h"
#include "kernels/LaunchTable.h"
#include "kernels/grouped_gated_linear/grouped_gated_linear.h"
#include "kernels/grouped_linear/grouped_linear.h"
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

namespace ds::kernels {
namespace {

TEST(Catalog, RowNamesSpellTheirColumns) {
  for (const KernelRow &row : kernelRows()) {
    std::string expected(row.family->name);
    if (row.activation != Activation::None)
      expected += "_" + std::string(nameOf(row.activation));
    if (row.weights != Weights::None)
      expected += "_" + std::string(nameOf(row.weights));
    // sm_90a is spelt sm90a.
    std::string level(nameOf(row.level));
    std::erase(level, '_');
    level.insert(0, "_");
    if (row.activation == Activation::None) {
      // Families without A spell the type they work in.
      EXPECT_TRUE(row.name.starts_with(expected) && row.name.ends_with(level))
          << row.name;
      EXPECT_TRUE(row.level == Level::Generic || row.level >= Level::CUDA)
          << row.name;
    } else if (row.level >= Level::CUDA) {
      // A form for some runs or shapes only says which at its end.
      EXPECT_TRUE(row.name.starts_with(expected + level)) << row.name;
    } else {
      EXPECT_EQ(row.name, expected + level);
    }
  }
}

TEST(Catalog, RowNamesAreUnique) {
  std::set<std::string_view> names;
  for (const KernelRow &row : kernelRows())
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
}

// A compiler that targets a level finds for every family and every encoding
// of weights either a row without A, or one bf16 row of the level and one f32
// row for --kernels=reference. What takes codes takes FP8 weights too. Families
// that compute several calls in one are for targets where launches cost.
TEST(Catalog, EveryLevelCoversEveryFamily) {
  const std::set<std::string_view> fused = {
      "absorb_value_quantize", "add_rms_norm_quantize", "gated_linear",
      "grouped_gated_linear",  "query_norm_append",     "rope_absorb_query"};
  for (const LevelInfo &level : levels()) {
    std::map<std::string, std::multiset<Activation>> found;
    for (const KernelRow &row : kernelRows())
      if (isIn(row, level.level))
        found[std::string(row.family->name) + " " +
              std::string(nameOf(row.weights))]
            .insert(row.activation);
    std::set<std::string_view> covered;
    for (auto &[key, activations] : found) {
      if (activations.erase(Activation::F8E4M3Group128))
        EXPECT_TRUE(key.ends_with("f8e4m3fn_bs128")) << key;
      std::string_view family = findFamily(key.substr(0, key.find(' ')))->name;
      covered.insert(family);
      if (fused.contains(family))
        activations.insert(Activation::BF16);
      EXPECT_TRUE(activations == std::multiset{Activation::None} ||
                  activations ==
                      (std::multiset{Activation::BF16, Activation::F32}))
          << key << " at " << level.name;
    }
    EXPECT_EQ(covered.size(), families().size()) << level.name;
  }
}

// What a launch table says can be launched: the rows for GPUs, each with one
// line or two.
TEST(Catalog, EveryRowForGPUsHasItsLaunches) {
  for (const KernelRow &row : kernelRows()) {
    size_t lines = launchesOf(row).size();
    if (row.level < Level::CUDA)
      EXPECT_EQ(lines, 0u) << row.name;
    else
      EXPECT_TRUE(lines == 1 || lines == 2) << row.name;
    for (const Launch &launch : launchesOf(row)) {
      EXPECT_EQ(launch.threads % 32, 0u) << row.name;
      EXPECT_LE(launch.threads, 1024u) << row.name;
      EXPECT_EQ(launch.header,
                "kernels/" + std::string(row.family->name) + "/cuda.cuh");
    }
  }
}

TEST(Catalog, ARowSaysHowManyRowsItServes) {
  uint32_t width = 96;
  EXPECT_EQ(rowsServed(*findRow("add_rows_f32_cuda"), &width), cuda::kAnyRows);
  EXPECT_EQ(rowsServed(*findRow("add_rows_f32_generic"), &width),
            cuda::kAnyRows);
}

// A table of the experts' tiles lies behind those of the products.
TEST(Catalog, GroupedRowsServeAsManyExpertsAsSharedMemoryHolds) {
  GroupedLinearShape plain{64, 64, 1, 0, 8, 0};
  GroupedGatedLinearShape gated{64, 64, 0, 8, 0};
  for (const KernelRow &row : kernelRows()) {
    const bool isGated = row.family->name == "grouped_gated_linear";
    if (row.level < Level::CUDA ||
        (row.family->name != "grouped_linear" && !isGated))
      continue;
    const void *shape = isGated ? static_cast<void *>(&gated) : &plain;
    plain.experts = gated.experts = 256;
    EXPECT_GT(rowsServed(row, shape), 0u) << row.name;
    plain.experts = gated.experts = 64 * 1024;
    EXPECT_EQ(rowsServed(row, shape), 0u) << row.name;
  }
}

TEST(Catalog, CodeForAnArchitectureHoldsTheRowsOfAllAndItsOwn) {
  const KernelRow *row = findRow("add_rows_f32_cuda");
  ASSERT_TRUE(row);
  for (const LevelInfo &architecture : architectures()) {
    EXPECT_EQ(architecture.processor, Processor::GPU);
    EXPECT_EQ(findLevel(architecture.name), &architecture);
    EXPECT_TRUE(isIn(*row, architecture.level)) << architecture.name;
  }
  EXPECT_FALSE(isIn(*row, Level::AVX2));
  EXPECT_FALSE(isIn(*findRow("add_rows_f32_generic"), Level::SM90A));
}

TEST(Catalog, FieldNamesAreThoseOfTheIR) {
  const Family *family = findFamily("latent_append");
  ASSERT_NE(family, nullptr);
  std::vector<std::string_view> names;
  for (ShapeField field : family->fields)
    names.push_back(field.name);
  EXPECT_EQ(names,
            (std::vector<std::string_view>{"latent", "rope", "in_stride",
                                           "in_offset", "page_tokens", "eps"}));
  EXPECT_FALSE(family->fields[4].isFloat);
  EXPECT_TRUE(family->fields[5].isFloat);
  EXPECT_EQ(findFamily("linear")->fields[2].name, "out0");
  EXPECT_EQ(findFamily("no_such"), nullptr);
  EXPECT_EQ(findRow("no_such"), nullptr);
}

TEST(Catalog, LevelsStandFromBestToWorst) {
  ASSERT_EQ(levels().size(), 3u);
  EXPECT_EQ(levels()[0].name, "avx512bf16");
  EXPECT_EQ(levels()[1].name, "avx512");
  EXPECT_EQ(levels()[2].name, "avx2");
  EXPECT_EQ(findLevel("avx2"), &levels()[2]);
  EXPECT_EQ(findLevel("generic"), nullptr);
}

} // namespace
} // namespace ds::kernels
