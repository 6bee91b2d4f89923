// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/HostUnit.h"
#include "compiler/codegen/RunProgram.h"
#include <llvm/ADT/StringExtras.h>
#include <span>

using namespace llvm;

namespace ds {
namespace {

// clang makes no temporary files where it only compiles or only links, and
// from and to streams; and so no path gets into the object.
// As the kernels are compiled for tests, but no dearer to compile than it must
// be: what runs is the emulation.
constexpr const char *kCompile[] = {
    "-x", "c++", "-c", "-std=c++20", "-O1", "-fPIC", "-nostdinc++",
    "-march=x86-64-v3", "-fno-ident", "-fno-exceptions", "-fno-rtti",
    "-fno-math-errno", "-w", "-ffp-contract=off", "-fvisibility=hidden",
    "-o", "-", "-"};
constexpr const char *kLink[] = {"-shared", "-nostdlib", "-fuse-ld=lld",
                                 "-o", "-", "/dev/stdin"};
constexpr const char *kVersion[] = {"--version"};

Result<ProgramRun> run(const std::string &clang,
                       std::span<const char *const> arguments,
                       std::string_view input) {
  if (clang.empty())
    return Error{.code = ErrorCode::ClangMissing,
                 .subject = "clang++-22 was not found on PATH"};
  return runProgram(clang, arguments, input, ErrorCode::ClangMissing);
}

} // namespace

Result<std::vector<std::string>> hostUnitKey(const std::string &clang) {
  DS_ASSIGN(ProgramRun version, run(clang, kVersion, ""));
  std::vector<std::string> key{version.out};
  key.insert(key.end(), std::begin(kCompile), std::end(kCompile));
  key.insert(key.end(), std::begin(kLink), std::end(kLink));
  return key;
}

Result<std::vector<uint8_t>> compileHostUnit(const std::string &unit,
                                             const std::string &clang) {
  DS_ASSIGN(ProgramRun ran, run(clang, kCompile, unit));
  if (ran.status == 0) {
    std::string object = std::move(ran.out);
    DS_ASSIGN(ran, run(clang, kLink, object));
  }
  if (ran.status == 0 && !ran.out.empty())
    return std::vector<uint8_t>(ran.out.begin(), ran.out.end());
  Error failure{.code = ErrorCode::InternalError,
                .subject = "CUDA code does not compile for the emulation"};
  constexpr size_t most = 20; // notes
  for (StringRef line : split(ran.messages, '\n')) {
    if (line.contains("error:") && failure.notes.empty())
      failure.subject += ": " + line.str();
    if (!line.empty() && failure.notes.size() < most)
      failure.notes.push_back(line.str());
  }
  return failure;
}

} // namespace ds
