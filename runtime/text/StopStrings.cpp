// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/StopStrings.h"
#include "runtime/text/Utf8.h"
#include <algorithm>
#include <utility>

namespace ds::rt {
namespace {

/// The longest prefix of `text` that ends with `byte` after the prefix of
/// `length` bytes has been seen.
uint32_t extended(std::string_view text, std::span<const uint32_t> borders,
                  uint32_t length, char byte) {
  while (length != 0 && (length == text.size() || text[length] != byte))
    length = borders[length];
  return text[length] == byte ? length + 1 : 0;
}

} // namespace

Result<StopStrings> StopStrings::create(const Tokenizer &tokenizer,
                                        std::vector<std::string> texts) {
  auto refused = [](std::string found) {
    return Error{.code = ErrorCode::SamplingOption,
                 .subject = "--stop",
                 .found = std::move(found),
                 .expected = "at least one character of UTF-8"};
  };
  StopStrings self;
  self.tokenizer_ = &tokenizer;
  for (std::string &bytes : texts) {
    if (bytes.empty())
      return refused("an empty text");
    if (findInvalidUtf8(bytes) != std::string::npos)
      return refused('"' + bytes + '"');
    std::vector<uint32_t> borders(bytes.size() + 1, 0);
    for (uint32_t length = 1; length < bytes.size(); ++length)
      borders[length + 1] =
          extended(bytes, borders, borders[length], bytes[length]);
    self.texts_.push_back({std::move(bytes), std::move(borders)});
  }
  return self;
}

StopMatcher::StopMatcher(const StopStrings *strings)
    : strings_(strings), matched_(strings ? strings->texts_.size() : 0) {}

std::optional<StopMatcher::Match> StopMatcher::push(std::string_view bytes) {
  for (size_t at = 0; !matched_.empty() && at < bytes.size(); ++at) {
    size_t longest = 0;
    for (size_t i = 0; i < matched_.size(); ++i) {
      const StopStrings::Text &text = strings_->texts_[i];
      matched_[i] = extended(text.bytes, text.borders, matched_[i], bytes[at]);
      if (matched_[i] == text.bytes.size())
        longest = std::max(longest, text.bytes.size());
    }
    if (longest != 0)
      return Match{at + 1, longest};
  }
  return std::nullopt;
}

size_t StopMatcher::held() const {
  return matched_.empty() ? 0 : *std::ranges::max_element(matched_);
}

void StopFilter::push(std::string_view bytes, std::string &out) {
  if (ended_)
    return;
  auto match = matcher_.push(bytes);
  size_t certain = held_.size() + bytes.size() - matcher_.held();
  if (match)
    certain = held_.size() + match->end - match->length;
  held_ += bytes;
  out.append(held_, 0, certain);
  held_.erase(0, certain);
  ended_ = match.has_value();
}

void StopFilter::finish(std::string &out) {
  if (!ended_)
    out += std::exchange(held_, {});
}

} // namespace ds::rt
