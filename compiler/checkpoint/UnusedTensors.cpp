// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a tensor that no role took tells about the checkpoint.
#include "compiler/checkpoint/InventoryCheck.h"
#include <charconv>

namespace ds::checkpoint {
namespace {

/// The digits at the start of `text`, saturating; none when there are none.
std::optional<uint64_t> numberAt(std::string_view text) {
  uint64_t number = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range)
    return UINT64_MAX;
  bool isWhole =
      error == std::errc() && end != text.data() + text.size() && *end == '.';
  return isWhole ? std::optional(number) : std::nullopt;
}

class Explainer {
public:
  Explainer(Model &model, const UsedTensors &used, bool strict)
      : model_(model), used_(used), strict_(strict) {}

  Status explain() {
    for (const auto &[name, tensor] : model_.checkpoint.tensors) {
      if (used_.count(&tensor))
        continue;
      model_.unusedBytes += tensor.bytes;
      if (std::optional<Error> error = mistakeIn(name)) {
        error->file = model_.checkpoint.shards[tensor.shard].path;
        status_.add(std::move(*error));
      }
    }
    addNote(mtp_, "MTP tensors");
    addNote(other_, "tensors that the model does not have");
    return std::move(status_);
  }

private:
  using Group = std::vector<std::string>; // names of tensors, in order

  bool isUsed(const std::string &name) const {
    auto at = model_.checkpoint.tensors.find(name);
    return at != model_.checkpoint.tensors.end() && used_.count(&at->second);
  }

  /// Sorts what is no mistake into the groups.
  std::optional<Error> mistakeIn(const std::string &name) {
    constexpr std::string_view layers = "model.layers.", scale = "_scale_inv";
    if (name.ends_with(".rotary_emb.inv_freq"))
      return {};
    if (isUsed("model." + name))
      return Error{.code = ErrorCode::TwoNames,
                   .file = "",
                   .subject = "tensors " + name + " and model." + name +
                              " name the same parameter"};
    if (std::string_view(name).ends_with(scale)) {
      std::string weight = name.substr(0, name.size() - scale.size());
      auto at = model_.checkpoint.tensors.find(weight);
      if (at == model_.checkpoint.tensors.end() || used_.count(&at->second))
        return Error{.code = ErrorCode::ScaleStray,
                     .file = "",
                     .subject = "tensor " + name + ": scales of " + weight,
                     .found = at == model_.checkpoint.tensors.end()
                                  ? "which is not stored"
                                  : std::string(nameOf(at->second.dtype)),
                     .expected = "F8_E4M3"};
    }
    if (std::optional<Error> error = otherScale(name))
      return error;
    if (name.starts_with(layers))
      return mistakeInLayer(name, std::string_view(name).substr(layers.size()));
    return extra(other_, name);
  }

  /// Scales in the naming of another family, of a weight of this model.
  std::optional<Error> otherScale(const std::string &name) const {
    for (std::string_view suffix : {".scale", "_scale"}) {
      if (!name.ends_with(suffix))
        continue;
      std::string weight = name.substr(0, name.size() - suffix.size());
      if (suffix == ".scale")
        weight += ".weight";
      if (isUsed(weight))
        return Error{.code = ErrorCode::ScaleStray,
                     .file = "",
                     .subject = "tensor " + name + ": scales of " + weight,
                     .found = "a second naming",
                     .expected = "only " + scaleTensorName(weight)};
    }
    return {};
  }

  std::optional<Error> extra(Group &group, const std::string &name) {
    if (strict_)
      return Error{.code = ErrorCode::TensorUnexpected,
                   .file = "",
                   .subject = "tensor " + name +
                              ": not part of the model (--strict)"};
    group.push_back(name);
    return {};
  }

  std::optional<Error> mistakeInLayer(const std::string &name,
                                      std::string_view rest) {
    const ModelConfig &config = model_.config;
    std::optional<uint64_t> layer = numberAt(rest);
    // A config may name no MTP layer and its folder hold one.
    uint64_t most =
        config.numHiddenLayers + std::max(config.numNextnPredictLayers, 1u);
    std::string spelling(rest.substr(0, rest.find('.')));
    if (!layer || *layer >= most)
      return Error{.code = ErrorCode::LayerIndex,
                   .file = "",
                   .subject = "tensor " + name + ": layer index",
                   .found = spelling.empty() ? "nothing" : spelling,
                   .expected = "0.." + std::to_string(most - 1)};
    if (*layer >= config.numHiddenLayers)
      return extra(mtp_, name);
    constexpr std::string_view experts = ".mlp.experts.";
    size_t at = rest.find(experts);
    if (at != rest.npos && config.isMoe(uint32_t(*layer))) {
      std::string_view member = rest.substr(at + experts.size());
      std::optional<uint64_t> expert = numberAt(member);
      if (expert && *expert >= config.nRoutedExperts)
        return Error{.code = ErrorCode::ExpertCount,
                     .file = "",
                     .subject = "tensor " + name + ": expert",
                     .found = std::to_string(*expert),
                     .expected = "0.." +
                                 std::to_string(config.nRoutedExperts - 1) +
                                 " (n_routed_experts)"};
    }
    return extra(other_, name);
  }

  void addNote(const Group &group, const char *what) {
    if (group.empty())
      return;
    model_.notes.push_back(std::to_string(group.size()) + " " + what +
                           " are not used (" + printable(group[0]) +
                           (group.size() > 1 ? ", …)" : ")"));
    for (const std::string &name : group)
      model_.details.push_back("tensor " + printable(name) + " is not used");
  }

  Model &model_;
  const UsedTensors &used_;
  bool strict_;
  Status status_;
  Group mtp_, other_;
};

} // namespace

Status checkUnused(Model &model, const UsedTensors &used, bool strict) {
  return Explainer(model, used, strict).explain();
}

} // namespace ds::checkpoint
