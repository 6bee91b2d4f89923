// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only file that knows the library of the command line; its exceptions end
// here.
#include "tools/dsrun/Options.h"
#include "runtime/plan/Records.h"
#include "runtime/text/Logprobs.h"
#include "tools/options/NearMiss.h"
#include <CLI/CLI.hpp>
#include <charconv>
#include <type_traits>

namespace ds::dsrun {
namespace {

Error usage(std::string where, std::string subject, std::string found = {},
            std::string expected = {}) {
  return Error{.code = ErrorCode::UsageError,
               .where = std::move(where),
               .subject = std::move(subject),
               .found = std::move(found),
               .expected = std::move(expected)};
}

template <class Number>
bool parse(std::string_view text, Number &value) {
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}
bool parse(std::string_view text, std::string &value) {
  value = text;
  return true;
}
bool parse(std::string_view text, std::vector<uint32_t> &value) {
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    std::string_view item = text.substr(begin, end - begin);
    item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
    if (!parse(item, value.emplace_back()))
      return false;
    begin = end + 1;
  }
  return true;
}

bool parse(std::string_view text, terminal::ColorChoice &value) {
  std::optional<terminal::ColorChoice> choice = terminal::colorChoice(text);
  value = choice.value_or(value);
  return choice.has_value();
}

template <class Value>
std::string_view kindOf() {
  if constexpr (std::is_same_v<Value, terminal::ColorChoice>)
    return "auto, always or never";
  else if constexpr (std::is_same_v<Value, std::vector<uint32_t>>)
    return "token ids, comma-separated";
  else if constexpr (std::is_floating_point_v<Value>)
    return "a number";
  else if constexpr (sizeof(Value) == 4)
    return "an integer from 0 to 4294967295";
  else
    return "an integer from 0 to 18446744073709551615";
}

CLI::Option *addOption(CLI::App &app, Status &, const char *flags, bool &field,
                       const char *text) {
  return app.add_flag(flags, field, text);
}
/// May be given several times, one value each.
CLI::Option *addOption(CLI::App &app, Status &, const char *flags,
                       std::vector<std::string> &field, const char *text) {
  CLI::callback_t keep = [&field](const CLI::results_t &given) {
    field = given;
    return true;
  };
  return app.add_option(flags, keep, text)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}
template <class Value>
CLI::Option *addOption(CLI::App &app, Status &status, const char *flags,
                       std::optional<Value> &field, const char *text) {
  std::string name = std::string(flags);
  name = name.substr(name.find("--"));
  auto read = [&status, &field, name](const std::string &given) {
    Value value{};
    if (parse(given, value))
      field = std::move(value);
    else {
      Error error =
          usage(name, "", '"' + given + '"', std::string(kindOf<Value>()));
      if constexpr (std::is_same_v<Value, terminal::ColorChoice>)
        error.help = options::suggestion(
            given, std::vector<std::string>{"auto", "always", "never"});
      status.add(std::move(error));
    }
  };
  return app.add_option_function<std::string>(flags, read, text);
}

/// Options that do not go together, and numbers that make no sense.
void checkTogether(const Options &options, Status &status) {
  int prompts = options.prompt.has_value() + options.promptFile.has_value() +
                options.chat + options.ids.has_value() +
                options.batchFile.has_value();
  if (prompts == 0)
    status.add(usage("",
                     "nothing to answer: give one of -p, -f, --chat, --ids, "
                     "--batch"));
  if (prompts > 1)
    status.add(
        usage("", "-p, -f, --chat, --ids and --batch exclude each other"));
  auto excludes = [&](bool first, bool second, const char *names) {
    if (first && second)
      status.add(usage("", names));
  };
  excludes(options.chat, options.raw, "--chat conflicts with --raw");
  excludes(options.chat, options.json, "--chat conflicts with --json");
  excludes(options.raw, options.system.has_value(),
           "--raw conflicts with --system");
  excludes(options.greedy, options.temperature.value_or(0) != 0,
           "--greedy conflicts with --temperature");
  excludes(options.dumpFile.has_value(),
           options.chat || options.batchFile.has_value(),
           "--dump takes one prompt: -p, -f or --ids");
  if (options.verify.value_or("full") != "full")
    status.add(usage("--verify", "", *options.verify, "full"));
  excludes(options.chat, options.tokenize, "--chat conflicts with --tokenize");
  excludes(options.dumpFile.has_value(), options.tokenize,
           "--dump conflicts with --tokenize");
  excludes(options.ids.has_value(), !options.stops.empty(),
           "--stop needs text: it conflicts with --ids");
  excludes(options.ids.has_value(), options.system.has_value(),
           "--system needs text: it conflicts with --ids");
  excludes(options.logprobs.has_value(), !options.json,
           "--logprobs needs --json");
  if (options.logprobs > rt::kMaxLogprobs)
    status.add(usage("--logprobs", "", std::to_string(*options.logprobs),
                     "0 to " + std::to_string(rt::kMaxLogprobs)));
  excludes(options.ppl,
           options.chat || options.dumpFile || options.tokenize ||
               options.maxNewTokens,
           "dsrun ppl takes a text: -f, -p, --ids or --batch, without --chat, "
           "--dump, --tokenize and -n");
  excludes(!options.ppl, options.against || options.window,
           "--against and --window belong to dsrun ppl");
  if (options.window && *options.window < 2)
    status.add(usage("--window", "", std::to_string(*options.window),
                     "at least 2"));
  if (options.threads == 0u)
    status.add(usage("--threads", "", "0", "at least 1"));
  if (options.chunk == 0u)
    status.add(usage("--chunk", "", "0", "at least 1"));
}

std::string versionText() {
  return "dsrun " DS_VERSION " (plan format " + std::to_string(rt::kPlanMajor) +
         "." + std::to_string(rt::kPlanMinor) + ")\n";
}

} // namespace

