// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/HostUnit.h"
#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/FileUtilities.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/Program.h>
#include <llvm/Support/raw_ostream.h>
#include <optional>

using namespace llvm;

namespace ds {
namespace {

// As the kernels are compiled for tests, but no dearer to compile than it must
// be: what runs is the emulation.
constexpr const char *kFlags[] = {
    "-x",          "c++",
    "-std=c++20",  "-O1",
    "-shared",     "-fPIC",
    "-nostdlib",   "-fuse-ld=lld",
    "-nostdinc++", "-march=x86-64-v3",
    "-fno-ident",  "-fno-exceptions",
    "-fno-rtti",   "-fno-math-errno",
    "-w",          "-ffp-contract=off",
    "-fvisibility=hidden"};

/// A file that goes away with this object.
struct Temporary {
  SmallString<128> path;
  FileRemover remover;

  bool create(StringRef suffix) {
    if (sys::fs::createTemporaryFile("dsc", suffix, path))
      return false;
    remover.setFile(path);
    return true;
  }
  std::string text() const {
    auto buffer = MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  }
};

Error missing(const std::string &clang, const std::string &why) {
  return {.code = ErrorCode::ClangMissing,
          .subject = clang.empty() ? "clang++-22 was not found on PATH"
                                   : clang + " cannot be run: " + why};
}

Error noTemporary() {
  return {.code = ErrorCode::OutputCreate,
          .subject = "cannot create a temporary file"};
}

struct Ran {
  int status;
  std::string out, messages;
};

/// Runs clang with `input` as its standard input.
Result<Ran> run(const std::string &clang, ArrayRef<StringRef> arguments,
                StringRef input) {
  Temporary out, messages;
  if (!out.create("out") || !messages.create("log"))
    return noTemporary();
  std::optional<StringRef> streams[] = {input, StringRef(out.path),
                                        StringRef(messages.path)};
  SmallVector<StringRef> words{clang};
  words.append(arguments.begin(), arguments.end());
  std::string why;
  int status = sys::ExecuteAndWait(clang, words, std::nullopt, streams,
                                   /*SecondsToWait=*/0, /*MemoryLimit=*/0, &why);
  if (status < 0)
    return missing(clang, why);
  return Ran{status, out.text(), messages.text()};
}

} // namespace

Result<std::vector<std::string>> hostUnitKey(const std::string &clang) {
  if (clang.empty())
    return missing(clang, "");
  DS_ASSIGN(Ran version, run(clang, {"--version"}, ""));
  std::vector<std::string> key{version.out};
  key.insert(key.end(), std::begin(kFlags), std::end(kFlags));
  return key;
}

Result<std::vector<uint8_t>> compileHostUnit(const std::string &unit,
                                             const std::string &clang) {
  if (clang.empty())
    return missing(clang, "");
  Temporary source, object;
  if (!source.create("cpp") || !object.create("so"))
    return noTemporary();
  std::error_code error;
  raw_fd_ostream stream(source.path, error);
  stream << unit;
  stream.close();
  if (error || stream.has_error()) {
    stream.clear_error();
    return noTemporary();
  }
  SmallVector<StringRef> arguments(std::begin(kFlags), std::end(kFlags));
  // From standard input, so that no path gets into the object.
  arguments.append({"-o", object.path, "-"});
  DS_ASSIGN(Ran compiled, run(clang, arguments, source.path));
  if (compiled.status == 0) {
    std::string bytes = object.text();
    return std::vector<uint8_t>(bytes.begin(), bytes.end());
  }
  Error failure{.code = ErrorCode::InternalError,
                .subject = "CUDA code does not compile for the emulation"};
  constexpr size_t most = 20; // notes
  for (StringRef line : split(compiled.messages, '\n')) {
    if (line.contains("error:") && failure.notes.empty())
      failure.subject += ": " + line.str();
    if (!line.empty() && failure.notes.size() < most)
      failure.notes.push_back(line.str());
  }
  return failure;
}

} // namespace ds
