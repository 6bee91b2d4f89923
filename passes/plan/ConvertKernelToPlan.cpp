// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns functions into bodies. A value becomes a buffer when the call that
// makes it is visited; where a value leaves its body, its buffer lies in the
// bytes of the pinned buffer in which the next body looks for it.
#include "passes/plan/Passes.h"
#include "passes/plan/PlanTables.h"
#include <mlir/Dialect/Func/IR/FuncOps.h>

using namespace mlir;

namespace ds::plan {
#define GEN_PASS_DEF_CONVERTKERNELTOPLANPASS
#include "passes/plan/Passes.h.inc"

namespace {

/// A run of neighbouring calls that becomes one body.
struct Segment {
  std::string name;
  std::string kind; // of layers, or "globals"
  SmallVector<kernel::CallOp> calls;
  uint32_t rows; // what `?` is
};

class Converter {
public:
  Converter(ModuleOp module, RunSizes sizes)
      : module_(module), tables_(module, sizes), builder_(module.getContext()) {
  }
  LogicalResult run();

private:
  LogicalResult convertEntry(func::FuncOp entry);
  LogicalResult addLayers(kernel::LayersOp layers);
  LogicalResult convertLayers(kernel::LayersOp layers, func::FuncOp entry,
                              EntryOp plan, uint32_t rows);
  LogicalResult convertSegment(Segment &segment);
  LogicalResult addStep(const Segment &segment, uint32_t index);
  FailureOr<ArgAttr> tapOf(const Segment &segment, kernel::CallOp call);
  LogicalResult bindResults(Operation *from, OperandRange values, bool isHead,
                            uint32_t rows);
  LogicalResult bindArguments(Operation *at, ValueRange values);
  LogicalResult bindPlace(Operation *user, Value value, unsigned position);
  LogicalResult bindStates(func::FuncOp function);

