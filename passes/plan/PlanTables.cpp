// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/plan/PlanTables.h"
#include "kernels/LaunchTable.h"
#include "passes/kernel/BindShape.h"
#include "passes/plan/Passes.h"

using namespace mlir;

namespace ds::plan {

uint64_t bytesOf(Type type, uint64_t rows) {
  auto tensor = cast<RankedTensorType>(type);
  uint64_t bytes = tensor.getElementTypeBitWidth() / 8;
  for (int64_t size : tensor.getShape())
    bytes *= ShapedType::isDynamic(size) ? rows : static_cast<uint64_t>(size);
  return bytes;
}

/// The most bytes that a launch of any of the rows takes; nothing for CPU rows.
static std::optional<uint64_t> workspaceOfLaunches(ArrayAttr rows,
                                                   const void *shape) {
  std::optional<uint64_t> most;
  for (StringRef name : rows.getAsValueRange<StringAttr>())
    if (const kernels::KernelRow *row = kernels::findRow(name))
      for (const kernels::Launch &launch : kernels::launchesOf(*row))
        most = std::max(most.value_or(0), launch.workspace(shape));
  return most;
}

PlanTables::PlanTables(ModuleOp module, RunSizes sizes)
    : module_(module), sizes_(sizes), builder_(module.getContext()),
      symbols_(module) {
  builder_.setInsertionPointToEnd(module.getBody());
}

FailureOr<FlatSymbolRefAttr> PlanTables::pinned(Operation *user,
                                                unsigned position, Type type) {
  static constexpr StringLiteral kNames[] = {"residual", "delta", "angles"};
  if (position >= std::size(kNames))
    return user->emitOpError("passes tensor ")
           << position << " between bodies, expected residual, delta, angles";
  uint64_t size = bytesOf(type, std::max(sizes_.chunk, sizes_.decodeTokens));
  while (pinned_.size() <= position)
    pinned_.push_back(nullptr);
  BufferOp &buffer = pinned_[position];
  if (!buffer) {
    buffer =
        BufferOp::create(builder_, user->getLoc(), kNames[position],
                         Storage::Scratch, size, IntegerAttr(),
                         /*pinned=*/true, FlatSymbolRefAttr(), IntegerAttr());
  } else if (buffer.getSize() != size) {
    return user->emitOpError("passes ")
           << kNames[position] << " of " << size << " bytes, elsewhere it has "
           << buffer.getSize();
  }
  return FlatSymbolRefAttr::get(buffer.getSymNameAttr());
}

FlatSymbolRefAttr PlanTables::scratch(const Twine &name, Location where,
                                      uint64_t size, FlatSymbolRefAttr place) {
  auto buffer =
      BufferOp::create(builder_, where, builder_.getStringAttr(name).getValue(),
                       Storage::Scratch, size, IntegerAttr(), /*pinned=*/false,
                       place, IntegerAttr());
  scratch_.push_back(buffer);
  return FlatSymbolRefAttr::get(buffer.getSymNameAttr());
}

FlatSymbolRefAttr PlanTables::host(StringRef name, Location where,
                                   uint64_t size, uint64_t layerStride) {
  StringAttr key = builder_.getStringAttr(name);
  BufferOp &buffer = host_[key];
  if (!buffer)
    buffer = BufferOp::create(
        builder_, where, name, Storage::Host, size,
        layerStride ? builder_.getI64IntegerAttr(layerStride) : IntegerAttr(),
        /*pinned=*/false, FlatSymbolRefAttr(), IntegerAttr());
  return FlatSymbolRefAttr::get(key);
}

FailureOr<FlatSymbolRefAttr> PlanTables::kernelOf(kernel::CallOp call) {
  if (!call.getVariantsAttr())
    return call.emitOpError("has no variants; kernel-select-variant sets them");
  KernelOp &kernel = kernels_[{call.getVariantsAttr(), call.getShape()}];
  if (!kernel) {
    FailureOr<kernel::BoundCall> bound = kernel::bindCall(call);
    if (failed(bound))
      return failure();
    uint64_t workspace = bound->family->workspace(bound->words.data());
    if (std::optional<uint64_t> ofLaunches =
            workspaceOfLaunches(call.getVariantsAttr(), bound->words.data()))
      workspace = *ofLaunches;
    uint32_t number = kernelsOfFamily_[call.getFamily()]++;
    kernel = KernelOp::create(
        builder_, call.getLoc(),
        (call.getFamily() + "." + Twine(number)).str(), call.getVariantsAttr(),
        call.getShape(), workspace);
  }
  return FlatSymbolRefAttr::get(kernel.getSymNameAttr());
}

RowTable &PlanTables::row(StringRef kind) {
  for (std::unique_ptr<RowTable> &row : rows_)
    if (row->name == kind)
      return *row;
  rows_.push_back(std::make_unique<RowTable>());
  rows_.back()->name = kind;
  return *rows_.back();
}

LogicalResult PlanTables::addSlots(kernel::CallOp call, RowTable &row,
                                   SmallVectorImpl<Attribute> &args) {
  if (!call.getWeightsAttr())
    return success();
  MLIRContext *context = call.getContext();
  uint32_t listSlots = 0;
  auto weightOf = [&](Attribute symbol) {
    return symbols_.lookup<kernel::WeightOp>(
        cast<FlatSymbolRefAttr>(symbol).getValue());
  };
  // A list begins with those of the experts; another expert's may follow.
  auto first = call.getWeightsAttr().empty()
                   ? kernel::WeightOp()
                   : weightOf(call.getWeightsAttr()[0]);
  bool isList = first && first.getCount();
  for (Attribute symbol : call.getWeightsAttr()) {
    auto weight = weightOf(symbol);
    if (!weight)
      return call.emitOpError("names no weight: ") << symbol;
    bool scaled = weight.getEncoding() == kernel::Encoding::F8E4M3Block128;
    uint32_t tensors = scaled ? 2 : 1;
    if (isList) {
      listSlots += tensors * weight.getCount().value_or(1);
      continue;
    }
    if (weight.getCount())
      return call.emitOpError("mixes lists of weights with single ones");
    auto [place, fresh] = row.firstSlot.try_emplace(symbol, row.slots);
    if (fresh) {
      row.weights.push_back(symbol);
      row.slots += tensors;
    }
    for (uint32_t tensor = 0; tensor < tensors; ++tensor)
      args.push_back(
          ArgAttr::get(context, ArgKind::Slot, place->second + tensor));
  }
  if (!isList)
    return success();
  auto [place, fresh] =
      row.firstSlot.try_emplace(call.getWeightsAttr(), row.slots);
  if (fresh) {
    row.weights.push_back(call.getWeightsAttr());
    row.slots += listSlots;
  }
  args.push_back(ArgAttr::get(context, ArgKind::SlotList, place->second));
  return success();
}

LogicalResult PlanTables::makeModel() {
  auto model = module_->getAttrOfType<DictionaryAttr>(kernel::kModelAttr);
  auto levels = module_->getAttrOfType<ArrayAttr>(kernel::kLevelsAttr);
  if (!model || !levels)
    return module_.emitError("the module lacks ")
           << (model ? kernel::kLevelsAttr : kernel::kModelAttr);
  auto number = [&](StringRef key) -> uint32_t {
    auto value = model.getAs<IntegerAttr>(key);
    return value ? value.getValue().getZExtValue() : 0;
  };
  auto family = model.getAs<StringAttr>("family");
  auto bufferNamed = [&](StringRef name) {
    StringAttr key = builder_.getStringAttr(name);
    return host_.count(key) ? FlatSymbolRefAttr::get(key) : FlatSymbolRefAttr();
  };
  if (!family || !bufferNamed("logits"))
    return module_.emitError("the module lacks ")
           << (family ? "a head function" : "a family");
  uint32_t pageTokens = 0;
  for (auto state : module_.getOps<kernel::StateOp>()) {
    if (pageTokens && pageTokens != state.getPage())
      return state.emitOpError("has pages of ")
             << state.getPage() << " tokens, another state has " << pageTokens;
    pageTokens = state.getPage();
  }
  auto model32 = [&](uint32_t value) {
    return builder_.getI32IntegerAttr(static_cast<int32_t>(value));
  };
  ModelOp::create(
      builder_, module_.getLoc(), family, levels,
      model32(number("hidden_size")), model32(number("num_hidden_layers")),
      model32(number("vocab_size")), model32(number("max_position_embeddings")),
      model32(sizes_.chunk), model32(sizes_.decodeTokens),
      model32(sizes_.headRows), model32(pageTokens), bufferNamed("logits"),
      bufferNamed("hidden_tap"), bufferNamed("experts_tap"));
  return success();
}

LogicalResult PlanTables::finish() {
  if (failed(makeModel()))
    return failure();
  auto model = module_->getAttrOfType<DictionaryAttr>(kernel::kModelAttr);
  auto layers = model.getAs<IntegerAttr>("num_hidden_layers");
  for (auto weight : module_.getOps<kernel::WeightOp>())
    WeightOp::create(builder_, weight.getLoc(), weight.getSymNameAttr(),
                     weight.getShapeAttr(), weight.getEncodingAttr(),
                     weight.getCountAttr(), weight.getValueAttr());
  for (auto state : module_.getOps<kernel::StateOp>())
    StateOp::create(builder_, state.getLoc(), state.getSymName(),
                    layers ? layers.getInt() : 0,
                    state.getWidth() *
                        state.getElement().getIntOrFloatBitWidth() / 8);
  auto toEnd = [&](Operation *op) {
    op->remove();
    module_.push_back(op);
  };
  for (BufferOp buffer : pinned_)
    if (buffer)
      toEnd(buffer);
  for (BufferOp buffer : scratch_)
    toEnd(buffer);
  for (auto &[name, buffer] : host_)
    toEnd(buffer);
  for (auto &[key, kernel] : kernels_)
    toEnd(kernel);
  for (std::unique_ptr<RowTable> &row : rows_)
    RowOp::create(builder_, module_.getLoc(), builder_.getStringAttr(row->name),
                  builder_.getArrayAttr(row->weights),
                  row->layers.empty()
                      ? DenseI32ArrayAttr()
                      : builder_.getDenseI32ArrayAttr(row->layers));
  return success();
}

} // namespace ds::plan
