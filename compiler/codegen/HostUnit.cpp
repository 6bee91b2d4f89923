// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/HostUnit.h"
#include <cerrno>
#include <fmt/format.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/Program.h>
#include <llvm/Support/raw_ostream.h>
#include <optional>
#include <sys/mman.h>
#include <unistd.h>

using namespace llvm;

namespace ds {
namespace {

// As the kernels are compiled for tests, but no dearer to compile than it must
// be: what runs is the emulation.
constexpr const char *kCompile[] = {"-x",
                                    "c++",
                                    "-c",
                                    "-std=c++20",
                                    "-O1",
                                    "-fPIC",
                                    "-nostdinc++",
                                    "-march=x86-64-v3",
                                    "-fno-ident",
                                    "-fno-exceptions",
                                    "-fno-rtti",
                                    "-fno-math-errno",
                                    "-w",
                                    "-ffp-contract=off",
                                    "-fvisibility=hidden"};
constexpr const char *kLink[] = {"-shared", "-nostdlib", "-fuse-ld=lld"};

/// A file without a name: whatever ends this process, none is left behind.
class MemoryFile {
public:
  MemoryFile() = default;
  MemoryFile(const MemoryFile &) = delete;
  ~MemoryFile() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }

  Status create(StringRef text = "") {
    descriptor_ = ::memfd_create("dsc", MFD_CLOEXEC);
    if (descriptor_ < 0)
      return failed(std::error_code(errno, std::generic_category()));
    raw_fd_ostream stream(descriptor_, /*shouldClose=*/false);
    stream << text;
    stream.flush();
    std::error_code error = stream.error();
    stream.clear_error();
    return error ? failed(error) : Status::ok();
  }
  /// By which another process opens it, as long as this object lives.
  std::string path() const {
    return fmt::format("/proc/{}/fd/{}", ::getpid(), descriptor_);
  }
  std::string text() const {
    auto buffer = MemoryBuffer::getFile(path());
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  }

private:
  static Error failed(std::error_code why) {
    return {.code = ErrorCode::OutputCreate,
            .subject =
                "cannot create a temporary file in memory: " + why.message()};
  }

  int descriptor_ = -1;
};

Error missing(const std::string &clang, const std::string &why) {
  return {.code = ErrorCode::ClangMissing,
          .subject = clang.empty() ? "clang++-22 was not found on PATH"
                                   : clang + " cannot be run: " + why};
}

struct Ran {
  int status;
  std::string out, messages;
};

/// Runs clang with `text` as its standard input. It needs no temporary files
/// where it only compiles or only links, and from and to streams.
Result<Ran> run(const std::string &clang, ArrayRef<StringRef> arguments,
                StringRef text) {
  MemoryFile in, out, messages;
  DS_TRY(in.create(text));
  DS_TRY(out.create());
  DS_TRY(messages.create());
  std::string inPath = in.path(), outPath = out.path(),
              messagesPath = messages.path();
  std::optional<StringRef> streams[] = {inPath, outPath, messagesPath};
  SmallVector<StringRef> words{clang};
  words.append(arguments.begin(), arguments.end());
  std::string why;
  int status =
      sys::ExecuteAndWait(clang, words, std::nullopt, streams,
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
  key.insert(key.end(), std::begin(kCompile), std::end(kCompile));
  key.insert(key.end(), std::begin(kLink), std::end(kLink));
  return key;
}

Result<std::vector<uint8_t>> compileHostUnit(const std::string &unit,
                                             const std::string &clang) {
  if (clang.empty())
    return missing(clang, "");
  auto made = [&](ArrayRef<const char *> flags, StringRef input,
                  StringRef text) {
    SmallVector<StringRef> arguments(flags.begin(), flags.end());
    arguments.append({"-o", "-", input});
    return run(clang, arguments, text);
  };
  // From standard input, so that no path gets into the object.
  DS_ASSIGN(Ran ran, made(kCompile, "-", unit));
  if (ran.status == 0) {
    MemoryFile object;
    DS_TRY(object.create(ran.out));
    DS_ASSIGN(ran, made(kLink, object.path(), ""));
  }
  if (ran.status == 0)
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
