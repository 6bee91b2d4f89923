// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plan that was read from a file and verified.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/plan/InputFile.h"
#include "runtime/plan/PlanView.h"
#include <memory>
#include <string>

namespace ds::rt {

/// Holds all sections but DATA in private memory, and it is this copy that was
/// verified: what happens to the file later does not matter. Immutable; moving
/// it leaves views valid.
class PlanFile {
public:
  /// Errors: FileUnreadable (5), PlanLimit (6), and those of verifyPlan().
  static Result<PlanFile> open(const std::string &path);

  const PlanView &view() const { return view_; }
  const std::string &path() const { return path_; }
  /// The file that was verified, for mapping DATA: not another of its name.
  const InputFile &file() const { return file_; }
  /// Where the shards lie: the plan's folder joined with the path it stores.
  /// Of a link to a plan it is the plan's own folder that counts.
  std::string weightsFolder() const;
  /// The plan's own folder, in the same way; "." where no folder was named.
  std::string ownFolder() const;

private:
  explicit PlanFile(InputFile file) : file_(std::move(file)) {}
  struct Free {
    void operator()(uint8_t *bytes) const;
  };

  InputFile file_;
  std::string path_;
  std::string folder_; // of the file itself, with its slash; empty: this one
  std::unique_ptr<uint8_t[], Free> bytes_; // at a page boundary
  PlanView view_;
};

} // namespace ds::rt
