// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/SafetensorsHeader.h"
#include "compiler/checkpoint/HeaderEvents.h"
#include <algorithm>
#include <cstring>

namespace ds::checkpoint {
namespace {

constexpr uint64_t kLengthBytes = 8;

/// A file saved in place of a shard: a Git LFS pointer, an error page.
Status checkNotText(const InputFile &file, std::string_view start,
                    uint64_t headerBytes) {
  if (start.starts_with("version ") && file.size() < 1024)
    return Error{.code = ErrorCode::NotSafetensors,
                 .file = file.path(),
                 .found = "a Git LFS pointer (" + std::to_string(file.size()) +
                          " bytes)",
                 .expected = "weights",
                 .help = "download the file itself"};
  bool isText = std::all_of(start.begin(), start.end(), [](char c) {
    return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\r' || c == '\t';
  });
  if (isText && headerBytes > kMaxHeaderBytes)
    return Error{.code = ErrorCode::NotSafetensors,
                 .file = file.path(),
                 .found = "text starting \"" + std::string(start) + "\"",
                 .expected = "safetensors header"};
  return Status::ok();
}

Result<uint64_t> readLength(const InputFile &file) {
  if (file.size() < kLengthBytes)
    return Error{.code = ErrorCode::NotSafetensors,
                 .file = file.path(),
                 .subject = "size",
                 .found = std::to_string(file.size()),
                 .expected = "at least 8"};
  uint8_t bytes[kLengthBytes];
  DS_TRY(file.read(0, bytes, sizeof bytes));
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | bytes[i];
  DS_TRY(checkNotText(
      file, std::string_view(reinterpret_cast<char *>(bytes), sizeof bytes),
      length));
  if (length > file.size() - kLengthBytes)
    return Error{.code = ErrorCode::HeaderLength,
                 .file = file.path(),
                 .subject = "header length",
                 .found = std::to_string(length),
                 .expected = "at most the file's remaining " +
                             std::to_string(file.size() - kLengthBytes) +
                             " bytes"};
  if (length > kMaxHeaderBytes)
    return Error{.code = ErrorCode::HeaderLimit,
                 .file = file.path(),
                 .subject = "header length",
                 .found = std::to_string(length),
                 .expected = "at most " + std::to_string(kMaxHeaderBytes)};
  return length;
}

std::string byteText(char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  return std::string("0x") + digits[uint8_t(byte) >> 4] + digits[byte & 15];
}

/// The header starts with '{', ends with '}' and is padded with spaces only.
Status checkEnds(const InputFile &file, std::string_view header) {
  Error error{.code = ErrorCode::HeaderForm, .file = file.path()};
  if (!header.starts_with('{')) {
    error.subject = "header byte 0";
    error.found = header.empty() ? "nothing" : byteText(header[0]);
    error.expected = "'{'";
    return error;
  }
  size_t last = header.find_last_not_of(' ');
  if (header[last] == '}')
    return Status::ok();
  error.subject = "header byte " + std::to_string(last);
  error.found = byteText(header[last]);
  error.expected = "'}' and spaces after it";
  return error;
}

Status checkSize(const InputFile &file, const HeaderTensor &tensor) {
  Error error{.code = ErrorCode::TensorExtent, .file = file.path()};
  uint64_t bits = bitsOf(tensor.dtype);
  bool overflows = false;
  for (uint64_t dimension : tensor.shape)
    overflows |= __builtin_mul_overflow(bits, dimension, &bits);
  bool isEmpty = std::count(tensor.shape.begin(), tensor.shape.end(), 0u);
  if (overflows && !isEmpty) {
    error.subject = "tensor " + tensor.name + ": element count overflows";
    error.found = textOf(tensor.shape);
    error.expected = "a size below 2^64 bits";
    return error;
  }
  for (uint64_t dimension : tensor.shape)
    if (dimension > kMaxDimension)
      return Error{.code = ErrorCode::HeaderLimit,
                   .file = file.path(),
                   .subject = "tensor " + tensor.name + ": dimension",
                   .found = std::to_string(dimension),
                   .expected = "at most " + std::to_string(kMaxDimension)};
  if (isEmpty)
    bits = 0;
  if (bits % 8) {
    error.subject = "tensor " + tensor.name + ": " + std::to_string(bits) +
                    " bits are not a whole number of bytes";
    return error;
  }
  if (bits / 8 == tensor.bytes)
    return Status::ok();
  error.subject = "tensor " + tensor.name + ": data_offsets span";
  error.found = std::to_string(tensor.bytes) + " bytes";
  error.expected = std::to_string(bits / 8) + " for " + textOf(tensor.shape) +
                   " " + std::string(nameOf(tensor.dtype));
  return error;
}

/// The data is one tensor after the other; tensors are in order of offset.
Status checkCover(const InputFile &file,
                  const std::vector<HeaderTensor> &tensors, uint64_t data) {
  auto range = [](uint64_t begin, uint64_t end) {
    return "[" + std::to_string(begin) + "," + std::to_string(end) + ")";
  };
  Status status;
  uint64_t covered = 0, end = 0;
  const HeaderTensor *last = nullptr;
  for (const HeaderTensor &tensor : tensors)
    end = std::max(end, tensor.offset + tensor.bytes);
  if (end > data)
    return Error{.code = ErrorCode::ShardTruncated,
                 .file = file.path(),
                 .subject = "size",
                 .found = std::to_string(file.size()),
                 .expected = std::to_string(file.size() - data + end) +
                             " by its header (download incomplete?)"};
  for (const HeaderTensor &tensor : tensors) {
    if (tensor.offset > covered)
      status.add({.code = ErrorCode::ShardHole,
                  .file = file.path(),
                  .subject = "bytes " + range(covered, tensor.offset) +
                             " of the data belong to no tensor"});
    if (tensor.offset < covered && last)
      status.add(
          {.code = ErrorCode::TensorOverlap,
           .file = file.path(),
           .subject = "tensors " + last->name + " " +
                      range(last->offset, last->offset + last->bytes) +
                      " and " + tensor.name + " " +
                      range(tensor.offset, tensor.offset + tensor.bytes) +
                      " overlap"});
    if (tensor.offset + tensor.bytes >= covered) {
      covered = tensor.offset + tensor.bytes;
      last = &tensor;
    }
  }
  if (covered < data)
    status.add({.code = ErrorCode::ShardHole,
                .file = file.path(),
                .subject = std::to_string(data - covered) +
                           " bytes after last tensor"});
  return status;
}

Status checkNamesDiffer(const InputFile &file,
                        const std::vector<HeaderTensor> &tensors) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const HeaderTensor &tensor : tensors)
    names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  Status status;
  for (auto at = names.begin();
       (at = std::adjacent_find(at, names.end())) != names.end(); ++at)
    status.add({.code = ErrorCode::TensorTwice,
                .file = file.path(),
                .subject = "tensor " + std::string(*at) + ": defined twice"});
  return status;
}

} // namespace

