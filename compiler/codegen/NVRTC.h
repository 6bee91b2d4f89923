// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NVIDIA's run-time compiler, a library that is looked for when it is needed:
// neither building nor starting dsc needs it.
#pragma once
#include "kernels/Catalog.h"
#include "runtime/base/Status.h"
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ds {

class NVRTC {
public:
  /// The first of `files` that is NVRTC. Errors: NVRTCMissing, with a note for
  /// each file that exists and is not.
  static Result<NVRTC> load(std::span<const std::string> files);

  const std::string &file() const { return file_; } // as it was named
  const std::string &version() const { return version_; } // "13.0"
  /// What tells this build of NVRTC from others of its version, for keys: the
  /// library tells no patch level, but its file has a size.
  const std::string &build() const { return build_; }

  struct Output {
    std::string ptx;
    std::vector<uint8_t> cubin;
  };
  /// Compiles a unit for one architecture; safe on several threads. Equal input
  /// gives equal bytes. Errors: NVRTCTooOld for an architecture it does not
  /// know, InternalError with its log for a unit that does not compile.
  Result<Output> compile(const std::string &unit,
                         const kernels::LevelInfo &architecture) const;

  /// What compile() says to it, for keys: all that decides the output beside
  /// unit and version.
  static std::vector<std::string>
  optionsFor(const kernels::LevelInfo &architecture);

private:
  struct Functions;
  NVRTC() = default;

  std::string file_, version_, build_;
  std::shared_ptr<const Functions> functions_; // and the library, kept loaded
};

} // namespace ds
