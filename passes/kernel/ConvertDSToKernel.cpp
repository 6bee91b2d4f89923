// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns the model into calls of kernel families. Each op becomes one call (the
// router two); symbols, states and functions keep their names.
#include "passes/kernel/CallBuilder.h"
#include "passes/kernel/Passes.h"
#include <mlir/Dialect/Func/IR/FuncOps.h>

using namespace mlir;

namespace ds::kernel {
#define GEN_PASS_DEF_CONVERTDSTOKERNELPASS
#include "passes/kernel/Passes.h.inc"

namespace {

FailureOr<Encoding> encodingOf(ds::WeightOp weight) {
  ds::EncodingAttr encoding = weight.getEncoding();
  Type element = encoding.getElement();
  if (element.isF32() && !encoding.isBlockScaled())
    return Encoding::F32;
  if (element.isBF16() && !encoding.isBlockScaled())
    return Encoding::BF16;
  if (isa<Float8E4M3FNType>(element) && encoding.getBlockRows() == 128 &&
      encoding.getBlockColumns() == 128)
    return Encoding::F8E4M3Block128;
  return weight.emitOpError("has no kernel that reads ") << encoding;
}

struct ConvertDSToKernel : impl::ConvertDSToKernelPassBase<ConvertDSToKernel> {
  using ConvertDSToKernelPassBase::ConvertDSToKernelPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    CallBuilder calls(module, symbols, context);
    SmallVector<Operation *> old;
    convertModel(module);
    for (auto function : module.getOps<func::FuncOp>())
      if (failed(convert(function, calls, old)))
        return signalPassFailure();
    if (failed(convertSymbols(module, old)))
      return signalPassFailure();
    for (Operation *op : llvm::reverse(old))
      op->erase();
    for (auto function : module.getOps<func::FuncOp>())
      dropBatch(function);
    if (failed(verifyNothingLeft(module)))
      signalPassFailure();
  }

  void convertModel(ModuleOp module) {
    auto model = module->getAttrOfType<ModelAttr>(DSDialect::kModelAttr);
    if (!model)
      return;
    Builder builder(module.getContext());
    auto number = [&](StringRef name, int64_t value) {
      return builder.getNamedAttr(
          name, builder.getI32IntegerAttr(static_cast<int32_t>(value)));
    };
    module->setAttr(
        kModelAttr,
        builder.getDictionaryAttr(
            {builder.getNamedAttr("family",
                                  builder.getStringAttr(model.getFamily())),
             number("hidden_size", model.getHiddenSize()),
             number("num_hidden_layers", model.getNumHiddenLayers()),
             number("vocab_size", model.getVocabSize()),
             number("max_position_embeddings",
                    model.getMaxPositionEmbeddings())}));
    module->removeAttr(DSDialect::kModelAttr);
  }

  LogicalResult convert(func::FuncOp function, CallBuilder &calls,
                        SmallVectorImpl<Operation *> &old) {
    auto phase = function->getAttrOfType<StringAttr>(DSDialect::kPhaseAttr);
    auto kind = function->getAttrOfType<StringAttr>(DSDialect::kLayerKindAttr);
    if (kind)
      function->setAttr(kLayerKindAttr, kind);
    else
      function->setAttr(kEntryAttr,
                        phase ? phase : function.getSymNameAttr());
    function->removeAttr(DSDialect::kPhaseAttr);
    function->removeAttr(DSDialect::kLayerKindAttr);
    calls.enter(phase && phase == "decode" ? decodeTokens : chunk);
    if (failed(convertStates(function)))
      return failure();
    for (Operation &op : function.front().without_terminator()) {
      if (!isa_and_nonnull<DSDialect>(op.getDialect()))
        continue;
      old.push_back(&op);
      if (auto layers = dyn_cast<ds::LayersOp>(op))
        convertLayers(layers);
      else if (failed(calls.convert(&op)))
        return failure();
    }
    return success();
  }

