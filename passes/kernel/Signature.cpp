// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The operand lists of kernels/FAMILY/FAMILY.h, as data.
#include "passes/kernel/Signature.h"
#include "kernels/Contracts.h"
#include "kernels/base/Quantize.h"
#include <cstring>
#include <llvm/ADT/StringRef.h>

namespace ds::kernel {
namespace {

using enum Operand::Element;

/// Weights that are no matrix are stored in one way, whatever the row.
Signature storedAs(Encoding encoding, Signature signature) {
  signature.encoding = encoding;
  return signature;
}

uint64_t product(uint64_t a, uint64_t b, uint64_t c = 1) { return a * b * c; }

Signature of(const kernels::EmbeddingShape &s) {
  return storedAs(
      Encoding::BF16,
      {{}, {{F32, s.hidden}, {F32, s.hidden}}, {{s.vocab, s.hidden}}});
}
Signature of(const kernels::RopeTableShape &s) {
  return storedAs(Encoding::F32,
                  {{}, {{F32, product(s.pairs, 2)}}, {{s.pairs}}});
}
Signature of(const kernels::AddRowsShape &s) {
  return {{{F32, s.n}, {F32, s.n}}, {{F32, s.n}}, {}};
}
Signature of(const kernels::ArgmaxShape &s) {
  return {{{F32, s.n}}, {{I32, 1}}, {}};
}
Signature of(const kernels::CopyRowsShape &s) {
  return {{{AnyWord, s.n}}, {{AnyWord, s.n}}, {}};
}
Signature of(const kernels::QuantizeShape &s) {
  return {{{A, product(s.rowsPerToken, s.n)}},
          {{Codes, product(s.rowsPerToken, s.n)},
           {F32, product(s.rowsPerToken, kernels::scaleGroups(s.n))}},
          {}};
}
Signature of(const kernels::CastShape &s) {
  return {{{F32, product(s.rowsPerToken, s.n)}},
          {{BF16, product(s.rowsPerToken, s.n)}},
          {}};
}
Signature of(const kernels::AddRMSNormShape &s) {
  return storedAs(Encoding::BF16,
                  {{{F32, s.n}, {F32, s.n}}, {{F32, s.n}, {A, s.n}}, {{s.n}}});
}
Signature of(const kernels::AddRMSNormQuantizeShape &s) {
  Signature signature{{{F32, s.n}, {F32, s.n}}, {{F32, s.n}}, {{s.n}}};
  if (s.keep)
    signature.outputs.push_back({A, s.n});
  signature.outputs.push_back({Codes, s.n});
  signature.outputs.push_back({F32, kernels::scaleGroups(s.n)});
  return storedAs(Encoding::BF16, signature);
}
Signature of(const kernels::HeadNormShape &s) {
  return storedAs(Encoding::BF16,
                  {{{F32, s.n}, {F32, s.n}}, {{A, s.n}}, {{s.n}}});
}
Signature of(const kernels::RMSNormShape &s) {
  return storedAs(Encoding::BF16, {{{F32, s.inStride}}, {{A, s.n}}, {{s.n}}});
}
Signature of(const kernels::RopeShape &s) {
  return {
      {{F32, s.inStride}, {F32, s.dim}}, {{A, product(s.heads, s.dim)}}, {}};
}
Signature of(const kernels::LatentAppendShape &s) {
  return storedAs(
      Encoding::BF16,
      {{{F32, s.inStride}, {F32, s.rope}, {State, s.latent + s.rope}},
       {},
       {{s.latent}},
       0,
       true});
}
Signature of(const kernels::QueryNormAppendShape &s) {
  Signature signature{
      {{F32, s.inStride}, {F32, s.rope}, {State, s.latent + s.rope}},
      {},
      {{s.n}, {s.latent}},
      0,
      true};
  if (s.codes)
    signature.outputs = {{Codes, s.n}, {F32, kernels::scaleGroups(s.n)}};
  else
    signature.outputs = {{A, s.n}};
  return storedAs(Encoding::BF16, signature);
}
Signature of(const kernels::LinearShape &s) {
  Signature signature{{{A, s.in, false, s.in}}, {}, {}};
  const uint32_t outs[] = {s.out0, s.out1, s.out2, s.out3};
  uint64_t out = 0;
  for (uint32_t part = 0; part < s.parts && part < std::size(outs); ++part) {
    signature.weights.push_back({outs[part], s.in});
    out += outs[part];
  }
  signature.outputs.push_back({F32, out});
  return signature;
}
Signature of(const kernels::GroupedLinearShape &s) {
  Signature signature{
      {{A, s.gather ? s.in : product(s.topk, s.in), false, s.in},
       {I32, s.experts + uint64_t(1), true},
       {I32, s.topk}},
      {{F32, product(s.topk, s.parts, s.out)}},
      {},
      s.experts};
  for (uint32_t part = 0; part < s.parts; ++part)
    signature.weights.push_back({s.out, s.in});
  return signature;
}
Signature of(const kernels::GatedLinearShape &s) {
  return {{{A, s.in, false, s.in}},
          {{A, s.out, false, s.out}},
          {{s.out, s.in}, {s.out, s.in}}};
}
Signature of(const kernels::GroupedGatedLinearShape &s) {
  return {{{A, s.in, false, s.in},
           {I32, s.experts + uint64_t(1), true},
           {I32, s.topk}},
          {{A, product(s.topk, s.out), false, s.out}},
          {{s.out, s.in}, {s.out, s.in}},
          s.experts};
}
Signature of(const kernels::AbsorbQueryShape &s) {
  return {{{F32, product(s.heads, s.headStride)}},
          {{A, product(s.heads, s.latent)}},
          {{int64_t(product(s.heads, s.weightRows)), s.latent}}};
}
Signature of(const kernels::RopeAbsorbQueryShape &s) {
  Signature signature = of(kernels::absorbQueryOf(s));
  signature.inputs.push_back({F32, s.rope});
  signature.outputs.push_back({A, product(s.heads, s.rope)});
  return signature;
}
Signature of(const kernels::AbsorbValueShape &s) {
  return {{{A, product(s.heads, s.latent)}},
          {{A, product(s.heads, s.value)}},
          {{int64_t(product(s.heads, s.weightRows)), s.latent}}};
}
Signature of(const kernels::AbsorbValueQuantizeShape &s) {
  Signature signature = of(kernels::absorbValueOf(s));
  uint64_t columns = kernels::absorbValueColumns(s);
  signature.outputs = {{Codes, columns}, {F32, kernels::scaleGroups(columns)}};
  return signature;
}
Signature of(const kernels::MLADecodeShape &s) {
  return {{{A, product(s.heads, s.latent)},
           {A, product(s.heads, s.rope)},
           {State, s.latent + s.rope}},
          {{A, product(s.heads, s.latent)}},
          {}};
}
Signature of(const kernels::AttentionPrefillShape &s) {
  return {{{F32, product(s.heads, s.headStride)},
           {A, product(s.heads, s.rope)},
           {State, s.latent + s.rope}},
          {{A, product(s.heads, s.value)}},
          {{int64_t(product(s.heads, s.nope + s.value)), s.latent}}};
}
Signature of(const kernels::GateTopkShape &s) {
  Signature signature{{{F32, s.experts}}, {{I32, s.topk}, {F32, s.topk}}, {}};
  if (s.bias)
    signature.weights.push_back({s.experts});
  return storedAs(s.bias == 1 ? Encoding::F32 : Encoding::BF16, signature);
}
Signature of(const kernels::ExpertPlanShape &s) {
  uint64_t slots = uint64_t(s.topk) + s.shared;
  return {{{I32, s.topk}},
          {{I32, uint64_t(s.experts) + s.shared + 1, true},
           {I32, slots},
           {I32, slots}},
          {}};
}
Signature of(const kernels::GatePlanShape &s) {
  Signature signature = of(kernels::gateTopkOf(s));
  for (const Operand &output : of(kernels::expertPlanOf(s)).outputs)
    signature.outputs.push_back(output);
  return signature;
}
Signature of(const kernels::SwiGLUShape &s) {
  return {{{F32, product(s.rowsPerToken, 2, s.n)}},
          {{A, product(s.rowsPerToken, s.n)}},
          {}};
}
Signature of(const kernels::CombineShape &s) {
  Signature signature{{{F32, product(combineSlots(s), s.hidden)},
                       {I32, combineSlots(s)},
                       {F32, s.topk}},
                      {{F32, s.hidden}},
                      {}};
  if (s.shared == 1)
    signature.inputs.push_back({F32, s.hidden});
  return signature;
}

template <class Shape>
Signature bound(llvm::ArrayRef<uint32_t> words) {
  Shape shape;
  std::memcpy(&shape, words.data(), sizeof(Shape));
  return of(shape);
}

} // namespace

std::optional<Signature> signatureOf(llvm::StringRef family,
                                     llvm::ArrayRef<uint32_t> shape) {
#define FAMILY(Name, folder, name, fields)                                     \
  if (family == #folder)                                                       \
    return bound<kernels::Name##Shape>(shape);
#include "kernels/Families.def"
  return std::nullopt;
}

static void addScales(llvm::SmallVector<Operand> &operands,
                      mlir::TypeRange types) {
  for (size_t i = 0; i < operands.size() && i < types.size(); ++i) {
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(types[i]);
    const Operand codes = operands[i];
    if (!tensor || !codes.columns ||
        !llvm::isa<mlir::Float8E4M3FNType>(tensor.getElementType()))
      continue;
    uint64_t rows = codes.values / codes.columns;
    operands.insert(operands.begin() + i + 1,
                    {F32, product(rows, kernels::scaleGroups(codes.columns))});
  }
}

void addScales(Signature &signature, CallOp call) {
  addScales(signature.inputs, call.getInputs().getTypes());
  addScales(signature.outputs, call.getOutputs().getTypes());
}

mlir::FailureOr<mlir::Type> activationOf(CallOp call,
                                         const Signature &signature) {
  mlir::Type activation;
  auto see = [&](mlir::TypeRange types,
                 llvm::ArrayRef<Operand> operands) -> mlir::LogicalResult {
    for (auto [type, operand] : llvm::zip(types, operands)) {
      if (operand.element != Operand::A && operand.element != Operand::State)
        continue;
      auto state = llvm::dyn_cast<StateType>(type);
      mlir::Type element =
          state ? state.getElement()
                : llvm::cast<mlir::RankedTensorType>(type).getElementType();
      if (!activation)
        activation = element;
      if (activation != element)
        return call.emitOpError("mixes activations of ")
               << activation << " and " << element;
    }
    return mlir::success();
  };
  if (mlir::failed(see(call.getInputs().getTypes(), signature.inputs)) ||
      mlir::failed(see(call.getOutputs().getTypes(), signature.outputs)))
    return mlir::failure();
  return activation;
}

kernels::Activation activationOf(mlir::Type element) {
  if (!element)
    return kernels::Activation::None;
  if (llvm::isa<mlir::Float8E4M3FNType>(element))
    return kernels::Activation::F8E4M3Group128;
  return element.isBF16() ? kernels::Activation::BF16
                          : kernels::Activation::F32;
}

} // namespace ds::kernel