std::string textOf(const std::vector<uint64_t> &shape) {
  std::string text = "[";
  for (uint64_t dimension : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(dimension);
  return text + "]";
}

Result<SafetensorsHeader> readSafetensorsHeader(const InputFile &file) {
  SafetensorsHeader header;
  DS_ASSIGN(header.headerBytes, readLength(file));
  std::string text(header.headerBytes, '\0');
  DS_TRY(file.read(kLengthBytes, text.data(), text.size()));
  DS_TRY(checkEnds(file, text));
  HeaderEvents events(file.path());
  DS_TRY(parseJson(text, file.path(), events, kLengthBytes));
  header.tensors = std::move(events.tensors);

  Status status = checkNamesDiffer(file, header.tensors);
  for (const HeaderTensor &tensor : header.tensors)
    status.add(checkSize(file, tensor));
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const HeaderTensor &a, const HeaderTensor &b) {
              return std::tie(a.offset, a.bytes, a.name) <
                     std::tie(b.offset, b.bytes, b.name);
            });
  uint64_t start = kLengthBytes + header.headerBytes;
  status.add(checkCover(file, header.tensors, file.size() - start));
  DS_TRY(std::move(status));
  for (HeaderTensor &tensor : header.tensors)
    tensor.offset += start;
  return header;
}

} // namespace ds::checkpoint
