// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/DS/DS.h"
#include "dialects/DS/Widths.h"

using namespace mlir;

namespace ds {
namespace {

LogicalResult expectAngles(Operation *op, Value angles, MLAAttr mla) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(angles.getType()).getShape();
  if (shape[1] * 2 == mla.getQkRopeHeadDim() && shape[2] == 2)
    return success();
  return op->emitOpError() << "angles are " << angles.getType()
                           << ", expected a pair for each 2 of "
                           << mla.getQkRopeHeadDim() << " rope values";
}

/// [T, heads, width]
LogicalResult expectHeads(Operation *op, StringRef what, Value value,
                          MLAAttr mla, int64_t width) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  if (shape.size() == 3 && shape[1] == mla.getHeads() && shape[2] == width)
    return success();
  return op->emitOpError() << what << " is " << value.getType() << ", expected "
                           << mla.getHeads() << " heads of " << width
                           << " values";
}

LogicalResult expectRank2(Operation *op, Value value) {
  if (cast<RankedTensorType>(value.getType()).getRank() == 2)
    return success();
  return op->emitOpError() << "found " << value.getType()
                           << ", expected rows without heads";
}

/// kv_b_proj; `activation` is what its rows meet.
SmallVector<WeightUse> kvUse(FlatSymbolRefAttr weight, MLAAttr mla,
                             Type activation) {
  return {{weight,
           WeightRole::Matrix,
           {mla.getHeads() * mla.getKvHeadRows(), mla.getKvLoraRank()},
           1,
           0,
           activation}};
}

} // namespace

LogicalResult RopeTableOp::verify() {
  ArrayRef<int64_t> shape = getAngles().getType().getShape();
  if (shape[2] != 2)
    return emitOpError() << "gives " << shape[2]
                         << " values per pair, expected cosine and sine";
  if (RopeAttr rope = getRopeAttr()) {
    if (getInvFreqAttr() || getAttentionAttr())
      return emitOpError() << "has rope and a table, expected one of them";
    return expectWidth(*this, "angles of the table's pairs", 2 * shape[1],
                       rope.getDim());
  }
  if (!getInvFreqAttr() || !getAttentionAttr())
    return emitOpError() << "has neither rope nor inv_freq and attention";
  return expectWidth(*this, "frequencies", getInvFreqAttr().size(), shape[1]);
}

SmallVector<WeightUse> StateAppendOp::getWeightUses() {
  return {{getWeightAttr(), WeightRole::Gain, {getMla().getKvLoraRank()}}};
}
LogicalResult StateAppendOp::verify() {
  if (failed(expectAngles(*this, getAngles(), getMla())))
    return failure();
  return expectWidth(*this, "rows", widthOf(getRows()),
                     getMla().getLatentWidth());
}

SmallVector<WeightUse> MLAAttentionOp::getWeightUses() {
  return kvUse(getWeightAttr(), getMla(), elementOf(getOutput()));
}
LogicalResult MLAAttentionOp::verify() {
  if (static_cast<bool>(getRopeAttr()) == static_cast<bool>(getScaleAttr()))
    return emitOpError() << "expected either rope or scale";
  if (failed(expectAngles(*this, getAngles(), getMla())) ||
      failed(expectWidth(*this, "query rows", widthOf(getQuery()),
                         getMla().getQueryWidth())))
    return failure();
  return expectWidth(*this, "result rows", widthOf(getOutput()),
                     getMla().getValueWidth());
}

LogicalResult RopeOp::verify() {
  if (failed(expectAngles(*this, getAngles(), getMla())) ||
      failed(expectWidth(*this, "input rows", widthOf(getInput()),
                         getMla().getQueryWidth())))
    return failure();
  return expectHeads(*this, "result", getOutput(), getMla(),
                     getMla().getQkRopeHeadDim());
}

SmallVector<WeightUse> ExpandedAttentionOp::getWeightUses() {
  return kvUse(getWeightAttr(), getMla(), elementOf(getOutput()));
}
LogicalResult ExpandedAttentionOp::verify() {
  if (failed(expectWidth(*this, "query rows", widthOf(getQuery()),
                         getMla().getQueryWidth())) ||
      failed(expectHeads(*this, "rope query", getRopeQuery(), getMla(),
                         getMla().getQkRopeHeadDim())))
    return failure();
  return expectWidth(*this, "result rows", widthOf(getOutput()),
                     getMla().getValueWidth());
}

SmallVector<WeightUse> PerHeadLinearOp::getWeightUses() {
  return kvUse(getWeightAttr(), getMla(), elementOf(getOutput()));
}
LogicalResult PerHeadLinearOp::verify() {
  if (getPart() == ProjectionPart::Key) {
    if (failed(expectRank2(*this, getInput())) ||
        failed(expectWidth(*this, "query rows", widthOf(getInput()),
                           getMla().getQueryWidth())))
      return failure();
    if (!elementOf(getInput()).isF32())
      return emitOpError() << "query is " << elementOf(getInput())
                           << ", expected f32";
    return expectHeads(*this, "result", getOutput(), getMla(),
                       getMla().getKvLoraRank());
  }
  if (failed(expectHeads(*this, "input", getInput(), getMla(),
                         getMla().getKvLoraRank())) ||
      failed(expectRank2(*this, getOutput())))
    return failure();
  return expectWidth(*this, "result rows", widthOf(getOutput()),
                     getMla().getValueWidth());
}

LogicalResult LatentAttentionOp::verify() {
  int64_t latent = getMla().getKvLoraRank();
  if (failed(expectHeads(*this, "query", getQuery(), getMla(), latent)) ||
      failed(expectHeads(*this, "rope query", getRopeQuery(), getMla(),
                         getMla().getQkRopeHeadDim())))
    return failure();
  return expectHeads(*this, "result", getOutput(), getMla(), latent);
}

} // namespace ds