Result<CommandLine> parseCommandLine(int argc, const char *const *argv) {
  CommandLine line;
  Options &options = line.options;
  Status status;
  CLI::App app("Runs a plan that dsc has compiled.", "dsrun");
  app.set_help_flag();
  bool wantsHelp = false, wantsVersion = false;
  app.add_option("PLAN", options.plan, "the compiled model")->option_text(" ");
#define OPTION(flags, field, valueName, section, help)                         \
  addOption(app, status, flags, options.field, help)                           \
      ->option_text(valueName)                                                 \
      ->group(section);
#include "tools/dsrun/Options.def"
  app.add_flag("-h,--help", wantsHelp, "this text")->group("Output");
  app.add_flag("--version", wantsVersion, "the version")->group("Output");
  app.allow_extras();
  // A word before the plan; a plan of that name is ./ppl.
  std::vector<const char *> words(argv, argv + argc);
  if (argc > 1 && std::string_view(argv[1]) == "ppl") {
    words.erase(words.begin() + 1);
    options.ppl = options.raw = true;
  }
  try {
    app.parse(int(words.size()), words.data());
  } catch (const CLI::Error &error) {
    return usage("", error.what());
  }
  constexpr std::string_view known[] = {
      "-h,--help", "--version",
#define OPTION(flags, field, valueName, section, help) flags,
#include "tools/dsrun/Options.def"
  };
  for (const std::string &extra : app.remaining())
    if (extra.starts_with('-'))
      status.add(options::unknownOption(extra, known));
  // What stands beside an unknown option may be its value.
  for (const std::string &extra : app.remaining())
    if (status && !extra.starts_with('-'))
      status.add(usage(extra, "unexpected argument"));
  if (wantsHelp)
    line.answer = app.help();
  else if (wantsVersion)
    line.answer = versionText();
  if (!line.answer.empty())
    return line;
  if (status && options.plan.empty())
    status.add(usage("", "no plan given: dsrun PLAN [options]"));
  if (status)
    checkTogether(options, status);
  if (!status)
    return status;
  return line;
}

} // namespace ds::dsrun
