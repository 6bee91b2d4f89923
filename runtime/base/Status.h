// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Errors as values, for both halves. Nothing here throws.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ds {

/// Exit statuses of every tool; `128 + signal` is added by the signal handling.
enum class Exit : uint8_t {
  Success = 0,
  Internal = 1,    // our bug
  Usage = 2,       // command line
  Invalid = 3,     // model input or prompt is wrong
  Unsupported = 4, // valid, not supported
  InputOutput = 5, // I/O or permission
  Limit = 6,       // a stated limit is exceeded
  Rejected = 7,    // plan corrupt, truncated, unverifiable
  Unfit = 8,       // plan does not fit this machine or runtime
  Device = 9,
  Numerical = 10,
  Distributed = 11,
  Server = 12,
};

/// One name per row of Errors.def.
enum class ErrorCode : uint16_t {
#define ERROR(number, name, exit, summary) name = number,
#include "runtime/base/Errors.def"
};

Exit exitOf(ErrorCode code);
/// "E214".
std::string nameOf(ErrorCode code);
/// The row's one-sentence summary.
std::string_view summaryOf(ErrorCode code);

/// What is printed as `error[Ennn]: FILE:WHERE: SUBJECT: found X, expected Y`;
/// empty parts are left out. Parts may hold untrusted bytes: message() escapes
/// control characters, bidi marks and invalid UTF-8 and cuts each part at 120
/// characters.
struct Error {
  ErrorCode code;
  std::string file = {};  // as the user named it
  std::string where = {}; // "line:column", "/json/pointer", "byte 12"
  std::string subject =
      {}; // `key "hidden_size"`, `tensor T`, or a whole sentence
  std::string found = {};              // without the word "found"
  std::string expected = {};           // without the word "expected"
  std::vector<std::string> notes = {}; // each printed as "note: …"
  std::string help = {};               // printed as "help: …"

  /// One line, without a tool's name: `error[E214]: …`.
  std::string message() const;
};

/// Success, or one or more errors in the order they are to be printed.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Error error) { add(std::move(error)); }
  static Status ok() { return {}; }

  bool isOk() const { return !errors_; }
  explicit operator bool() const { return isOk(); }
  void add(Error error);
  void add(Status other); // appends the other's errors
  const std::vector<Error> &errors() const;
  /// Of the first error; Success when there is none.
  Exit exit() const;
  /// Up to 20 errors, a line each, then "and N more"; notes and help follow
  /// their error. `tool` is the program's name ("dsc").
  std::string text(std::string_view tool) const;

private:
  std::unique_ptr<std::vector<Error>> errors_;
};

/// A value, or the errors that prevented it.
template <class T>
class [[nodiscard]] Result {
public:
  Result(T value) : state_(std::move(value)) {}
  Result(Status status) : state_(std::move(status)) {}
  Result(Error error) : state_(Status(std::move(error))) {}

  bool isOk() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return isOk(); }
  T &operator*() { return *std::get_if<T>(&state_); }
  const T &operator*() const { return *std::get_if<T>(&state_); }
  T *operator->() { return std::get_if<T>(&state_); }
  const T *operator->() const { return std::get_if<T>(&state_); }
  /// Only when !isOk(): moves the errors out.
  Status takeStatus() { return std::move(*std::get_if<Status>(&state_)); }

private:
  std::variant<T, Status> state_;
};

/// Untrusted text made printable: escapes, then cut at `limit` characters.
std::string printable(std::string_view text, size_t limit = 120);

} // namespace ds

#define DS_CONCAT_(a, b) a##b
#define DS_CONCAT(a, b) DS_CONCAT_(a, b)
/// Returns the errors of a Status expression to the caller.
#define DS_TRY(expression)                                                     \
  do {                                                                         \
    if (::ds::Status dsStatus = (expression); !dsStatus)                       \
      return dsStatus;                                                         \
  } while (false)
/// DS_ASSIGN(auto x, expression): x is the value of a Result, or its errors are
/// returned to the caller.
#define DS_ASSIGN(target, expression)                                          \
  auto DS_CONCAT(dsResult, __LINE__) = (expression);                           \
  if (!DS_CONCAT(dsResult, __LINE__))                                          \
    return DS_CONCAT(dsResult, __LINE__).takeStatus();                         \
  target = std::move(*DS_CONCAT(dsResult, __LINE__))
