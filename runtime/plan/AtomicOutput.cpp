// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/AtomicOutput.h"
#include "runtime/plan/InputFile.h"
#include "runtime/plan/Verify.h"
#include "runtime/plan/WeightDigests.h"
#include <algorithm>
#include <cstring>
#include <vector>

namespace ds::rt {
namespace {

constexpr uint64_t kPieceBytes = 8u << 20; // of DATA at a time

Error outputError(ErrorCode code, const std::string &path,
                  std::string subject) {
  return {.code = code, .file = path, .subject = std::move(subject)};
}

/// "section TOKN", "header and section table": where a byte of a plan lies.
std::string placeOf(std::span<const uint8_t> plan, uint64_t byte) {
  PlanHeader header{};
  std::memcpy(&header, plan.data(), std::min(plan.size(), sizeof header));
  std::string place = "header and section table";
  for (size_t i = 0, at = sizeof header;
       i < header.sections && at + sizeof(SectionEntry) <= plan.size();
       ++i, at += sizeof(SectionEntry)) {
    SectionEntry entry;
    std::memcpy(&entry, plan.data() + at, sizeof entry);
    if (entry.offset <= byte)
      place = "section " + std::string(entry.tag, sizeof entry.tag);
  }
  return place;
}

Error with(Error error, const Status &why) {
  for (const Error &wrong : why.errors())
    error.notes.push_back(wrong.message());
  return error;
}

/// `file` holds the plan's DATA, `plan` all before it.
Status selfCheck(const std::string &output, std::span<const uint8_t> plan,
                 const InputFile &file, const PlanData *data) {
  Result<PlanView> view = verifyPlan(plan, output, file.size());
  if (!view)
    return with(outputError(ErrorCode::PlanSelfCheck, output,
                            "the plan that was made does not verify"),
                view.takeStatus());
  if (!data)
    return {};
  Status weights = verifyWeightDigests(
      *view, output, WeightsToVerify::Carried,
      [&](const WeightRecord &weight, Sha256 &sha) -> Status {
        std::vector<uint8_t> piece;
        for (uint64_t at = 0; at < weight.size; at += piece.size()) {
          piece.resize(std::min(kPieceBytes, weight.size - at));
          DS_TRY(file.readAt(view->dataOffset + weight.offset + at,
                             piece.data(), piece.size()));
          sha.update(piece.data(), piece.size());
        }
        return {};
      });
  if (!weights)
    return with(outputError(ErrorCode::OutputReadBack, output,
                            "verification after write failed: other weights "
                            "came back"),
                std::move(weights));
  return {};
}

Status write(TemporaryOutput &temporary, std::span<const uint8_t> plan,
             PlanData *data) {
  DS_TRY(temporary.reserve(plan.size() + (data ? data->size() : 0)));
  DS_TRY(temporary.writeAt(0, plan));
  std::vector<uint8_t> piece;
  for (uint64_t at = 0; data && at < data->size(); at += piece.size()) {
    piece.resize(std::min(kPieceBytes, data->size() - at));
    DS_TRY(data->read(at, piece));
    DS_TRY(temporary.writeAt(plan.size() + at, piece));
  }
  return temporary.sync();
}

Status readBack(const TemporaryOutput &temporary,
                std::span<const uint8_t> bytes, PlanData *data, bool isPlan) {
  const std::string &output = temporary.output();
  DS_ASSIGN(InputFile file,
            InputFile::open(temporary.path(), ErrorCode::OutputReadBack));
  std::vector<uint8_t> found(data ? bytes.size() : file.size());
  DS_TRY(file.readAt(0, found.data(), found.size()));
  auto differs = std::ranges::mismatch(found, bytes);
  if (differs.in1 != found.end() || differs.in2 != bytes.end()) {
    auto byte = uint64_t(differs.in2 - bytes.begin());
    return outputError(ErrorCode::OutputReadBack, output,
                       "verification after write failed in " +
                           (isPlan ? placeOf(bytes, byte) + ", " : "") +
                           "byte " + std::to_string(byte));
  }
  return isPlan ? selfCheck(output, found, file, data) : Status::ok();
}

Status replace(TemporaryOutput &temporary, std::span<const uint8_t> bytes,
               PlanData *data, bool isPlan) {
  DS_TRY(write(temporary, bytes, data));
  DS_TRY(readBack(temporary, bytes, data, isPlan));
  return temporary.place();
}

} // namespace

Status writeAtomically(TemporaryOutput &output, std::span<const uint8_t> plan,
                       PlanData *data) {
  return replace(output, plan, data, true);
}

Status writeTextAtomically(const std::string &path, std::string_view text) {
  TemporaryOutput output(path);
  DS_TRY(output.lock());
  return replace(
      output, {reinterpret_cast<const uint8_t *>(text.data()), text.size()},
      nullptr, false);
}

} // namespace ds::rt
