// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/InventoryCheck.h"
#include <algorithm>

namespace ds::checkpoint {
namespace {

class Placer {
public:
  Placer(Model &model, const ReadOptions &options)
      : model_(model), options_(options) {}

  Status place() {
    DS_TRY(refuseFused());
    for (const RoleSpec &role : globalRoles(model_.config))
      if (auto tensor = placeTensor(role, globalTensorName(role), &status_))
        model_.globals[role.role] = std::move(*tensor);
    if (model_.config.tieWordEmbeddings && model_.globals.count("embed_tokens"))
      model_.globals["lm_head"] = model_.globals["embed_tokens"];
    uint32_t count = model_.config.numHiddenLayers;
    for (uint32_t i = 0; i < count; ++i)
      placeLayer(i, model_.config.isMoe(i) ? LayerKind::Moe : LayerKind::Dense,
                 model_.layers);
    for (uint32_t i = 0; i < model_.config.numNextnPredictLayers; ++i)
      placeMtp(count + i);
    model_.hasMtp = !model_.mtpLayers.empty();
    checkQuantization();
    checkExpertDtype();
    status_.add(checkUnused(model_, used_, options_.strict));
    return std::move(status_);
  }

private:
  /// Some tools save all experts of a layer as one tensor.
  Status refuseFused() const {
    std::string name = "model.layers." +
                       std::to_string(model_.config.firstKDenseReplace) +
                       ".mlp.experts.gate_up_proj";
    for (const char *suffix : {"", ".weight"})
      if (const StoredTensor *fused = find(name + suffix)) {
        Error error =
            errorAt(ErrorCode::FusedExperts, name + suffix, *fused, "experts");
        error.found = "all in one tensor";
        error.expected = "one tensor per expert";
        return error;
      }
    return Status::ok();
  }

  const StoredTensor *find(const std::string &name) const {
    auto at = model_.checkpoint.tensors.find(name);
    return at == model_.checkpoint.tensors.end() ? nullptr : &at->second;
  }

  /// File and subject of an error about a stored tensor.
  Error errorAt(ErrorCode code, const std::string &name,
                const StoredTensor &tensor, std::string what) const {
    return {.code = code,
            .file = model_.checkpoint.shards[tensor.shard].path,
            .subject = "tensor " + name + ": " + std::move(what)};
  }

  static TensorPlace placeOf(const StoredTensor &tensor) {
    return {tensor.shard, tensor.offset, tensor.bytes};
  }

  std::optional<Encoding> encodingOf(RoleForm form, const std::string &name,
                                     const StoredTensor &tensor) {
    const char *supported = "BF16";
    switch (form) {
    case RoleForm::Norm:
    case RoleForm::Plain:
      break;
    case RoleForm::Matrix:
      supported = "BF16 or F8_E4M3, the supported ones";
      if (tensor.dtype == DType::F8_E4M3)
        return Encoding::F8E4M3Block128;
      break;
    case RoleForm::Bias:
      supported = "F32 or BF16";
      if (tensor.dtype == DType::F32)
        return Encoding::F32;
      break;
    }
    if (tensor.dtype == DType::BF16)
      return Encoding::BF16;
    Error error = errorAt(ErrorCode::TensorDType, name, tensor, "dtype");
    error.found = std::string(nameOf(tensor.dtype));
    error.expected = supported;
    status_.add(std::move(error));
    return {};
  }

  std::optional<TensorPlace> placeScale(const RoleTensor &weight,
                                        const StoredTensor &stored) {
    std::string name = scaleTensorName(weight.name);
    const StoredTensor *scale = find(name);
    if (!scale) {
      status_.add(errorAt(ErrorCode::ScaleMissing, weight.name, stored,
                          "quantised, but \"" + name + "\" is missing"));
      return {};
    }
    used_.insert(scale);
    std::vector<uint64_t> grid = scaleShape(weight.shape);
    if (scale->dtype == DType::F32 && scale->shape == grid)
      return placeOf(*scale);
    Error error = errorAt(ErrorCode::ScaleForm, name, *scale, "scales");
    error.found =
        textOf(scale->shape) + " " + std::string(nameOf(scale->dtype));
    error.expected =
        textOf(grid) + " F32 = ceil(" + textOf(weight.shape) + " / [128, 128])";
    status_.add(std::move(error));
    return {};
  }

