// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/InlineIncludes.h"
#include <algorithm>
#include <set>

namespace ds {
namespace {

/// What a line includes, empty if it is no #include: `"a.h"` or `<a.h>`.
std::string_view includedBy(std::string_view line) {
  constexpr std::string_view directive = "#include ";
  return line.starts_with(directive) ? line.substr(directive.size())
                                     : std::string_view();
}

std::string_view unquoted(std::string_view name) {
  return name.substr(1, name.size() - 2);
}

/// Calls `visit` with every line.
template <class Visit>
Status forLines(std::string_view text, Visit &&visit) {
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    DS_TRY(visit(text.substr(at, end - at)));
    at = end + 1;
  }
  return Status::ok();
}

class Inliner {
public:
  explicit Inliner(std::span<const KernelSource> sources) : sources_(sources) {}

  Status add(std::string_view path);
  std::string take() { return std::move(text_); }

private:
  Result<std::string_view> textOf(std::string_view path) const;
  Status addNeedsOf(std::string_view path);

  std::span<const KernelSource> sources_;
  std::set<std::string_view> seen_;
  std::string text_;
};

Result<std::string_view> Inliner::textOf(std::string_view path) const {
  auto found = std::ranges::find(sources_, path, &KernelSource::path);
  if (found == sources_.end())
    return Error{.code = ErrorCode::InternalError,
                 .subject = "no kernel header " + std::string(path)};
  return found->text;
}

/// Adds what the header includes, not the header.
Status Inliner::addNeedsOf(std::string_view path) {
  DS_ASSIGN(std::string_view text, textOf(path));
  return forLines(text, [&](std::string_view line) {
    std::string_view name = includedBy(line);
    return name.starts_with('"') ? add(unquoted(name)) : Status::ok();
  });
}

Status Inliner::add(std::string_view path) {
  if (!seen_.insert(path).second)
    return Status::ok();
  DS_ASSIGN(std::string_view text, textOf(path));
  int depth = 0; // of #if
  DS_TRY(forLines(text, [&](std::string_view line) {
    depth += line.starts_with("#if");
    depth -= line.starts_with("#endif");
    std::string_view name = includedBy(line);
    return depth && name.starts_with('"') ? addNeedsOf(unquoted(name))
                                          : Status::ok();
  }));
  // Its includes at depth 0 come first, so that its own text is in one piece.
  DS_TRY(forLines(text, [&](std::string_view line) {
    depth += line.starts_with("#if");
    depth -= line.starts_with("#endif");
    std::string_view name = includedBy(line);
    return !depth && name.starts_with('"') ? add(unquoted(name)) : Status::ok();
  }));
  text_ += "\n//===-- " + std::string(path) + "\n";
  return forLines(text, [&](std::string_view line) {
    depth += line.starts_with("#if");
    depth -= line.starts_with("#endif");
    std::string_view name = includedBy(line);
    if (name.starts_with('"'))
      return depth ? add(unquoted(name)) : Status::ok();
    bool isRepeated = name.starts_with('<') && !depth &&
                      !seen_.insert(name).second;
    if (isRepeated || line.starts_with("#pragma once") ||
        line.starts_with("// SPDX-License-Identifier"))
      return Status::ok();
    text_.append(line).push_back('\n');
    return Status::ok();
  });
}

} // namespace

Result<std::string> inlineIncludes(std::span<const std::string_view> roots,
                                   std::span<const KernelSource> sources) {
  Inliner inliner(sources);
  for (std::string_view root : roots)
    DS_TRY(inliner.add(root));
  return inliner.take();
}

} // namespace ds
