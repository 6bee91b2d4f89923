// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/Prompts.h"
#include "tools/dsrun/BatchReader.h"
#include "tools/dsrun/TextInput.h"

namespace ds::dsrun {
namespace {

Result<std::vector<BatchPrompt>> givenPrompts(const Options &options) {
  std::vector<BatchPrompt> prompts;
  if (options.ids)
    prompts.push_back(*options.ids);
  else if (options.prompt)
    prompts.push_back(*options.prompt);
  else if (options.promptFile) {
    DS_ASSIGN(std::string text, readText(*options.promptFile));
    if (text.ends_with('\n'))
      text.pop_back();
    prompts.push_back(std::move(text));
  } else if (options.batchFile) {
    DS_ASSIGN(std::string lines, readText(*options.batchFile));
    return readBatch(lines, *options.batchFile);
  }
  return prompts;
}

Result<std::vector<uint32_t>> conversation(const TextPart &text,
                                           std::vector<rt::Message> messages,
                                           const Options &options) {
  if (options.raw)
    return Error{.code = ErrorCode::UsageError,
                 .subject = "--raw conflicts with \"messages\" of the batch"};
  if (options.system)
    messages.insert(messages.begin(), {rt::Role::System, *options.system});
  return text.conversation(messages);
}

/// Errors of a prompt name the file that it was read from.
Status withFile(const Status &status, const Options &options) {
  Status named;
  for (Error error : status.errors()) {
    if (error.file.empty() && options.promptFile)
      error.file =
          *options.promptFile == "-" ? "standard input" : *options.promptFile;
    named.add(std::move(error));
  }
  return named;
}

} // namespace

Result<std::vector<std::vector<uint32_t>>>
readPrompts(const Options &options, const rt::PlanView &plan,
            std::unique_ptr<TextPart> &text) {
  DS_ASSIGN(std::vector<BatchPrompt> prompts, givenPrompts(options));
  const std::string *system = options.system ? &*options.system : nullptr;
  std::vector<std::vector<uint32_t>> result;
  for (BatchPrompt &prompt : prompts) {
    if (auto *ids = std::get_if<std::vector<uint32_t>>(&prompt)) {
      result.push_back(std::move(*ids));
      continue;
    }
    if (!text) {
      DS_ASSIGN(text, TextPart::open(plan, options.raw));
    }
    if (auto *messages = std::get_if<std::vector<rt::Message>>(&prompt)) {
      DS_ASSIGN(result.emplace_back(),
                conversation(*text, std::move(*messages), options));
    } else {
      Result<std::vector<uint32_t>> ids =
          text->prompt(std::get<std::string>(prompt), system);
      if (!ids)
        return withFile(ids.takeStatus(), options);
      result.push_back(*std::move(ids));
    }
  }
  return result;
}

} // namespace ds::dsrun
