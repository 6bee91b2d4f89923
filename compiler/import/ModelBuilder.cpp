// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/ModelBuilder.h"
#include "compiler/import/LayerBuilder.h"

using namespace mlir;

namespace ds {
namespace {

using checkpoint::LayerTensors;
using checkpoint::RoleTensor;

/// Neighbouring layers of one kind.
struct LayerRun {
  const LayerTensors *first;
  SmallVector<int64_t> layers;
};

SmallVector<LayerRun> runsOf(const checkpoint::Model &model) {
  SmallVector<LayerRun> runs;
  for (auto [index, layer] : llvm::enumerate(model.layers)) {
    if (runs.empty() || runs.back().first->kind != layer.kind)
      runs.push_back({&layer, {}});
    runs.back().layers.push_back(index);
  }
  return runs;
}

class ModelBuilder {
public:
  ModelBuilder(MLIRContext &context, const checkpoint::Model &model,
               const ImportOptions &options)
      : model(model), config(model.config), options(options), builder(&context),
        rows(RankedTensorType::get({ShapedType::kDynamic, config.hiddenSize},
                                   builder.getF32Type())),
        batch(BatchType::get(&context)), state(StateType::get(&context)) {}

  OwningOpRef<ModuleOp> build() {
    OwningOpRef<ModuleOp> module = ModuleOp::create(location("model"));
    (*module)->setAttr(DSDialect::kModelAttr,
                       ModelAttr::get(builder.getContext(), config.modelType,
                                      config.hiddenSize, config.numHiddenLayers,
                                      config.vocabSize,
                                      config.maxPositionEmbeddings,
                                      scaleFormat()));
    builder.setInsertionPointToEnd(module->getBody());
    addSymbols();
    addForward();
    for (const LayerTensors *layer : kinds())
      buildLayer(builder, *layer, config, options);
    addHead();
    return module;
  }

private:
  Location location(const Twine &name) {
    return NameLoc::get(builder.getStringAttr(name));
  }

  /// The first layer of each kind.
  SmallVector<const LayerTensors *> kinds() const {
    SmallVector<const LayerTensors *> found;
    for (const LayerRun &run : runsOf(model))
      if (llvm::none_of(found, [&](const LayerTensors *layer) {
            return layer->kind == run.first->kind;
          }))
        found.push_back(run.first);
    return found;
  }

  StringAttr scaleFormat() {
    const auto &quantization = config.quantizationConfig;
    return quantization && quantization->ue8m0 ? builder.getStringAttr("ue8m0")
                                               : StringAttr();
  }

  EncodingAttr encodingOf(const RoleTensor &tensor) {
    switch (tensor.encoding) {
    case checkpoint::Encoding::F32:
      return EncodingAttr::get(builder.getContext(), builder.getF32Type());
    case checkpoint::Encoding::BF16:
      return EncodingAttr::get(builder.getContext(), builder.getBF16Type());
    case checkpoint::Encoding::F8E4M3Block128:
      return EncodingAttr::get(builder.getContext(),
                               builder.getType<Float8E4M3FNType>(), 128, 128);
    }
    llvm_unreachable("every encoding is listed");
  }

  void addWeight(const Twine &place, const Twine &name,
                 const RoleTensor &tensor, int64_t count) {
    SmallVector<int64_t> shape(tensor.shape.begin(), tensor.shape.end());
    WeightOp::create(builder, location(place), builder.getStringAttr(name),
                     builder.getDenseI64ArrayAttr(shape), encodingOf(tensor),
                     builder.getI64IntegerAttr(count));
  }

  void addSymbols() {
    for (const auto &spec : checkpoint::globalRoles(config))
      addWeight(spec.role, spec.role, model.globals.at(spec.role), 1);
    for (const LayerTensors *layer : kinds())
      for (const auto &spec : checkpoint::layerRoles(config, layer->kind)) {
        StringRef kind = checkpoint::nameOf(layer->kind);
        const auto &tensors = layer->roles.at(spec.role);
        addWeight("layers." + kind + "." + spec.role, kind + "." + spec.role,
                  tensors.front(), tensors.size());
      }
    StateOp::create(builder, location("latent"),
                    builder.getStringAttr("latent"),
                    builder.getI64IntegerAttr(
                        mlaOf(builder.getContext(), config).getLatentWidth()),
                    TypeAttr::get(builder.getF32Type()),
                    builder.getI64IntegerAttr(kPageTokens));
  }

  void addForward() {
    OpBuilder::InsertionGuard guard(builder);
    auto function = func::FuncOp::create(
        builder, location("forward"), "forward",
        builder.getFunctionType({batch, state}, {rows, rows, state}));
    Block *body = function.addEntryBlock();
    builder.setInsertionPointToStart(body);
    Value tokens = body->getArgument(0);
    auto embedding = EmbeddingOp::create(
        builder, location("embed_tokens"), TypeRange{rows, rows}, tokens,
        FlatSymbolRefAttr::get(builder.getContext(), "embed_tokens"));
    auto angles = RankedTensorType::get(
        {ShapedType::kDynamic, config.qkRopeHeadDim / 2, 2},
        builder.getF32Type());
    Value table = RopeTableOp::create(
        builder, location("rope_scaling"), angles, tokens,
        ropeOf(builder.getContext(), config), DenseF32ArrayAttr(), FloatAttr());

    SmallVector<Value> stream = {embedding.getResidual(), embedding.getDelta(),
                                 body->getArgument(1)};
    for (const LayerRun &run : runsOf(model)) {
      StringRef kind = checkpoint::nameOf(run.first->kind);
      auto layers = LayersOp::create(
          builder, location("layers." + kind), TypeRange{rows, rows, state},
          FlatSymbolRefAttr::get(builder.getContext(), ("layer_" + kind).str()),
          builder.getDenseI64ArrayAttr(run.layers), tokens, stream[0],
          stream[1], table, stream[2]);
      llvm::copy(layers.getResults(), stream.begin());
    }
    if (options.tapHidden)
      TapOp::create(builder, location("tap"), stream[0], stream[1]);
    func::ReturnOp::create(builder, location("forward"), stream);
  }

  void addHead() {
    auto logits = RankedTensorType::get(
        {ShapedType::kDynamic, config.vocabSize}, builder.getF32Type());
    auto function = func::FuncOp::create(
        builder, location("head"), "head",
        builder.getFunctionType({batch, rows, rows}, {logits}));
    Block *body = function.addEntryBlock();
    builder.setInsertionPointToStart(body);
    auto symbol = [&](StringRef name) {
      return FlatSymbolRefAttr::get(builder.getContext(), name);
    };
    Value normed = HeadNormOp::create(
        builder, location("norm"), rows, body->getArgument(0),
        body->getArgument(1), body->getArgument(2), symbol("norm"),
        builder.getF32FloatAttr(static_cast<float>(config.rmsNormEps)));
    Value result = LMHeadOp::create(
        builder, location("lm_head"), logits, normed,
        symbol(config.tieWordEmbeddings ? "embed_tokens" : "lm_head"));
    func::ReturnOp::create(builder, location("head"), result);
  }

  const checkpoint::Model &model;
  const checkpoint::ModelConfig &config;
  ImportOptions options;
  OpBuilder builder;
  RankedTensorType rows; // [?, hidden_size] of f32
  Type batch, state;
};

} // namespace

OwningOpRef<ModuleOp> importModel(MLIRContext &context,
                                  const checkpoint::Model &model,
                                  const ImportOptions &options) {
  context.loadDialect<DSDialect, func::FuncDialect>();
  return ModelBuilder(context, model, options).build();
}

} // namespace ds
