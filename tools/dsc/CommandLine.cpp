// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/CommandLine.h"
#include "compiler/Compiler.h"
#include "kernels/Catalog.h"
#include "tools/dsc/Version.h"
#include <CLI/CLI.hpp>
#include <charconv>
#include <map>

namespace ds {
namespace {

/// What the user wrote: values by option identifier, of one command.
struct Written {
  std::map<std::string, std::string> values;
  std::map<std::string, bool> switches;
  std::string input;

  bool has(const std::string &id) const {
    auto found = values.find(id);
    return found != values.end() && !found->second.empty();
  }
  const std::string &value(const std::string &id) const {
    return values.at(id);
  }
};

Error usage(std::string option, std::string found, std::string expected) {
  return {.code = ErrorCode::UsageError,
          .subject = std::move(option),
          .found = std::move(found),
          .expected = std::move(expected)};
}

/// Switches that only make sense with, or without, another.
Status checkSwitches(const CompileCommand &command) {
  if (command.quiet && command.verbose)
    return Error{.code = ErrorCode::UsageError,
                 .subject = "-q: conflicts with -v"};
  if (command.options.allowNonfinite && !command.options.checkWeights)
    return Error{.code = ErrorCode::UsageError,
                 .subject = "--allow-nonfinite: needs --check-weights"};
  return Status::ok();
}

/// A count that may end in K or M (1024, 1024 * 1024).
Result<uint32_t> readCount(const std::string &option, const std::string &text,
                           uint32_t most) {
  uint64_t value = 0;
  const char *end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && rest + 1 == end && (*rest == 'K' || *rest == 'M'))
    value *= *rest++ == 'K' ? 1024 : 1024 * 1024;
  if (error != std::errc() || rest != end || value == 0 || value > most)
    return usage(option, text, "a count 1.." + std::to_string(most));
  return uint32_t(value);
}

/// One of a few words.
template <class T>
Result<T> readWord(const std::string &option, const std::string &text,
                   const std::map<std::string, T> &words) {
  auto found = words.find(text);
  if (found != words.end())
    return found->second;
  std::string all;
  for (auto &[word, value] : words)
    all += (all.empty() ? "" : ", ") + word;
  return usage(option, text, "one of " + all);
}

std::vector<std::string> splitAtCommas(const std::string &text) {
  std::vector<std::string> words;
  for (size_t at = 0; at <= text.size();) {
    size_t comma = std::min(text.find(',', at), text.size());
    words.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return words;
}

Status readTaps(const std::string &text, CompileOptions &options) {
  for (const std::string &word : splitAtCommas(text)) {
    if (word == "hidden")
      options.tapHidden = true;
    else if (word == "experts")
      options.tapExperts = true;
    else
      return usage("--taps", word, "hidden, experts, or both with a comma");
  }
  return Status::ok();
}

Result<Command> compileCommand(const Written &written) {
  CompileCommand command;
  CompileOptions &options = command.options;
  options.input = written.input;
  command.quiet = written.switches.at("quiet");
  command.verbose = written.switches.at("verbose");
  options.explain = written.switches.at("explain");
  options.bundle = written.switches.at("bundle");
  options.strict = written.switches.at("strict");
  options.strictFiles = written.switches.at("strictFiles");
  options.checkWeights = written.switches.at("checkWeights");
  options.allowNonfinite = written.switches.at("allowNonfinite");
  DS_TRY(checkSwitches(command));
  if (!written.has("output"))
    return usage("-o", "nothing", "the plan to write");
  options.output = written.value("output");
  if (written.has("ctx")) {
    DS_ASSIGN(options.context,
              readCount("--ctx", written.value("ctx"), 1 << 24));
  }
  if (written.has("chunk")) {
    DS_ASSIGN(options.chunk,
              readCount("--chunk", written.value("chunk"), 1 << 16));
  }
  if (written.has("cpu")) {
    std::map<std::string, std::string> names;
    for (const kernels::LevelInfo &level : kernels::levels())
      names.emplace(level.name, level.name);
    for (const std::string &word : splitAtCommas(written.value("cpu"))) {
      DS_ASSIGN(std::string level, readWord("--cpu", word, names));
      options.levels.push_back(std::move(level));
    }
  }
  if (written.has("kernels")) {
    DS_ASSIGN(options.kernels,
              readWord<KernelChoice>("--kernels", written.value("kernels"),
                                     {{"native", KernelChoice::Native},
                                      {"reference", KernelChoice::Reference}}));
  }
  if (written.has("forceMla")) {
    DS_ASSIGN(options.mla,
              readWord<MLAForm>("--force-mla", written.value("forceMla"),
                                {{"expanded", MLAForm::Expanded},
                                 {"absorbed", MLAForm::Absorbed}}));
  }
  if (written.has("chatFormat")) {
    DS_ASSIGN(
        options.chatFormat,
        readWord<std::string>("--chat-format", written.value("chatFormat"),
                              {{"v3", "v3"}, {"r1", "r1"}, {"none", "none"}}));
  }
  if (written.has("taps"))
    DS_TRY(readTaps(written.value("taps"), options));
  if (written.has("stopAfter")) {
    std::map<std::string, Stage> stages;
#define STAGE(name, dialects, promise) stages[#name] = Stage::name;
#include "compiler/pipeline/Stages.def"
    DS_ASSIGN(options.stopAfter,
              readWord("--stop-after", written.value("stopAfter"), stages));
  }
  if (options.output == "-" && !options.stopAfter)
    return usage("-o", "-",
                 "a file; only --stop-after writes to standard output");
  return Command(std::move(command));
}

Result<Command> inspectCommand(const Written &written) {
  return Command(InspectCommand{written.input, written.switches.at("json"),
                                written.switches.at("steps"),
                                written.switches.at("weights")});
}

void addOptions(CLI::App &app, const std::string &command, Written &written) {
#define OPTION(commandName, id, spelling, meta, help)                          \
  if (command == #commandName) {                                               \
    if (std::string_view(meta).empty())                                        \
      app.add_flag(spelling, written.switches[#id], help);                     \
    else                                                                       \
      app.add_option(spelling, written.values[#id], help)->type_name(meta);    \
  }
#include "tools/dsc/Options.def"
}

} // namespace

Result<Command> parseCommandLine(int argc, const char *const *argv) {
  CLI::App app{"dsc compiles a DeepSeek checkpoint folder into one plan, ahead "
               "of time.",
               "dsc"};
  app.set_version_flag("--version", versionText());
  app.require_subcommand(1);
  Written compileWritten, inspectWritten;
  CLI::App *compileApp = app.add_subcommand(
      "compile", "checkpoint folder (or its config.json) to plan");
  compileApp
      ->add_option("CHECKPOINT", compileWritten.input,
                   "checkpoint folder, or its config.json")
      ->required();
  addOptions(*compileApp, "compile", compileWritten);
  CLI::App *inspectApp = app.add_subcommand(
      "inspect",
      "what a plan holds: sections, memory, steps, kernels, weights");
  inspectApp->add_option("PLAN", inspectWritten.input, "a plan")->required();
  addOptions(*inspectApp, "inspect", inspectWritten);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    for (CLI::App *chosen : app.get_subcommands())
      return Command(PrintCommand{chosen->help("dsc")});
    return Command(PrintCommand{app.help()});
  } catch (const CLI::CallForVersion &) {
    return Command(PrintCommand{versionText() + "\n"});
  } catch (const CLI::ParseError &error) {
    return Error{.code = ErrorCode::UsageError,
                 .subject = error.what(),
                 .help = "dsc --help lists commands and options"};
  }
  if (compileApp->parsed())
    return compileCommand(compileWritten);
  return inspectCommand(inspectWritten);
}

} // namespace ds
