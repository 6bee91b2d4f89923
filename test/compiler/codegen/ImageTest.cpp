// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Flatten.h"
#include "kernels/base/Abi.h"
#include "runtime/device/CPUFeatures.h"
#include "runtime/device/CodeImage.h"
#include <bit>
#include <gtest/gtest.h>

namespace ds {
namespace {

const kernels::Level kLevels[] = {kernels::Level::AVX2,
                                  kernels::Level::AVX512,
                                  kernels::Level::AVX512BF16};

KernelInstance addRows(uint32_t n) { return {"add_rows_f32_generic", {n}}; }

CompiledImage compiled(kernels::Level level,
                       std::vector<KernelInstance> instances) {
  Result<CompiledImage> image = compileImage(level, instances);
  EXPECT_TRUE(image.isOk()) << (image ? "" : image.takeStatus().text("test"));
  return image ? std::move(*image) : CompiledImage{};
}

// An image maps, runs without a loader, and uses the bound shape.
TEST(Image, RunsWithItsShapeBound) {
  for (kernels::Level level : kLevels) {
    CompiledImage image = compiled(level, {addRows(3), addRows(5)});
    if (!rt::CPUFeatures::host().missing(image.features).empty())
      continue;
    auto code =
        rt::CodeImage::load(image.bytes, image.textSize, image.rodataOffset);
    ASSERT_TRUE(code.isOk());
    for (size_t which : {0, 1}) {
      uint32_t n = which == 0 ? 3 : 5;
      std::vector<float> a(2 * n), b(2 * n), y(2 * n + 1, -1.0f);
      for (size_t i = 0; i < a.size(); ++i)
        a[i] = float(i), b[i] = 100.0f;
      void *operands[] = {a.data(), b.data(), y.data()};
      Batch batch{};
      batch.tokens = 2;
      Call call{&batch, operands, nullptr};
      auto *tiles = code->entry<TilesFunction>(image.entries[which].tiles);
      auto *run = code->entry<RunFunction>(image.entries[which].run);
      ASSERT_EQ(tiles(&batch), 2u);
      run(&call, 0, 2);
      for (size_t i = 0; i < a.size(); ++i)
        EXPECT_EQ(y[i], float(i) + 100.0f);
      EXPECT_EQ(y.back(), -1.0f);
    }
  }
}

// Equal input gives equal bytes.
TEST(Image, IsTheSameBytesEveryTime) {
  for (kernels::Level level : kLevels) {
    std::vector<KernelInstance> instances = {addRows(7), addRows(64)};
    EXPECT_EQ(compiled(level, instances).bytes,
              compiled(level, instances).bytes);
  }
}

// Every row of the table can be bound to a shape and laid out.
TEST(Image, HoldsEveryRowOfItsLevel) {
  for (kernels::Level level : kLevels) {
    std::vector<KernelInstance> instances;
    for (const kernels::KernelRow &row : kernels::kernelRows()) {
      if (!kernels::isIn(row, level))
        continue;
      std::vector<uint32_t> shape;
      for (const kernels::ShapeField &field : row.family->fields)
        shape.push_back(field.isFloat ? std::bit_cast<uint32_t>(1.0f) : 64);
      for (size_t i = 0; i < row.family->fields.size(); ++i) {
        std::string_view name = row.family->fields[i].name;
        if (name == "parts" || name.substr(0, 5) == "group" ||
            name == "normalize" || name == "bias" || name == "scoring" ||
            name == "head_rows" || name == "gather" || name == "shared")
          shape[i] = 1;
      }
      instances.push_back({std::string(row.name), shape});
    }
    CompiledImage image = compiled(level, instances);
    EXPECT_EQ(image.entries.size(), instances.size());
    EXPECT_EQ(image.rodataOffset % kImagePage, 0u);
    for (CompiledImage::Entry entry : image.entries) {
      EXPECT_LT(entry.run, image.textSize);
      EXPECT_LT(entry.tiles, image.textSize);
    }
  }
}

// A row that does not exist is an error, not a crash.
TEST(Image, NamesTheMissingKernel) {
  std::vector<KernelInstance> instances = {{"no_such_row", {1}}};
  Result<CompiledImage> image = compileImage(kernels::Level::AVX2, instances);
  ASSERT_FALSE(image.isOk());
  EXPECT_NE(image.takeStatus().text("dsc").find("no_such_row"),
            std::string::npos);
}

} // namespace
} // namespace ds
