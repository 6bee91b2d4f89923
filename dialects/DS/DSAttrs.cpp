// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/DS/DS.h"
#include <llvm/ADT/TypeSwitch.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/DialectImplementation.h>

using namespace mlir;

#include "dialects/DS/DSEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/DS/DSAttrs.cpp.inc"

namespace ds {

void DSDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/DS/DSAttrs.cpp.inc"
      >();
}

namespace {
using EmitError = llvm::function_ref<InFlightDiagnostic()>;
using Named = std::pair<StringRef, int64_t>;

LogicalResult verifyPositive(EmitError emitError, ArrayRef<Named> values) {
  for (auto [name, value] : values)
    if (value <= 0)
      return emitError() << name << " is " << value << ", expected at least 1";
  return success();
}
} // namespace

LogicalResult EncodingAttr::verify(EmitError emitError, Type element,
                                   int64_t blockRows, int64_t blockColumns) {
  if (!isa<FloatType>(element))
    return emitError() << "element is " << element << ", expected a float";
  if (blockRows < 0 || blockColumns < 0 ||
      (blockRows == 0) != (blockColumns == 0))
    return emitError() << "block is " << blockRows << " x " << blockColumns
                       << ", expected two sides of at least 1";
  bool isNarrow = cast<FloatType>(element).getWidth() == 8;
  if (isNarrow && blockRows == 0)
    return emitError() << element << " needs a block: its values have a factor";
  if (!isNarrow && blockRows != 0)
    return emitError() << element << " takes no block";
  return success();
}

Attribute EncodingAttr::parse(AsmParser &parser, Type) {
  Type element;
  int64_t rows = 0, columns = 0;
  if (parser.parseLess() || parser.parseType(element))
    return {};
  if (succeeded(parser.parseOptionalComma()))
    if (parser.parseKeyword("block") || parser.parseEqual() ||
        parser.parseInteger(rows) || parser.parseKeyword("x") ||
        parser.parseInteger(columns))
      return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<EncodingAttr>(parser.getContext(), element, rows,
                                         columns);
}

void EncodingAttr::print(AsmPrinter &printer) const {
  printer << "<" << getElement();
  if (isBlockScaled())
    printer << ", block = " << getBlockRows() << " x " << getBlockColumns();
  printer << ">";
}

LogicalResult MLAAttr::verify(EmitError emitError, int64_t heads,
                              int64_t qLoraRank, int64_t kvLoraRank,
                              int64_t qkNopeHeadDim, int64_t qkRopeHeadDim,
                              int64_t vHeadDim) {
  if (qLoraRank < 0)
    return emitError() << "q_lora_rank is " << qLoraRank
                       << ", expected 0 (none) or more";
  if (qkRopeHeadDim % 2 != 0)
    return emitError() << "qk_rope_head_dim is " << qkRopeHeadDim
                       << ", expected an even number: values rotate in pairs";
  return verifyPositive(emitError, {{"heads", heads},
                                    {"kv_lora_rank", kvLoraRank},
                                    {"qk_nope_head_dim", qkNopeHeadDim},
                                    {"qk_rope_head_dim", qkRopeHeadDim},
                                    {"v_head_dim", vHeadDim}});
}

LogicalResult GateAttr::verify(EmitError emitError, int64_t experts,
                               int64_t topk, int64_t nGroup, int64_t topkGroup,
                               GateScoring, bool, FloatAttr) {
  if (failed(verifyPositive(emitError, {{"experts", experts},
                                        {"topk", topk},
                                        {"n_group", nGroup},
                                        {"topk_group", topkGroup}})))
    return failure();
  if (experts % nGroup != 0)
    return emitError() << experts << " experts do not divide into " << nGroup
                       << " groups";
  if (topkGroup > nGroup)
    return emitError() << "topk_group is " << topkGroup << " of " << nGroup
                       << " groups";
  int64_t reachable = experts / nGroup * topkGroup;
  if (topk <= reachable)
    return success();
  return emitError() << "topk is " << topk << ", but " << topkGroup
                     << " groups hold " << reachable << " experts";
}

LogicalResult YarnAttr::verify(EmitError emitError, FloatAttr factor,
                               int64_t originalMaxPositionEmbeddings, FloatAttr,
                               FloatAttr, bool, FloatAttr, FloatAttr,
                               FloatAttr) {
  if (factor.getValueAsDouble() <= 0)
    return emitError() << "factor is " << factor.getValueAsDouble()
                       << ", expected more than 0";
  return verifyPositive(emitError, {{"original_max_position_embeddings",
                                     originalMaxPositionEmbeddings}});
}

LogicalResult RopeAttr::verify(EmitError emitError, int64_t dim,
                               FloatAttr theta, YarnAttr) {
  if (dim <= 0 || dim % 2 != 0)
    return emitError() << "dim is " << dim
                       << ", expected an even number: values rotate in pairs";
  if (theta.getValueAsDouble() > 1)
    return success();
  return emitError() << "theta is " << theta.getValueAsDouble()
                     << ", expected more than 1";
}

LogicalResult ModelAttr::verify(EmitError emitError, StringRef,
                                int64_t hiddenSize, int64_t numHiddenLayers,
                                int64_t vocabSize,
                                int64_t maxPositionEmbeddings,
                                StringAttr scaleFmt) {
  if (scaleFmt && scaleFmt.getValue() != "ue8m0")
    return emitError() << "scale_fmt is " << scaleFmt << ", expected \"ue8m0\"";
  return verifyPositive(emitError,
                        {{"hidden_size", hiddenSize},
                         {"num_hidden_layers", numHiddenLayers},
                         {"vocab_size", vocabSize},
                         {"max_position_embeddings", maxPositionEmbeddings}});
}

} // namespace ds
