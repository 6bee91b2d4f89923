// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/Commands.h"
#include "tools/dsc/Explanations.h"
#include "tools/dsc/Print.h"
#include "tools/options/ExitMeaning.h"
#include "tools/options/NearMiss.h"
#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace ds {
namespace {

using Json = nlohmann::ordered_json;

/// "e214" and "214" are E214.
std::string normalised(std::string_view code) {
  if (code.starts_with('e') || code.starts_with('E'))
    code.remove_prefix(1);
  return "E" + std::string(code);
}

const Explanation *find(std::string_view code) {
  for (const Explanation &row : explanations())
    if (nameOf(row.code) == normalised(code) || row.name == code)
      return &row;
  return nullptr;
}

/// Codes that one slip makes of `code`, those of its hundred first.
std::string near(const std::string &code) {
  std::vector<std::string> same, others;
  for (const Explanation &row : explanations()) {
    std::string name = nameOf(row.code);
    if (options::editDistance(name, code) == 1)
      (name.substr(0, 2) == code.substr(0, 2) ? same : others).push_back(name);
  }
  same.insert(same.end(), others.begin(), others.end());
  same.resize(std::min<size_t>(same.size(), 5));
  return same.empty() ? "dsc explain lists all codes"
                      : fmt::format("did you mean {}?", fmt::join(same, ", "));
}

/// Words of `text` in lines of at most 78 columns, all after `indent` spaces.
std::string wrapped(std::string_view text, size_t indent) {
  constexpr size_t most = 78;
  std::string out;
  size_t column = indent;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(' ', at), text.size());
    std::string_view word = text.substr(at, end - at);
    if (at && column + 1 + word.size() > most) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (at) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    at = end + 1;
  }
  return out;
}

Json object(const Explanation &row) {
  return {{"code", nameOf(row.code)},     {"name", row.name},
          {"exit", int(exitOf(row.code))}, {"summary", summaryOf(row.code)},
          {"cause", row.cause},           {"example", row.example},
          {"remedy", row.remedy}};
}

void printOne(const Explanation &row) {
  std::string code = nameOf(row.code);
  printOut("{} {}: {}\n\n", code, row.name, summaryOf(row.code));
  constexpr size_t indent = 11;
  printOut("  cause    {}\n", wrapped(row.cause, indent));
  printOut("  example  {}\n",
           wrapped(fmt::format("error[{}]: {}", code, row.example), indent));
  printOut("  remedy   {}\n", wrapped(row.remedy, indent));
  printOut("  exit     {}: {}\n", int(exitOf(row.code)),
           options::meaningOf(exitOf(row.code)));
}

void printAll() {
  for (const Explanation &row : explanations())
    printOut("{} {:<26} {}\n", nameOf(row.code), row.name,
             summaryOf(row.code));
}

} // namespace

Status runExplain(const ExplainCommand &command) {
  Json json{{"schema", 1}};
  if (command.code.empty()) {
    if (!command.json) {
      printAll();
      return Status::ok();
    }
    for (const Explanation &row : explanations())
      json["errors"].push_back(object(row));
  } else {
    const Explanation *row = find(command.code);
    if (!row)
      return Error{.code = ErrorCode::UsageError,
                   .subject = "explain",
                   .found = command.code,
                   .expected = "the code of an error",
                   .help = near(normalised(command.code))};
    if (!command.json) {
      printOne(*row);
      return Status::ok();
    }
    json.update(object(*row));
  }
  printOut("{}\n", json.dump(1));
  return Status::ok();
}

} // namespace ds
