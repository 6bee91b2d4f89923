// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/CommandLine.h"
#include "compiler/Compiler.h"
#include "kernels/Catalog.h"
#include "tools/dsc/ToolTables.h"
#include "tools/dsc/Version.h"
#include "tools/options/Completion.h"
#include "tools/options/Manual.h"
#include "tools/options/NearMiss.h"
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

Error usage(std::string option, std::string found, std::string expected,
            std::string help = {}) {
  return {.code = ErrorCode::UsageError,
          .subject = std::move(option),
          .found = std::move(found),
          .expected = std::move(expected),
          .help = std::move(help)};
}

/// Switches that only make sense with, or without, another.
Status checkSwitches(const CompileCommand &command) {
  if (command.quiet && command.verbose)
    return Error{.code = ErrorCode::UsageError,
                 .subject = "-q: conflicts with -v"};
  if (command.options.allowNonfinite && !command.options.checkWeights &&
      !command.options.bundle)
    return Error{.code = ErrorCode::UsageError,
                 .subject =
                     "--allow-nonfinite: needs --check-weights or --bundle"};
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
  std::vector<std::string> known;
  for (auto &[word, value] : words) {
    all += (all.empty() ? "" : ", ") + word;
    known.push_back(word);
  }
  return usage(option, text, "one of " + all,
               options::suggestion(text, known));
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
      return usage("--taps", word, "hidden, experts, or both with a comma",
                   options::suggestion(
                       word, std::vector<std::string>{"hidden", "experts"}));
  }
  return Status::ok();
}

/// --target, --cpu and --sm.
Status readTarget(const Written &written, Target &target) {
  if (written.has("target")) {
    DS_ASSIGN(target.kind, readWord<TargetKind>(
                               "--target", written.value("target"),
                               {{"cpu", TargetKind::CPU},
                                {"cuda", TargetKind::CUDA},
                                {"cuda-emu", TargetKind::CUDAEmu}}));
  }
  std::string other = target.isGPU() ? "cpu" : "sm";
  if (written.has(other))
    return usage("--" + other, "--target=" + std::string(nameOf(target.kind)),
                 target.isGPU() ? "--target=cpu"
                                : "--target=cuda or --target=cuda-emu");
  std::string id = target.isGPU() ? "sm" : "cpu";
  std::string prefix(target.isGPU() ? kernels::kArchitecturePrefix : "");
  std::map<std::string, std::string> names;
  for (const kernels::LevelInfo &level :
       target.isGPU() ? kernels::architectures() : kernels::levels())
    names.emplace(level.name.substr(prefix.size()), level.name);
  if (written.has(id)) {
    for (const std::string &word : splitAtCommas(written.value(id))) {
      DS_ASSIGN(std::string level, readWord("--" + id, word, names));
      target.levels.push_back(std::move(level));
    }
  } else if (target.isGPU()) {
    // One, because each takes its time; the one with the most own rows.
    target.levels = {"sm_90a"};
  }
  return Status::ok();
}