  /// The state arguments of a function are the module's states, in order.
  LogicalResult convertStates(func::FuncOp function) {
    auto states = getOperation().getOps<ds::StateOp>();
    auto next = states.begin();
    for (BlockArgument argument : function.getArguments()) {
      if (!isa<ds::StateType>(argument.getType()))
        continue;
      if (next == states.end())
        return function.emitOpError("takes more states than the module has");
      ds::StateOp state = *next++;
      argument.setType(
          kernel::StateType::get(&getContext(), state.getElement()));
      function.setArgAttr(argument.getArgNumber(), kStateAttr,
                          FlatSymbolRefAttr::get(state.getSymNameAttr()));
    }
    return success();
  }

  void convertLayers(ds::LayersOp layers) {
    OpBuilder builder(layers);
    SmallVector<Value> inputs = llvm::to_vector(layers->getOperands());
    llvm::erase_if(inputs, [](Value value) {
      return isa<BatchType>(value.getType());
    });
    SmallVector<Type> results{layers.getNewResidual().getType(),
                              layers.getNewDelta().getType()};
    for (Value state : layers.getStates())
      results.push_back(state.getType());
    SmallVector<int32_t> numbers(layers.getLayers());
    auto call = kernel::LayersOp::create(
        builder, layers.getLoc(), results, layers.getCalleeAttr(),
        builder.getDenseI32ArrayAttr(numbers), inputs);
    layers->replaceAllUsesWith(call);
  }

  LogicalResult convertSymbols(ModuleOp module,
                               SmallVectorImpl<Operation *> &old) {
    OpBuilder builder(&getContext());
    llvm::StringMap<bool> isList;
    module.walk([&](GroupedLinearOp linear) {
      for (auto name : linear.getWeights().getAsRange<FlatSymbolRefAttr>())
        isList[name.getValue()] = true;
    });
    SmallVector<Operation *> symbols;
    for (auto weight : module.getOps<ds::WeightOp>()) {
      FailureOr<Encoding> encoding = encodingOf(weight);
      if (failed(encoding))
        return failure();
      builder.setInsertionPoint(weight);
      kernel::WeightOp::create(
          builder, weight.getLoc(), weight.getSymNameAttr(),
          weight.getShapeAttr(), EncodingAttr::get(&getContext(), *encoding),
          isList.contains(weight.getSymName())
              ? builder.getI32IntegerAttr(weight.getCount())
              : IntegerAttr(),
          ElementsAttr());
      symbols.push_back(weight);
    }
    for (auto state : module.getOps<ds::StateOp>()) {
      builder.setInsertionPoint(state);
      kernel::StateOp::create(builder, state.getLoc(), state.getSymName(),
                              state.getWidth(), state.getElement(),
                              state.getPage());
      symbols.push_back(state);
    }
    old.insert(old.begin(), symbols.begin(), symbols.end());
    return success();
  }

  void dropBatch(func::FuncOp function) {
    llvm::BitVector batches(function.getNumArguments());
    for (BlockArgument argument : function.getArguments())
      batches[argument.getArgNumber()] = isa<BatchType>(argument.getType());
    (void)function.eraseArguments(batches);
    SmallVector<Type> results(
        function.front().getTerminator()->getOperandTypes());
    function.setFunctionType(FunctionType::get(
        &getContext(), function.front().getArgumentTypes(), results));
  }

  LogicalResult verifyNothingLeft(ModuleOp module) {
    bool clean = true;
    auto isOfModel = [](Dialect &dialect) { return isa<DSDialect>(dialect); };
    module.walk([&](Operation *op) {
      bool found = isa_and_nonnull<DSDialect>(op->getDialect());
      for (Type type : op->getResultTypes())
        found |= isOfModel(type.getDialect());
      for (NamedAttribute attribute : op->getAttrs())
        found |= isOfModel(attribute.getValue().getDialect());
      if (auto function = dyn_cast<func::FuncOp>(op))
        for (Type type : function.getArgumentTypes())
          found |= isOfModel(type.getDialect());
      if (found) {
        op->emitOpError("still belongs to the model");
        clean = false;
      }
    });
    return success(clean);
  }
};

} // namespace
} // namespace ds::kernel
