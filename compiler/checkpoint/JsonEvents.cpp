// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/JsonEvents.h"
#include <algorithm>
#include <nlohmann/json.hpp>

namespace ds::checkpoint {
namespace {

using Json = nlohmann::json;

/// Between the library's events and ours: counts depth, keeps the error.
class Adapter : public nlohmann::json_sax<Json> {
public:
  Adapter(JsonEvents &events, const std::string &file)
      : events_(events), file_(file) {}

  bool null() override { return events_.onNull(); }
  bool boolean(bool value) override { return events_.onBool(value); }
  bool number_unsigned(uint64_t value) override {
    return events_.onUnsigned(value);
  }
  bool number_integer(int64_t value) override {
    // "-0" arrives here, too, and is not an unsigned integer.
    return events_.onNumber(double(value),
                            value ? std::to_string(value) : "-0");
  }
  bool number_float(double value, const std::string &spelling) override {
    return events_.onNumber(value, spelling);
  }
  bool string(std::string &value) override { return events_.onString(value); }
  bool binary(Json::binary_t &) override { return false; }
  bool key(std::string &value) override { return events_.onKey(value); }
  bool start_object(size_t) override { return begin(true); }
  bool start_array(size_t) override { return begin(false); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool parse_error(size_t position, const std::string &token,
                   const nlohmann::detail::exception &error) override {
    failed = true;
    failedAt = position;
    lastToken = token;
    reason = error.what();
    return false;
  }

  bool failed = false;
  size_t failedAt = 0; // bytes read, the failing one included
  std::string lastToken, reason;

private:
  bool begin(bool isObject) {
    if (++depth_ > kMaxJsonDepth) {
      events_.failure.add(
          Error{.code = ErrorCode::JsonDepth,
                .file = file_,
                .subject = "nesting depth",
                .found = std::to_string(depth_),
                .expected = "at most " + std::to_string(kMaxJsonDepth)});
      return false;
    }
    return events_.onBegin(isObject);
  }
  bool end() {
    --depth_;
    return events_.onEnd();
  }

  JsonEvents &events_;
  const std::string &file_;
  unsigned depth_ = 0;
};

std::string placeOf(std::string_view text, size_t position,
                    std::optional<uint64_t> firstByte) {
  if (firstByte)
    return "byte " + std::to_string(*firstByte + position);
  std::string_view before = text.substr(0, position);
  size_t line = 1 + size_t(std::count(before.begin(), before.end(), '\n'));
  size_t start = before.rfind('\n');
  size_t column = start == before.npos ? position : position - start - 1;
  return std::to_string(line) + ":" + std::to_string(column + 1);
}

} // namespace

Status parseJson(std::string_view text, const std::string &file,
                 JsonEvents &events, std::optional<uint64_t> firstByte) {
  Error error{.code = ErrorCode::JsonSyntax, .file = file};
  if (text.starts_with("\xEF\xBB\xBF") || text.starts_with("\xFE\xFF") ||
      text.starts_with("\xFF\xFE")) {
    error.where = placeOf(text, 0, firstByte);
    error.found = "a byte-order mark";
    error.expected = "UTF-8 without one";
    return error;
  }
  // The library takes a zero byte for the end of the text.
  if (size_t zero = text.find('\0'); zero != text.npos) {
    error.where = placeOf(text, zero, firstByte);
    error.found = "a zero byte";
    error.expected = "JSON text";
    return error;
  }
  if (text.starts_with("version https://git-lfs.github.com/")) {
    error.found = "a Git LFS pointer (" + std::to_string(text.size()) +
                  " bytes)";
    error.expected = "JSON";
    error.help = "download the file itself";
    return error;
  }
  Adapter adapter(events, file);
  if (Json::sax_parse(text.begin(), text.end(), &adapter))
    return Status::ok();
  if (!adapter.failed)
    return std::move(events.failure);
  size_t at = adapter.failedAt ? adapter.failedAt - 1 : 0;
  error.where = placeOf(text, std::min(at, text.size()), firstByte);
  // The library's sentence: `... - invalid string: REASON; last read: '...'`.
  constexpr std::string_view invalid = "invalid string: ", mark = "; expected ";
  size_t reason = adapter.reason.find(invalid);
  size_t expected = adapter.reason.find(mark);
  if (adapter.reason.find("UTF-8") != std::string::npos)
    error.subject =
        "invalid UTF-8 at byte " + std::to_string(firstByte.value_or(0) + at);
  else if (at >= text.size())
    error.found = "end of file";
  else
    error.found = adapter.lastToken;
  if (error.subject.empty() && reason != std::string::npos)
    error.subject = adapter.reason.substr(
        reason, adapter.reason.find("; last read") - reason);
  error.expected = expected == std::string::npos
                       ? "well-formed JSON"
                       : adapter.reason.substr(expected + mark.size());
  return error;
}

} // namespace ds::checkpoint