/// --emit, once --target and --stop-after are read.
Status readEmission(const Written &written, CompileOptions &options) {
  if (!written.has("emit"))
    return Status::ok();
  std::string word = written.value("emit");
  DS_ASSIGN(options.emission,
            readWord<Emission>("--emit", word,
                               {{"ir", Emission::IR},
                                {"cuda", Emission::CUDA},
                                {"ptx", Emission::PTX},
                                {"cubin", Emission::Cubin},
                                {"so", Emission::SharedObject}}));
  if (options.stopAfter != Stage::code)
    return usage("--emit", "no --stop-after=code", "it beside --emit");
  if (options.emission == Emission::IR)
    return Status::ok();
  TargetKind kind = options.target.kind;
  bool isEmulated = kind == TargetKind::CUDAEmu;
  bool fits = options.target.isGPU() &&
              (options.emission == Emission::CUDA ||
               isEmulated == (options.emission == Emission::SharedObject));
  if (!fits)
    return usage("--emit=" + word,
                 "--target=" + std::string(nameOf(kind)),
                 options.emission == Emission::SharedObject
                     ? "--target=cuda-emu"
                     : options.emission == Emission::CUDA
                           ? "--target=cuda or --target=cuda-emu"
                           : "--target=cuda");
  if (options.target.levels.size() != 1)
    return usage("--emit=" + word,
                 std::to_string(options.target.levels.size()) +
                     " architectures",
                 "one in --sm");
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
  DS_TRY(readTarget(written, options.target));
  if (written.has("kernels")) {
    DS_ASSIGN(options.kernels,
              readWord<KernelChoice>("--kernels", written.value("kernels"),
                                     {{"native", KernelChoice::Native},
                                      {"reference", KernelChoice::Reference}}));
    if (options.kernels == KernelChoice::Reference && options.target.isGPU())
      return usage("--kernels", "reference", "native for GPUs");
  }
  if (written.has("activations")) {
    DS_ASSIGN(options.activations,
              readWord<Activations>(
                  "--activations", written.value("activations"),
                  {{"bf16", Activations::Rows}, {"fp8", Activations::FP8}}));
  }
  if (written.has("fuse")) {
    DS_ASSIGN(options.fuse, readWord<bool>("--fuse", written.value("fuse"),
                                           {{"on", true}, {"off", false}}));
  }
  if (written.has("forceMla")) {
    DS_ASSIGN(options.mla,
              readWord<MLAForm>("--force-mla", written.value("forceMla"),
                                {{"expanded", MLAForm::Expanded},
                                 {"absorbed", MLAForm::Absorbed}}));
  }
  if (written.has("quantizeWeights")) {
    DS_ASSIGN(options.quantizeWeights,
              readWord<bool>("--quantize-weights",
                             written.value("quantizeWeights"),
                             {{"fp8", true}}));
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
  DS_TRY(readEmission(written, options));
  command.useCache = !written.switches.at("noCache");
  if (options.output == "-" && !options.stopAfter)
    return usage("-o", "-",
                 "a file; only --stop-after writes to standard output");
  return Command(std::move(command));
}

Result<Command> inspectCommand(const Written &written) {
  return Command(InspectCommand{
      written.input, written.switches.at("json"), written.switches.at("steps"),
      written.switches.at("weights"), written.switches.at("why")});
}

Result<Command> explainCommand(const Written &written) {
  return Command(ExplainCommand{written.input, written.switches.at("json")});
}

Result<Command> doctorCommand(const Written &written) {
  return Command(DoctorCommand{written.input, written.switches.at("json")});
}

Result<Command> completionCommand(const Written &written) {
  using Script = std::string (*)(const std::vector<options::Tool> &);
  DS_ASSIGN(Script script,
            readWord<Script>("SHELL", written.input,
                             {{"bash", options::bashCompletion},
                              {"zsh", options::zshCompletion},
                              {"fish", options::fishCompletion}}));
  return Command(PrintCommand{script({dscTool(), dsrunTool()})});
}

Result<Command> manualCommand(const Written &written) {
  using Table = options::Tool (*)();
  DS_ASSIGN(Table table,
            readWord<Table>("TOOL",
                            written.input.empty() ? "dsc" : written.input,
                            {{"dsc", dscTool}, {"dsrun", dsrunTool}}));
  return Command(PrintCommand{options::manualPage(table())});
}

void addOptions(CLI::App &app, const std::string &command, Written &written) {
#define OPTION(commandName, id, spelling, meta, help)                          \
  if (command == #commandName || std::string_view("every") == #commandName) {  \
    if (std::string_view(meta).empty())                                        \
      app.add_flag(spelling, written.switches[#id], help);                     \
    else                                                                       \
      app.add_option(spelling, written.values[#id], help)->type_name(meta);    \
  }
#include "tools/dsc/Options.def"
}

/// The command's own flags, and --help.
std::vector<std::string_view> flagsOf(const std::string &command) {
  std::vector<std::string_view> flags = {"-h,--help"};
  if (command.empty())
    flags.push_back("--version");
#define OPTION(commandName, id, spelling, meta, help)                          \
  if (command == #commandName || std::string_view("every") == #commandName)    \
    flags.push_back(spelling);
#include "tools/dsc/Options.def"
  return flags;
}

/// The first word that nothing is known about. An option before other words:
/// what follows it may be its value.
Error unexpected(const std::vector<std::string> &words,
                 const std::string &command) {
  for (const std::string &word : words)
    if (word.starts_with('-'))
      return options::unknownOption(word, flagsOf(command));
  if (!command.empty())
    return {.code = ErrorCode::UsageError,
            .where = words[0],
            .subject = "unexpected argument",
            .help = "dsc " + command + " --help lists what it takes"};
  std::vector<std::string> commands;
#define COMMAND(name, operand, operandText, summary) commands.push_back(#name);
#include "tools/dsc/Commands.def"
  std::string help = options::suggestion(words[0], commands);
  return {.code = ErrorCode::UsageError,
          .where = words[0],
          .subject = "unknown command",
          .help = help.empty() ? "dsc --help lists the commands" : help};
}

using Read = Result<Command> (*)(const Written &);
struct CommandParser {
  CLI::App *app;
  Written written;
  Read read;
};

/// Adds one command; its words land in `parser`.
void addCommand(CLI::App &app, const std::string &name, std::string operand,
                const char *operandText, const char *summary,
                CommandParser &parser) {
  parser.app = app.add_subcommand(name, summary);
  parser.app->allow_extras();
  bool isOptional = operand.starts_with('[');
  if (isOptional)
    operand = operand.substr(1, operand.size() - 2);
  parser.app->add_option(operand, parser.written.input, operandText)
      ->required(!isOptional)
      ->type_name("");
  addOptions(*parser.app, name, parser.written);
}

} // namespace

Result<Command> parseCommandLine(int argc, const char *const *argv,
                                 terminal::ColorChoice &color) {
  CLI::App app{"dsc compiles a DeepSeek checkpoint folder into one plan, ahead "
               "of time.",
               "dsc"};
  app.set_version_flag("--version", versionText());
  app.require_subcommand(0, 1);
  app.allow_extras();
  std::map<std::string, CommandParser> parsers;
#define COMMAND(name, operand, operandText, summary)                           \
  parsers[#name].read = name##Command;                                         \
  addCommand(app, #name, operand, operandText, summary, parsers[#name]);
#include "tools/dsc/Commands.def"
  auto chosen = [&]() -> std::string {
    for (CLI::App *command : app.get_subcommands())
      return command->get_name();
    return "";
  };
  // An unknown option comes first: it may have taken the operand's place.
  auto extras = [&] {
    std::string command = chosen();
    return command.empty() ? app.remaining()
                           : parsers[command].app->remaining();
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    std::string command = chosen();
    return Command(PrintCommand{
        command.empty() ? app.help() : parsers[command].app->help("dsc")});
  } catch (const CLI::CallForVersion &) {
    return Command(PrintCommand{versionText() + "\n"});
  } catch (const CLI::ParseError &error) {
    for (const std::string &word : extras())
      if (word.starts_with('-'))
        return unexpected(extras(), chosen());
    return Error{.code = ErrorCode::UsageError,
                 .subject = error.what(),
                 .help = "dsc --help lists commands and options"};
  }
  if (!extras().empty())
    return unexpected(extras(), chosen());
  if (chosen().empty())
    return Error{.code = ErrorCode::UsageError,
                 .subject = "no command given: dsc COMMAND …",
                 .help = "dsc --help lists the commands"};
  const CommandParser &parser = parsers[chosen()];
  if (parser.written.has("color")) {
    DS_ASSIGN(color, readWord<terminal::ColorChoice>(
                         "--color", parser.written.value("color"),
                         {{"auto", terminal::ColorChoice::Auto},
                          {"always", terminal::ColorChoice::Always},
                          {"never", terminal::ColorChoice::Never}}));
  }
  return parser.read(parser.written);
}

} // namespace ds
