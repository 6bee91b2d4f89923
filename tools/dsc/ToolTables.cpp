// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/ToolTables.h"
#include "compiler/Compiler.h"
#include "kernels/Catalog.h"
#include <string_view>

namespace ds {
namespace {

using options::Command;
using options::Option;
using options::Tool;

/// The words that a value of this name can be, where they are few.
std::vector<std::string> wordsOf(std::string_view value) {
  std::vector<std::string> words;
  if (value.starts_with("LEVEL")) {
    for (const kernels::LevelInfo &level : kernels::levels())
      words.emplace_back(level.name);
  } else if (value.starts_with("ARCHITECTURE")) {
    for (const kernels::LevelInfo &level : kernels::architectures())
      words.emplace_back(level.name.substr(kernels::kArchitecturePrefix.size()));
  } else if (value == "STAGE") {
#define STAGE(name, dialects, promise) words.push_back(#name);
#include "compiler/pipeline/Stages.def"
  } else if (value == "TAPS") {
    words = {"hidden", "experts", "hidden,experts"};
  } else if (value == "SHELL") {
    words = {"bash", "zsh", "fish"};
  } else if (value == "[TOOL]") {
    words = {"dsc", "dsrun"};
  } else if (value == "[CODE]") {
#define ERROR(number, name, exit, summary) words.push_back("E" #number);
#include "runtime/base/Errors.def"
  } else if (value.find('|') != value.npos) {
    for (size_t at = 0; at <= value.size();) {
      size_t bar = std::min(value.find('|', at), value.size());
      words.emplace_back(value.substr(at, bar - at));
      at = bar + 1;
    }
  }
  return words;
}

Option option(std::string flags, std::string value, std::string help) {
  std::vector<std::string> words = wordsOf(value);
  return {std::move(flags), std::move(value), std::move(help),
          std::move(words)};
}

const Option kHelp{"-h,--help", "", "the options, on standard output", {}};
const Option kVersion{"--version", "", "the version", {}};
const std::vector<std::pair<std::string, std::string>> kColorVariables = {
    {"NO_COLOR", "not empty: no colour, unless --color asks for it"},
    {"CLICOLOR_FORCE, FORCE_COLOR", "neither empty nor 0: colour everywhere"},
    {"TERM", "dumb: no colour and no progress bar"}};

} // namespace

Tool dscTool() {
  Tool tool{.name = "dsc",
            .version = DS_VERSION,
            .summary = "compiles a DeepSeek checkpoint into one plan, ahead "
                       "of time"};
#define COMMAND(name, operand, operandText, summary)                           \
  tool.commands.push_back(                                                     \
      {#name, summary, operand, operandText, wordsOf(operand), {}});
#include "tools/dsc/Commands.def"
  for (Command &command : tool.commands) {
#define OPTION(commandName, id, spelling, meta, help)                          \
  if (command.name == #commandName ||                                          \
      std::string_view("every") == #commandName)                               \
    command.options.push_back(option(spelling, meta, help));
#include "tools/dsc/Options.def"
    command.options.push_back(kHelp);
  }
  tool.options = {kHelp, kVersion};
  tool.environment = kColorVariables;
  tool.environment.insert(
      tool.environment.end(),
      {{"DSC_NVRTC", "the NVRTC library (libnvrtc.so.13) for --target=cuda; no "
                     "other place is looked in then"},
       {"CUDA_HOME, CUDA_PATH", "a CUDA toolkit, for its NVRTC"},
       {"XDG_CACHE_HOME", "where dsc/ keeps compiled CUDA code; ~/.cache where "
                          "it is not set"}});
  tool.examples = {
      {"dsc compile DeepSeek-R1 -o r1.plan --ctx 32K",
       "Compile a checkpoint folder for prompts and answers of 32768 tokens:"},
      {"dsc inspect r1.plan --why",
       "See what the plan needs, and why each kernel was chosen:"},
      {"dsc compile DeepSeek-R1 -o r1.plan --target=cuda --sm=90a,80",
       "Compile it for GPUs of two architectures:"},
      {"dsc doctor DeepSeek-R1", "Ask whether this machine is fit for it:"}};
  return tool;
}

Tool dsrunTool() {
  Tool tool{.name = "dsrun",
            .version = DS_VERSION,
            .summary = "answers prompts with a plan that dsc has compiled",
            .twin = {"dsrun-emu", "the same program; it also runs plans of dsc "
                                  "compile --target=cuda-emu"}};
  Command all{.summary = tool.summary,
              .operand = "PLAN",
              .operandText = "the compiled model",
              .leading = {"ppl", "measure a text instead of answering"}};
#define OPTION(flags, field, value, group, text)                               \
  all.options.push_back(option(flags, value, text));
#include "tools/dsrun/Options.def"
  all.options.push_back(kHelp);
  all.options.push_back(kVersion);
  tool.commands.push_back(std::move(all));
  tool.environment = kColorVariables;
  tool.environment.push_back(
      {"XDG_STATE_HOME", "where ds/history keeps the lines of --chat; "
                         "~/.local/state where it is not set"});
  tool.examples = {
      {"dsrun r1.plan -p \"Add 59 and 65.\"", "Ask one question:"},
      {"dsrun r1.plan -f - <notes.txt", "Read the prompt from standard input:"},
      {"dsrun ppl fp8.plan -f text.txt --against bf16.plan",
       "Measure a text: perplexity, and how far another plan's words are:"},
      {"dsrun r1.plan --chat --system \"Answer in one line.\"",
       "Talk; /help lists the commands there:"}};
  return tool;
}

} // namespace ds