  /// With `missing`, a missing tensor is an error; without, just nothing.
  std::optional<RoleTensor> placeTensor(const RoleSpec &role, std::string name,
                                        Status *missing) {
    const StoredTensor *stored = find(name);
    if (!stored) {
      if (missing)
        missing->add({.code = ErrorCode::TensorMissing,
                      .file = model_.checkpoint.folder,
                      .subject = "missing tensor " + name});
      return {};
    }
    used_.insert(stored);
    bool isGood = true;
    if (stored->shape != role.shape) {
      Error error = errorAt(ErrorCode::TensorShape, name, *stored, "shape");
      error.found = textOf(stored->shape);
      error.expected = textOf(role.shape) + " = " + role.shapeKeys;
      status_.add(std::move(error));
      isGood = false;
    }
    std::optional<Encoding> encoding = encodingOf(role.form, name, *stored);
    if (!encoding || !isGood)
      return {};
    RoleTensor tensor{.encoding = *encoding,
                      .data = placeOf(*stored),
                      .name = std::move(name),
                      .shape = stored->shape};
    if (*encoding == Encoding::F8E4M3Block128 &&
        !(tensor.scale = placeScale(tensor, *stored)))
      return {};
    noteEncoding(role, tensor);
    return tensor;
  }

  void noteEncoding(const RoleSpec &role, const RoleTensor &tensor) {
    if (role.form != RoleForm::Matrix)
      return;
    bool isQuantized = tensor.encoding == Encoding::F8E4M3Block128;
    ++(isQuantized ? quantized_ : plain_);
    std::string &example = isQuantized ? quantizedExample_ : plainExample_;
    if (example.empty())
      example = tensor.name;
  }

  void placeLayer(uint32_t layer, LayerKind kind,
                  std::vector<LayerTensors> &layers) {
    LayerTensors tensors{.kind = kind, .roles = {}};
    std::vector<RoleSpec> roles = layerRoles(model_.config, kind);
    std::vector<bool> isAbsent = absentExperts(roles, layer);
    for (const RoleSpec &role : roles) {
      std::vector<RoleTensor> &list = tensors.roles[role.role];
      list.reserve(role.count);
      Status missing;
      for (uint32_t i = 0; i < role.count; ++i) {
        if (role.isExpert() && isAbsent[i])
          continue; // already one error
        if (auto tensor =
                placeTensor(role, layerTensorName(role, layer, i), &missing))
          list.push_back(std::move(*tensor));
      }
      addMissing(role, layer, std::move(missing));
      checkSame(role, kind, list);
    }
    layers.push_back(std::move(tensors));
  }

  /// Experts of which the layer stores nothing; together they are one error.
  std::vector<bool> absentExperts(const std::vector<RoleSpec> &roles,
                                  uint32_t layer) {
    std::vector<bool> isAbsent(model_.config.nRoutedExperts, true);
    bool hasExperts = false;
    for (const RoleSpec &role : roles)
      for (uint32_t i = 0; role.isExpert() && i < role.count; ++i) {
        hasExperts = true;
        if (isAbsent[i] && find(layerTensorName(role, layer, i)))
          isAbsent[i] = false;
      }
    size_t absent = size_t(std::count(isAbsent.begin(), isAbsent.end(), true));
    if (hasExperts && absent)
      status_.add({.code = ErrorCode::ExpertCount,
                   .file = model_.checkpoint.folder,
                   .subject = "layer " + std::to_string(layer) + ": experts " +
                              rangesOf(isAbsent) + " are missing",
                   .found = std::to_string(isAbsent.size() - absent) +
                            " experts",
                   .expected = std::to_string(isAbsent.size()) +
                               " (n_routed_experts)"});
    return isAbsent;
  }

  /// "3, 7..9" of the set places.
  static std::string rangesOf(const std::vector<bool> &set) {
    std::string text;
    for (size_t i = 0; i < set.size(); ++i) {
      if (!set[i])
        continue;
      size_t first = i;
      while (i + 1 < set.size() && set[i + 1])
        ++i;
      text += (text.empty() ? "" : ", ") + std::to_string(first);
      if (i > first)
        text += ".." + std::to_string(i);
    }
    return text;
  }

  /// Missing experts of one role are one error; other roles are one tensor.
  void addMissing(const RoleSpec &role, uint32_t layer, Status missing) {
    size_t count = missing.errors().size();
    if (count < 2)
      return status_.add(std::move(missing));
    status_.add(
        {.code = ErrorCode::ExpertCount,
         .file = model_.checkpoint.folder,
         .subject = "layer " + std::to_string(layer) + ": " + role.role + " (" +
                    missing.errors()[0].subject + ", …)",
         .found = std::to_string(role.count - count) + " experts",
         .expected = std::to_string(role.count) + " (n_routed_experts)"});
  }