  ModuleOp module_;
  PlanTables tables_;
  OpBuilder builder_;
  llvm::DenseMap<Value, FlatSymbolRefAttr> bufferOf_; // made so far
  llvm::DenseMap<Value, FlatSymbolRefAttr> placeOf_;  // pinned, before made
  llvm::DenseMap<Value, FlatSymbolRefAttr> hostOf_;   // logits
  llvm::DenseMap<Value, FlatSymbolRefAttr> stateOf_;
  llvm::StringMap<Operation *> entryOfBody_;
  SmallVector<BodyOp> bodies_;
  SmallVector<EntryOp> entries_;
  BodyOp body_; // the one being made
};

unsigned numTensors(ValueRange values) {
  return llvm::count_if(values.getTypes(), llvm::IsaPred<RankedTensorType>);
}

LogicalResult Converter::bindStates(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    if (!isa<kernel::StateType>(argument.getType()))
      continue;
    auto state = function.getArgAttrOfType<FlatSymbolRefAttr>(
        argument.getArgNumber(), kernel::kStateAttr);
    if (!state)
      return function.emitOpError("argument ")
             << argument.getArgNumber() << " lacks " << kernel::kStateAttr;
    stateOf_[argument] = state;
  }
  return success();
}

/// Values that a body finds in pinned buffers: arguments of layer bodies, and
/// what layers return.
LogicalResult Converter::bindArguments(Operation *at, ValueRange values) {
  unsigned position = 0;
  for (Value value : values) {
    if (!isa<RankedTensorType>(value.getType()))
      continue;
    auto buffer = tables_.pinned(at, position++, value.getType());
    if (failed(buffer))
      return failure();
    bufferOf_[value] = *buffer;
  }
  return success();
}

LogicalResult Converter::bindPlace(Operation *user, Value value,
                                   unsigned position) {
  auto place = tables_.pinned(user, position, value.getType());
  if (failed(place))
    return failure();
  // Already there: an argument handed on, or what the layers left.
  if (FlatSymbolRefAttr there = bufferOf_.lookup(value);
      there ? there == *place
            : placeOf_.try_emplace(value, *place).first->second == *place)
    return success();
  return user->emitOpError("hands on value ")
         << position << " in the place of another one";
}

LogicalResult Converter::bindResults(Operation *from, OperandRange values,
                                     bool isHead, uint32_t rows) {
  unsigned position = 0;
  for (Value value : values) {
    if (!isa<RankedTensorType>(value.getType()))
      continue;
    if (!isHead) {
      if (failed(bindPlace(from, value, position++)))
        return failure();
      continue;
    }
    if (position++ > 0)
      return from->emitOpError("of a head returns more than logits");
    hostOf_[value] = tables_.host("logits", from->getLoc(),
                                  bytesOf(value.getType(), rows), 0);
  }
  return success();
}

FailureOr<ArgAttr> Converter::tapOf(const Segment &segment,
                                    kernel::CallOp call) {
  Type type = call.getOutputs().front().getType();
  uint64_t stride = bytesOf(type, tables_.sizes().chunk);
  auto model = module_->getAttrOfType<DictionaryAttr>(kernel::kModelAttr);
  auto layers = model ? model.getAs<IntegerAttr>("num_hidden_layers") : nullptr;
  if (call.getTap() == "hidden" && layers)
    return ArgAttr::get(ArgKind::BufferOfLayer,
                        tables_.host("hidden_tap", call.getLoc(),
                                     stride * (layers.getInt() + 1), stride),
                        Access::Write);
  uint64_t ofKind = tables_.row(segment.kind).layers.size();
  if (call.getTap() == "experts" && ofKind)
    return ArgAttr::get(ArgKind::BufferOfOrdinal,
                        tables_.host("experts_tap", call.getLoc(),
                                     stride * ofKind, stride),
                        Access::Write);
  return call.emitOpError("has a tap without a place: ") << *call.getTap();
}

LogicalResult Converter::addStep(const Segment &segment, uint32_t index) {
  kernel::CallOp call = segment.calls[index];
  SmallVector<Attribute> args;
  SmallVector<Value> changed; // states that come back, in order
  llvm::copy_if(call.getOutputs(), std::back_inserter(changed), [](Value value) {
    return isa<kernel::StateType>(value.getType());
  });
  unsigned state = 0;
  for (Value input : call.getInputs()) {
    if (isa<kernel::StateType>(input.getType())) {
      FlatSymbolRefAttr symbol = stateOf_.lookup(input);
      if (!symbol)
        return call.emitOpError("uses a state of unknown origin");
      bool writes = state < changed.size();
      args.push_back(ArgAttr::get(ArgKind::State, symbol,
                                  writes ? Access::Write : Access::Read));
      if (writes)
        stateOf_[changed[state++]] = symbol;
      continue;
    }
    FlatSymbolRefAttr buffer = bufferOf_.lookup(input);
    if (!buffer)
      return call.emitOpError("uses a value that no body before it left");
    args.push_back(ArgAttr::get(ArgKind::Buffer, buffer, Access::Read));
  }
  unsigned result = 0;
  for (Value output : call.getOutputs()) {
    if (!isa<RankedTensorType>(output.getType()))
      continue;
    if (call.getTap()) {
      FailureOr<ArgAttr> tap = tapOf(segment, call);
      if (failed(tap))
        return failure();
      args.push_back(*tap);
      continue;
    }
    FlatSymbolRefAttr buffer = hostOf_.lookup(output);
    if (!buffer) {
      std::string name = (Twine(segment.name) + "." + Twine(index) + "." +
                          call.getFamily() +
                          (result ? "." + Twine(result) : Twine()))
                             .str();
      buffer = tables_.scratch(name, call.getLoc(),
                               bytesOf(output.getType(), segment.rows),
                               placeOf_.lookup(output));
      ++result;
    }
    bufferOf_[output] = buffer;
    args.push_back(ArgAttr::get(ArgKind::Buffer, buffer, Access::Write));
  }
  if (failed(tables_.addSlots(call, tables_.row(segment.kind), args)))
    return failure();
  FailureOr<FlatSymbolRefAttr> kernel = tables_.kernelOf(call);
  if (failed(kernel))
    return failure();
  StepOp::create(builder_, call.getLoc(), *kernel, builder_.getArrayAttr(args),
                 builder_.getUnitAttr());
  return success();
}

LogicalResult Converter::convertSegment(Segment &segment) {
  builder_.setInsertionPointToEnd(module_.getBody());
  body_ = BodyOp::create(builder_, segment.calls.front().getLoc(), segment.name,
                         segment.kind, /*slots=*/0);
  bodies_.push_back(body_);
  builder_.setInsertionPointToStart(&body_.getSteps().emplaceBlock());
  for (uint32_t index = 0; index < segment.calls.size(); ++index)
    if (failed(addStep(segment, index)))
      return failure();
  return success();
}

/// Adds the layers to the row of their kind.
LogicalResult Converter::addLayers(kernel::LayersOp layers) {
  auto function = module_.lookupSymbol<func::FuncOp>(layers.getBody());
  auto kind = function ? function->getAttrOfType<StringAttr>(
                             kernel::kLayerKindAttr)
                       : nullptr;
  if (!kind)
    return layers.emitOpError("names no layer body: ") << layers.getBody();
  RowTable &row = tables_.row(kind);
  for (int32_t layer : layers.getLayers())
    if (!llvm::is_contained(row.layers, layer))
      row.layers.push_back(layer);
  return success();
}

/// The body of these layers, made at its first use, and a call per layer.
LogicalResult Converter::convertLayers(kernel::LayersOp layers,
                                       func::FuncOp entry, EntryOp plan,
                                       uint32_t rows) {
  auto function = module_.lookupSymbol<func::FuncOp>(layers.getBody());
  StringRef kind =
      function->getAttrOfType<StringAttr>(kernel::kLayerKindAttr).getValue();
  auto [owner, fresh] = entryOfBody_.try_emplace(layers.getBody(), entry);
  if (owner->second != entry)
    return layers.emitOpError("runs a body of another entry");
  if (fresh) {
    Operation *end = function.front().getTerminator();
    if (failed(bindStates(function)) ||
        failed(bindArguments(function, function.getArguments())) ||
        failed(bindResults(end, end->getOperands(), false, rows)))
      return failure();
    Segment segment{layers.getBody().str(), kind.str(), {}, rows};
    for (Operation &op : function.front().without_terminator()) {
      auto call = dyn_cast<kernel::CallOp>(op);
      if (!call)
        return op.emitOpError("is no call of a kernel");
      segment.calls.push_back(call);
    }
    if (segment.calls.empty())
      return function.emitOpError("is a layer without calls");
    if (failed(convertSegment(segment)))
      return failure();
  }
  builder_.setInsertionPointToEnd(&plan.getCalls().front());
  int32_t ordinal = llvm::count_if(plan.getCalls().getOps<CallOp>(), [&](CallOp c) {
    return c.getBody() == layers.getBody();
  });
  for (int32_t layer : layers.getLayers())
    CallOp::create(builder_, layers.getLoc(), layers.getBody(), layer, ordinal++);
  return success();
}

LogicalResult Converter::convertEntry(func::FuncOp entry) {
  StringRef kindName =
      entry->getAttrOfType<StringAttr>(kernel::kEntryAttr).getValue();
  std::optional<EntryKind> kind = symbolizeEntryKind(kindName);
  if (!kind)
    return entry.emitOpError("is no entry that a session knows: ") << kindName;
  const RunSizes &sizes = tables_.sizes();
  bool isHead = *kind == EntryKind::Head;
  uint32_t rows = isHead                        ? sizes.headRows
                  : *kind == EntryKind::Prefill ? sizes.chunk
                                                : sizes.decodeTokens;
  builder_.setInsertionPointToEnd(module_.getBody());
  auto plan = EntryOp::create(builder_, entry.getLoc(), *kind, rows);
  plan.getCalls().emplaceBlock();
  entries_.push_back(plan);

  if (failed(bindStates(entry)) ||
      failed(bindArguments(entry, entry.getArguments())))
    return failure();
  // What layers take and return travels in pinned buffers.
  for (Operation &op : entry.front()) {
    if (auto layers = dyn_cast<kernel::LayersOp>(op)) {
      if (numTensors(layers.getOutputs()) > numTensors(layers.getInputs()))
        return layers.emitOpError("returns more tensors than it takes");
      if (failed(addLayers(layers)) ||
          failed(bindResults(layers, layers.getInputs(), false, rows)) ||
          failed(bindArguments(layers, layers.getOutputs())))
        return failure();
    } else if (isa<func::ReturnOp>(op)) {
      if (failed(bindResults(&op, op.getOperands(), isHead, rows)))
        return failure();
    }
  }

  Segment segment{"", "globals", {}, rows};
  auto flush = [&](StringRef suffix, int32_t layer) -> LogicalResult {
    if (segment.calls.empty())
      return success();
    segment.name = (entry.getSymName() + suffix).str();
    if (failed(convertSegment(segment)))
      return failure();
    segment.calls.clear();
    builder_.setInsertionPointToEnd(&plan.getCalls().front());
    CallOp::create(builder_, entry.getLoc(), segment.name, layer, 0);
    return success();
  };
  int32_t nextLayer = 0;
  for (Operation &op : entry.front().without_terminator()) {
    if (auto call = dyn_cast<kernel::CallOp>(op)) {
      segment.calls.push_back(call);
      continue;
    }
    auto layers = dyn_cast<kernel::LayersOp>(op);
    if (!layers)
      return op.emitOpError("is neither a call of a kernel nor of layers");
    if (nextLayer > 0 && !segment.calls.empty())
      return op.emitOpError("has calls of kernels between it and layers before");
    if (failed(flush("_begin", 0)) ||
        failed(convertLayers(layers, entry, plan, rows)))
      return failure();
    nextLayer = layers.getLayers().back() + 1;
  }
  return flush(isHead ? "" : nextLayer ? "_end" : "_begin", nextLayer);
}

LogicalResult Converter::run() {
  SmallVector<Operation *> old;
  for (Operation &op : *module_.getBody())
    old.push_back(&op);
  tables_.row("globals");
  for (auto function : module_.getOps<func::FuncOp>())
    if (function->hasAttr(kernel::kEntryAttr) && failed(convertEntry(function)))
      return failure();
  if (failed(tables_.finish()))
    return failure();
  for (BodyOp body : bodies_) {
    body.setSlots(tables_.row(body.getRow()).slots);
    body->remove();
    module_.push_back(body);
  }
  for (EntryOp entry : entries_) {
    entry->remove();
    module_.push_back(entry);
  }
  for (Operation *op : llvm::reverse(old))
    op->erase();
  module_->removeAttr(kernel::kModelAttr);
  module_->removeAttr(kernel::kLevelsAttr);
  return success();
}

struct ConvertKernelToPlan
    : impl::ConvertKernelToPlanPassBase<ConvertKernelToPlan> {
  using ConvertKernelToPlanPassBase::ConvertKernelToPlanPassBase;

  void runOnOperation() override {
    if (!chunk || !decodeTokens || !headRows) {
      getOperation().emitError("chunk, decode-tokens and head-rows are at "
                               "least 1");
      return signalPassFailure();
    }
    Converter converter(getOperation(), {chunk, decodeTokens, headRows});
    if (failed(converter.run()))
      signalPassFailure();
  }
};

} // namespace
} // namespace ds::plan
