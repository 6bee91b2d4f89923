// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/emit/WeightTable.h"
#include <fmt/format.h>

namespace ds {
namespace {

Error foreign(llvm::StringRef symbol, std::string what) {
  return {.code = ErrorCode::InternalError,
          .subject = fmt::format("weight @{}: {}", symbol.str(), what)};
}

rt::Encoding dataEncoding(checkpoint::Encoding encoding) {
  switch (encoding) {
  case checkpoint::Encoding::F32:
    return rt::Encoding::F32;
  case checkpoint::Encoding::BF16:
    return rt::Encoding::BF16;
  case checkpoint::Encoding::F8E4M3Block128:
    return rt::Encoding::F8E4M3;
  }
  return rt::Encoding::F32;
}

/// Rows and columns; a vector is one row.
std::pair<uint64_t, uint64_t> matrixOf(const std::vector<uint64_t> &shape) {
  return shape.size() == 1 ? std::pair{uint64_t(1), shape[0]}
                           : std::pair{shape[0], shape[1]};
}

} // namespace

/// "embed_tokens" is a global, "moe.mlp.gate" the role "mlp.gate" of a layer.
Result<const checkpoint::RoleTensor *>
WeightTable::tensorOf(llvm::StringRef symbol, uint32_t layer,
                      uint32_t expert) const {
  auto [kind, role] = symbol.split('.');
  if (role.empty()) {
    auto found = model_.globals.find(symbol.str());
    if (found == model_.globals.end())
      return foreign(symbol, "no such tensor of the model");
    return &found->second;
  }
  if (layer >= model_.layers.size())
    return foreign(symbol, fmt::format("no layer {}", layer));
  const checkpoint::LayerTensors &tensors = model_.layers[layer];
  auto found = tensors.roles.find(role.str());
  if (kind != llvm::StringRef(checkpoint::nameOf(tensors.kind)) ||
      found == tensors.roles.end() || expert >= found->second.size())
    return foreign(symbol, fmt::format("not in layer {}", layer));
  return &found->second[expert];
}

uint32_t WeightTable::addTensor(const std::string &name, rt::Encoding encoding,
                                const checkpoint::TensorPlace &place,
                                uint64_t rows, uint64_t columns) {
  auto [found, isNew] = byName_.try_emplace(name, 0);
  if (!isNew)
    return found->second;
  PlacedTensor placed{rt::alignUp(dataBytes_, 64), place};
  dataBytes_ = placed.at + place.bytes;
  found->second = writer_.add(rt::WeightRecord{
      .name = writer_.string(name),
      .encoding = encoding,
      .source = bundle_ ? rt::WeightSource::Data : rt::WeightSource::Shard,
      .shard = bundle_ ? rt::kNone : place.shard,
      .shape = {rows, columns},
      .offset = bundle_ ? placed.at : place.offset,
      .size = place.bytes});
  placed_.emplace(found->second, placed);
  return found->second;
}

uint32_t WeightTable::addConstant(plan::WeightOp weight) {
  auto [found, isNew] = constants_.try_emplace(weight.getSymName().str(), 0);
  if (isNew) {
    auto values = llvm::cast<mlir::DenseElementsAttr>(weight.getValueAttr());
    std::vector<float> floats(values.getValues<float>().begin(),
                              values.getValues<float>().end());
    std::span bytes{reinterpret_cast<const uint8_t *>(floats.data()),
                    floats.size() * sizeof(float)};
    found->second = writer_.add(
        rt::WeightRecord{.name = writer_.string(weight.getSymName().str()),
                         .encoding = rt::Encoding::F32,
                         .source = rt::WeightSource::Constant,
                         .shard = rt::kNone,
                         .shape = {1, floats.size()},
                         .offset = writer_.addConstant(bytes),
                         .size = bytes.size()});
  }
  return found->second;
}

Status WeightTable::addSlots(llvm::StringRef symbol, uint32_t layer,
                             uint32_t expert) {
  auto weight = symbols_.lookup<plan::WeightOp>(symbol);
  if (!weight)
    return foreign(symbol, "not in the plan");
  if (weight.getValueAttr()) {
    writer_.addSlot(addConstant(weight));
    return Status::ok();
  }
  DS_ASSIGN(const checkpoint::RoleTensor *tensor,
            tensorOf(symbol, layer, expert));
  auto [rows, columns] = matrixOf(tensor->shape);
  writer_.addSlot(addTensor(tensor->name, dataEncoding(tensor->encoding),
                            tensor->data, rows, columns));
  if (tensor->scale.has_value() != (weight.tensors() == 2))
    return foreign(symbol, "scales of checkpoint and plan disagree");
  if (!tensor->scale)
    return Status::ok();
  std::vector<uint64_t> grid = checkpoint::scaleShape(tensor->shape);
  writer_.addSlot(addTensor(checkpoint::scaleTensorName(tensor->name),
                            rt::Encoding::F32, *tensor->scale, grid[0],
                            grid[1]));
  return Status::ok();
}

/// Neighbours with one count are parts of that many experts.
Status WeightTable::addList(mlir::ArrayAttr list, uint32_t layer) {
  auto nameOf = [&](size_t part) {
    return llvm::cast<mlir::FlatSymbolRefAttr>(list[part]).getValue();
  };
  auto expertsOf = [&](size_t part) {
    auto weight = symbols_.lookup<plan::WeightOp>(nameOf(part));
    return weight ? weight.getCount().value_or(1) : 1;
  };
  for (size_t begin = 0, end = 0; begin < list.size(); begin = end) {
    const uint32_t experts = expertsOf(begin);
    while (end < list.size() && expertsOf(end) == experts)
      ++end;
    for (uint32_t expert = 0; expert < experts; ++expert)
      for (size_t part = begin; part < end; ++part)
        DS_TRY(addSlots(nameOf(part), layer, expert));
  }
  return Status::ok();
}

Status WeightTable::addRow(plan::RowOp row, uint32_t layer) {
  uint32_t first = writer_.slots();
  for (mlir::Attribute element : row.getWeights()) {
    if (auto symbol = llvm::dyn_cast<mlir::FlatSymbolRefAttr>(element)) {
      DS_TRY(addSlots(symbol.getValue(), layer, 0));
      continue;
    }
    DS_TRY(addList(llvm::cast<mlir::ArrayAttr>(element), layer));
  }
  rows_[{row.getSymName().str(), layer}] =
      writer_.add(rt::RowRecord{first, writer_.slots() - first});
  return Status::ok();
}

Status WeightTable::add(plan::RowOp row) {
  if (!row.getLayers())
    return addRow(row, kWholeModel);
  llvm::ArrayRef<int32_t> layers = *row.getLayers();
  for (int32_t layer : layers)
    DS_TRY(addRow(row, uint32_t(layer)));
  return Status::ok();
}

Result<std::vector<rt::DigestRecord>>
WeightTable::digests(const WeightBytes &bytes) const {
  std::vector<rt::DigestRecord> digests(writer_.count<rt::WeightRecord>());
  for (const auto &[weight, placed] : placed_) {
    DS_ASSIGN(digests[weight], bytes.digest(placed.place));
  }
  return digests;
}

std::vector<PlacedTensor> WeightTable::bundled() const {
  std::vector<PlacedTensor> tensors;
  for (const auto &[weight, placed] : placed_)
    tensors.push_back(placed);
  return tensors;
}

uint32_t WeightTable::rowOf(llvm::StringRef name, uint32_t layer) const {
  auto whole = rows_.find({name.str(), kWholeModel});
  if (whole != rows_.end())
    return whole->second;
  auto found = rows_.find({name.str(), layer});
  return found == rows_.end() ? rt::kNone : found->second;
}

} // namespace ds
