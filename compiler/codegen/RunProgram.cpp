// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/RunProgram.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace ds {
namespace {

/// A file without a name.
class MemoryFile {
public:
  MemoryFile() : descriptor_(::memfd_create("dsc", MFD_CLOEXEC)) {}
  MemoryFile(const MemoryFile &) = delete;
  ~MemoryFile() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  int descriptor() const { return descriptor_; }

  /// Leaves the position at the beginning, for the program.
  Status write(std::string_view text) {
    while (!text.empty()) {
      ssize_t put = ::write(descriptor_, text.data(), text.size());
      if (put < 0 && errno == EINTR)
        continue;
      if (put <= 0)
        return failed("write");
      text.remove_prefix(size_t(put));
    }
    return ::lseek(descriptor_, 0, SEEK_SET) == 0 ? Status::ok()
                                                  : failed("write");
  }

  Result<std::string> text() const {
    struct stat info;
    if (::fstat(descriptor_, &info) != 0)
      return failed("read");
    std::string text(size_t(info.st_size), '\0');
    for (size_t at = 0; at < text.size();) {
      ssize_t count =
          ::pread(descriptor_, text.data() + at, text.size() - at, off_t(at));
      if (count < 0 && errno == EINTR)
        continue;
      if (count <= 0)
        return failed("read");
      at += size_t(count);
    }
    return text;
  }

private:
  static Error failed(const char *what) {
    return {.code = ErrorCode::OutputCreate,
            .subject = std::string("cannot ") + what +
                       " a temporary file in memory: " + std::strerror(errno)};
  }

  int descriptor_; // below 0: the next write or read says why
};

/// How a program starts: with these streams, and with signals as they are by
/// default, not as this thread blocks or dsc ignores them.
struct Start {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  Start(const MemoryFile &in, const MemoryFile &out,
        const MemoryFile &messages) {
    ::posix_spawn_file_actions_init(&actions);
    int stream = STDIN_FILENO;
    for (const MemoryFile *file : {&in, &out, &messages})
      ::posix_spawn_file_actions_adddup2(&actions, file->descriptor(),
                                         stream++);
    sigset_t none, ignored;
    ::sigemptyset(&none);
    ::sigemptyset(&ignored);
    ::sigaddset(&ignored, SIGPIPE);
    ::sigaddset(&ignored, SIGXFSZ);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &ignored);
    ::posix_spawnattr_setflags(&attributes,
                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Start(const Start &) = delete;
  ~Start() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
};

} // namespace

Result<ProgramRun> runProgram(const std::string &program,
                              std::span<const char *const> arguments,
                              std::string_view input, ErrorCode missing) {
  MemoryFile in, out, messages;
  DS_TRY(in.write(input));
  DS_TRY(out.write(""));
  DS_TRY(messages.write(""));
  Start start(in, out, messages);
  std::vector<char *> words{const_cast<char *>(program.c_str())};
  for (const char *argument : arguments)
    words.push_back(const_cast<char *>(argument));
  words.push_back(nullptr);
  pid_t process = 0;
  int status = 0;
  int why = ::posix_spawn(&process, program.c_str(), &start.actions,
                          &start.attributes, words.data(), environ);
  if (!why) {
    pid_t ended;
    do
      ended = ::waitpid(process, &status, 0);
    while (ended < 0 && errno == EINTR);
    why = ended < 0 ? errno : 0;
  }
  if (why)
    return Error{.code = missing,
                 .subject = program + " cannot be run: " + std::strerror(why)};
  ProgramRun run{
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), {}, {}};
  DS_ASSIGN(run.out, out.text());
  DS_ASSIGN(run.messages, messages.text());
  return run;
}

} // namespace ds