  /// One encoding per role and layer kind: a layer kind is compiled once.
  void checkSame(const RoleSpec &role, LayerKind kind,
                 const std::vector<RoleTensor> &tensors) {
    for (const RoleTensor &tensor : tensors) {
      auto [at, isFirst] = first_.try_emplace(
          {kind, role.role}, std::pair(tensor.encoding, tensor.name));
      const auto &[encoding, name] = at->second;
      if (encoding == tensor.encoding)
        continue;
      status_.add({.code = ErrorCode::EncodingMixed,
                   .file = model_.checkpoint.folder,
                   .subject = "tensor " + tensor.name + ": dtype",
                   .found = std::string(nameOf(tensor.encoding)),
                   .expected = std::string(nameOf(encoding)) + " as " + name +
                               " has (one dtype per role and layer kind)"});
      return;
    }
  }

  /// The layer as a whole, or nothing of it.
  void placeMtp(uint32_t layer) {
    std::string example;
    size_t stored = 0, required = 0;
    for (const RoleSpec &role : layerRoles(model_.config, LayerKind::Mtp))
      for (uint32_t i = 0; i < role.count; ++i, ++required) {
        std::string name = layerTensorName(role, layer, i);
        if (find(name))
          ++stored;
        else if (example.empty())
          example = name;
      }
    if (!stored) {
      model_.notes.push_back("MTP layer " + std::to_string(layer) +
                             " is in the config and not in the shards");
      return;
    }
    if (stored == required)
      return placeLayer(layer, LayerKind::Mtp, model_.mtpLayers);
    status_.add({.code = ErrorCode::MtpPartial,
                 .file = model_.checkpoint.folder,
                 .subject = "MTP layer " + std::to_string(layer) + ": " +
                            std::to_string(stored) + " of " +
                            std::to_string(required) +
                            " tensors present (missing " + example + ")"});
    for (auto at = model_.checkpoint.tensors.begin();
         at != model_.checkpoint.tensors.end(); ++at)
      if (at->first.starts_with("model.layers." + std::to_string(layer) + "."))
        used_.insert(&at->second); // explained
  }

  void checkQuantization() {
    bool says = model_.config.quantizationConfig.has_value();
    if (says && !quantized_ && plain_)
      status_.add({.code = ErrorCode::QuantizationContradiction,
                   .file = model_.checkpoint.folder + "/config.json",
                   .subject = "quantization_config says fp8, but all " +
                              std::to_string(plain_) + " matrices are BF16 (" +
                              plainExample_ + ", …)"});
    if (!says && quantized_)
      status_.add({.code = ErrorCode::QuantizationContradiction,
                   .file = model_.checkpoint.folder + "/config.json",
                   .subject = "no quantization_config, but " +
                              std::to_string(quantized_) +
                              " matrices are F8_E4M3 (" + quantizedExample_ +
                              ", …)"});
  }

  /// expert_dtype says nothing that the experts do not; a contradiction means
  /// that one of the two is not this model's.
  void checkExpertDtype() {
    const std::string &says = model_.config.expertDtype;
    for (const LayerTensors &layer : model_.layers) {
      auto at = layer.roles.find("mlp.experts.gate_proj");
      if (says.empty() || at == layer.roles.end() || at->second.empty())
        continue;
      const RoleTensor &expert = at->second.front();
      bool isQuantized = expert.encoding == Encoding::F8E4M3Block128;
      if (says != (isQuantized ? "fp8" : "bf16"))
        status_.add({.code = ErrorCode::QuantizationContradiction,
                     .file = model_.checkpoint.folder + "/config.json",
                     .subject = "key \"expert_dtype\"",
                     .found = "\"" + says + "\", but " + expert.name + " is " +
                              std::string(nameOf(expert.encoding)),
                     .expected = isQuantized ? "\"fp8\"" : "\"bf16\""});
      return;
    }
  }

  Model &model_;
  const ReadOptions &options_;
  Status status_;
  UsedTensors used_;
  std::map<std::pair<LayerKind, std::string>, std::pair<Encoding, std::string>>
      first_; // encoding of each role, and the tensor that showed it
  size_t quantized_ = 0, plain_ = 0; // matrices that may be quantised
  std::string quantizedExample_, plainExample_;
};

} // namespace

Status placeTensors(Model &model, const ReadOptions &options) {
  return Placer(model, options).place();
}

} // namespace ds::checkpoint
