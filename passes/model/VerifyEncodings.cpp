// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The list of what kernels can read. A checkpoint with another mix is refused
// here, with the weight's name, and not deep in code generation.
#include "dialects/DS/DS.h"
#include "passes/model/Passes.h"

using namespace mlir;

namespace ds {
#define GEN_PASS_DEF_VERIFYENCODINGSPASS
#include "passes/model/Passes.h.inc"

namespace {

bool isBlock128(EncodingAttr encoding) {
  return isa<Float8E4M3FNType>(encoding.getElement()) &&
         encoding.getBlockRows() == 128 && encoding.getBlockColumns() == 128;
}

/// The encodings kernels take for a role, or empty when `encoding` is one.
StringRef expectedInstead(WeightRole role, EncodingAttr encoding) {
  bool isBF16 = encoding.getElement().isBF16();
  switch (role) {
  case WeightRole::Table:
  case WeightRole::Gain:
    return isBF16 ? "" : "bf16";
  case WeightRole::Bias:
    return isBF16 || encoding.getElement().isF32() ? "" : "bf16 or f32";
  case WeightRole::Matrix:
    return isBF16 || isBlock128(encoding)
               ? ""
               : "bf16, or f8E4M3FN in blocks of 128 x 128";
  }
  llvm_unreachable("every role is listed");
}

struct VerifyEncodingsPass
    : impl::VerifyEncodingsPassBase<VerifyEncodingsPass> {
  void runOnOperation() override {
    bool isWrong = false;
    getOperation().walk(
        [&](WeightUser user) { isWrong |= failed(verify(user)); });
    if (isWrong)
      signalPassFailure();
  }

  LogicalResult verify(WeightUser user) {
    EncodingAttr matrix;
    for (const WeightUse &use : user.getWeightUses()) {
      auto weight = getOperation().lookupSymbol<WeightOp>(use.weight);
      if (!weight)
        return user->emitOpError() << "weight " << use.weight << " is missing";
      EncodingAttr encoding = weight.getEncoding();
      StringRef expected = expectedInstead(use.role, encoding);
      if (!expected.empty())
        return user->emitOpError() << "cannot read " << use.weight << " as "
                                   << encoding << ", expected " << expected;
      if (use.role != WeightRole::Matrix)
        continue;
      bool isCodes = isa<Float8E4M3FNType>(use.activation);
      if (!use.activation.isF32() && !use.activation.isBF16() && !isCodes)
        return user->emitOpError()
               << "has no recipe for " << use.activation << " activations";
      if (isCodes && !isBlock128(encoding))
        return user->emitOpError() << "has no recipe for codes times "
                                   << use.weight << ", " << encoding;
      if (matrix && matrix != encoding)
        return user->emitOpError() << "reads " << encoding << " beside "
                                   << matrix << " in one call";
      matrix = encoding;
    }
    return success();
  }
};

} // namespace
} // namespace ds
