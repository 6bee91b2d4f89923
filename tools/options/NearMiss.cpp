// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/options/NearMiss.h"
#include <algorithm>

namespace ds::options {

size_t editDistance(std::string_view a, std::string_view b) {
  // Row i holds the distances of a's first i letters to all beginnings of b.
  std::vector<size_t> twoBack, previous(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      bool isSame = a[i - 1] == b[j - 1];
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1,
                         previous[j - 1] + (isSame ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], twoBack[j - 2] + 1);
    }
    twoBack = std::exchange(previous, row);
  }
  return previous[b.size()];
}

std::string nearMiss(std::string_view given,
                     std::span<const std::string> known) {
  constexpr size_t longest = 64; // bytes; more is no slip of a finger
  if (given.size() > longest)
    return {};
  const std::string *best = nullptr;
  size_t least = 0;
  for (const std::string &word : known) {
    size_t distance = editDistance(given, word);
    if (given.size() >= 3 && word.starts_with(given))
      distance = 1;
    size_t most = std::max<size_t>(std::max(given.size(), word.size()) / 3, 1);
    if (distance <= most && distance < word.size() &&
        (!best || distance < least)) {
      best = &word;
      least = distance;
    }
  }
  return best ? *best : std::string();
}

std::string suggestion(std::string_view given,
                       std::span<const std::string> known) {
  std::string word = nearMiss(given, known);
  return word.empty() ? word : "did you mean " + word + "?";
}

std::vector<std::string> spellings(std::string_view flags) {
  std::vector<std::string> list;
  for (size_t at = 0; at <= flags.size();) {
    size_t comma = std::min(flags.find(',', at), flags.size());
    list.emplace_back(flags.substr(at, comma - at));
    at = comma + 1;
  }
  return list;
}

Error unknownOption(std::string_view given,
                    std::span<const std::string_view> flags) {
  std::string_view name = given.substr(0, given.find('='));
  // Dashes are left out, so that they count for no likeness.
  std::string_view bare = name;
  bare.remove_prefix(std::min(bare.find_first_not_of('-'), bare.size()));
  std::vector<std::string> known;
  for (std::string_view row : flags)
    for (const std::string &spelling : spellings(row))
      if (spelling.starts_with("--"))
        known.push_back(spelling.substr(2));
  std::string word = nearMiss(bare, known);
  return {.code = ErrorCode::UsageError,
          .where = std::string(name),
          .subject = "unknown option",
          .help = word.empty() ? word : "did you mean --" + word + "?"};
}

} // namespace ds::options
