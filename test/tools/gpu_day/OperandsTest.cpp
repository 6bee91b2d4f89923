// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What tools/dev/gpu-day does on a GPU, on the emulation and with small shapes:
// its operands fit every row, and its comparison finds what is wrong.
#include "kernels/Contracts.h"
#include "kernels/LaunchTable.h"
#include "test/kernels/NativeKernels.h"
#include "tools/dev/gpu_day/Reference.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

namespace ds::day {
namespace {
using namespace kernels;

#pragma clang diagnostic ignored "-Wmissing-designated-field-initializers"
/// A shape of the family that the emulation computes in no time; null for none.
const void *smallShape(std::string_view family) {
#define SMALL(folder, Shape, ...)                                              \
  static const Shape folder{__VA_ARGS__};                                      \
  if (family == #folder)                                                       \
    return &folder;
  SMALL(absorb_query, AbsorbQueryShape, .heads = 2, .nope = 16, .latent = 32,
        .headStride = 24, .weightRows = 32)
  SMALL(absorb_value, AbsorbValueShape, .heads = 2, .latent = 32, .value = 16,
        .weightRows = 32, .rowOffset = 16)
  SMALL(absorb_value_quantize, AbsorbValueQuantizeShape, .heads = 8,
        .latent = 32, .value = 16, .weightRows = 32, .rowOffset = 16)
  SMALL(add_rms_norm_quantize, AddRMSNormQuantizeShape, .n = 256, .keep = 1,
        .eps = 1e-6f)
  SMALL(gate_plan, GatePlanShape, .experts = 8, .topk = 2, .groups = 4,
        .topkGroups = 2, .normalize = 1, .bias = 1, .scale = 2.5f)
  SMALL(gated_linear, GatedLinearShape, .in = 160, .out = 128)
  SMALL(grouped_gated_linear, GroupedGatedLinearShape, .in = 160, .out = 128,
        .experts = 8, .topk = 2)
  SMALL(query_norm_append, QueryNormAppendShape, .n = 128, .latent = 32,
        .rope = 16, .latentOffset = 128, .inStride = 176,
        .pageTokens = Run::kPageTokens, .codes = 1, .queryEps = 1e-6f,
        .latentEps = 1e-6f)
  SMALL(rope_absorb_query, RopeAbsorbQueryShape, .heads = 2, .nope = 16,
        .rope = 16, .latent = 32, .headStride = 32, .weightRows = 32)
  SMALL(add_rms_norm, AddRMSNormShape, .n = 96, .eps = 1e-6f)
  SMALL(add_rows, AddRowsShape, .n = 96)
  SMALL(argmax, ArgmaxShape, .n = 100)
  SMALL(attention_prefill, AttentionPrefillShape, .heads = 2, .nope = 16,
        .rope = 16, .value = 16, .latent = 32, .headStride = 32,
        .pageTokens = Run::kPageTokens, .maxTokens = 16, .context = 2048,
        .scale = 0.2f)
  SMALL(cast, CastShape, .n = 96, .rowsPerToken = 1)
  SMALL(combine, CombineShape, .hidden = 96, .topk = 2, .shared = 1)
  SMALL(copy_rows, CopyRowsShape, .n = 96)
  SMALL(embedding, EmbeddingShape, .hidden = 8, .vocab = 129280)
  SMALL(expert_plan, ExpertPlanShape, .experts = 8, .topk = 2)
  SMALL(gate_topk, GateTopkShape, .experts = 8, .topk = 2, .groups = 4,
        .topkGroups = 2, .normalize = 1, .bias = 1, .scale = 2.5f)
  SMALL(grouped_linear, GroupedLinearShape, .in = 160, .out = 33, .parts = 2,
        .experts = 8, .topk = 2, .gather = 1)
  SMALL(head_norm, HeadNormShape, .n = 96, .eps = 1e-6f)
  SMALL(latent_append, LatentAppendShape, .latent = 32, .rope = 16,
        .inStride = 64, .inOffset = 16, .pageTokens = Run::kPageTokens,
        .eps = 1e-6f)
  SMALL(linear, LinearShape, .in = 160, .parts = 2, .out0 = 33, .out1 = 20)
  SMALL(mla_decode, MLADecodeShape, .heads = 4, .latent = 64, .rope = 16,
        .pageTokens = Run::kPageTokens, .context = 2048, .scale = 0.2f)
  SMALL(quantize, QuantizeShape, .n = 256, .rowsPerToken = 1)
  SMALL(rms_norm, RMSNormShape, .n = 48, .inStride = 64, .inOffset = 0,
        .eps = 1e-6f)
  SMALL(rope, RopeShape, .heads = 2, .dim = 16, .inStride = 64, .inOffset = 8,
        .headStride = 32)
  SMALL(rope_table, RopeTableShape, .pairs = 8, .attention = 1.0f)
  SMALL(swiglu, SwiGLUShape, .n = 64, .rowsPerToken = 2)
#undef SMALL
  return nullptr;
}

/// Runs the row on what a GPU would take.
void runOnEmulation(const KernelRow &row, const void *shape, const Run &run,
                    std::vector<Operand> &operands) {
  const test::NativeKernel &kernel = test::nativeKernel(row.name);
  Batch batch = run.view();
  // As on a device: at multiples of 256 bytes.
  std::vector<std::unique_ptr<uint8_t[]>> memory;
  auto aligned = [&](const Bytes &bytes) {
    memory.push_back(std::make_unique<uint8_t[]>(bytes.size() + 256));
    auto at = (reinterpret_cast<uintptr_t>(memory.back().get()) + 255) &
              ~uintptr_t(255);
    std::memcpy(reinterpret_cast<void *>(at), bytes.data(), bytes.size());
    return reinterpret_cast<void *>(at);
  };
  std::vector<std::vector<void *>> lists;
  std::vector<void *> pointers;
  for (const Operand &operand : operands) {
    std::vector<void *> list;
    for (const auto &entry : operand.list)
      list.push_back(aligned(*entry));
    lists.push_back(std::move(list));
    pointers.push_back(operand.list.empty() ? aligned(*operand.device)
                                            : lists.back().data());
  }
  pointers.resize(kDeviceOperands);
  Bytes workspace(kernel.workspace(shape) + 256);
  Call call{&batch, pointers.data(), aligned(workspace)};
  kernel.run(shape, &call, 0, kernel.tiles(shape, &batch));
  for (size_t i = 0; i < operands.size(); ++i)
    if (operands[i].isOutput)
      std::memcpy(operands[i].device->data(), pointers[i],
                  operands[i].device->size());
}

std::vector<const KernelRow *> rowsForGPUs() {
  std::vector<const KernelRow *> rows;
  for (const KernelRow &row : kernelRows())
    if (row.level >= Level::CUDA)
      rows.push_back(&row);
  return rows;
}

TEST(GPUDay, EveryRowPassesItsComparison) {
  const day::Run run(3);
  for (const KernelRow *row : rowsForGPUs()) {
    SCOPED_TRACE(row->name);
    const void *shape = smallShape(row->family->name);
    ASSERT_TRUE(shape) << "a family without a small shape";
    ASSERT_TRUE(referenceOf(*row));
    std::vector<Operand> operands = operandsOf(*row, shape, run);
    ASSERT_FALSE(operands.empty()) << "a family without operands";
    if (rowsServed(*row, shape) < run.tokens)
      continue;
    runReference(*referenceOf(*row), shape, run, operands);
    EXPECT_GT(errorOf(operands), toleranceOf(*row, operands))
        << "what nobody has computed passes";
    runOnEmulation(*row, shape, run, operands);
    EXPECT_LE(errorOf(operands), toleranceOf(*row, operands));
  }
}

// One value of one output is enough.
TEST(GPUDay, AWrongValueIsFound) {
  const day::Run run(2);
  for (auto [name, wrong] : {std::pair{"linear_bf16_bf16_cuda", 1.5f},
                             {"linear_bf16_bf16_cuda", NAN},
                             {"expert_plan_u32_cuda", 1.0f},
                             {"quantize_f32_cuda", 1.5f}}) {
    SCOPED_TRACE(name);
    const KernelRow &row = *findRow(name);
    const void *shape = smallShape(row.family->name);
    std::vector<Operand> operands = operandsOf(row, shape, run);
    runReference(*referenceOf(row), shape, run, operands);
    runOnEmulation(row, shape, run, operands);
    ASSERT_LE(errorOf(operands), toleranceOf(row, operands));
    for (Operand &operand : operands) {
      if (!operand.isOutput)
        continue;
      Bytes before = *operand.device;
      const size_t middle = before.size() / 8 * 4;
      float value;
      std::memcpy(&value, before.data() + middle, 4);
      value *= wrong;
      if (wrong == 1.0f)
        operand.device->at(middle) ^= 1;
      else
        std::memcpy(operand.device->data() + middle, &value, 4);
      EXPECT_GT(errorOf(operands), toleranceOf(row, operands));
      *operand.device = before;
    }
  }
}

} // namespace
} // namespace ds::day
