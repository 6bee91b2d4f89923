// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/Options.h"
#include <gtest/gtest.h>

using namespace ds;
using namespace ds::dsrun;

namespace {

Result<CommandLine> parse(std::vector<const char *> arguments) {
  arguments.insert(arguments.begin(), "dsrun");
  return parseCommandLine(int(arguments.size()), arguments.data());
}

std::string refusal(std::vector<const char *> arguments) {
  Status status = parse(std::move(arguments)).takeStatus();
  EXPECT_EQ(status.exit(), Exit::Usage);
  return status.errors()[0].message();
}

// Values reach their fields with their types; what is not given stays empty.
TEST(OptionsTest, valuesReachTheirFields) {
  Result<CommandLine> line =
      parse({"plan.bin", "--ids", "5,17, 3", "-n", "12", "--temperature", "0.5",
             "--top-k", "0", "--seed", "18446744073709551615", "--json",
             "--weights", "/w"});
  ASSERT_TRUE(line);
  const Options &options = line->options;
  EXPECT_EQ(options.plan, "plan.bin");
  EXPECT_EQ(*options.ids, (std::vector<uint32_t>{5, 17, 3}));
  EXPECT_EQ(options.maxNewTokens, 12u);
  EXPECT_EQ(options.temperature, 0.5f);
  EXPECT_EQ(options.topK, 0u);
  EXPECT_EQ(options.seed, UINT64_MAX);
  EXPECT_EQ(options.weights, "/w");
  EXPECT_TRUE(options.json);
  EXPECT_FALSE(options.topP || options.prompt || options.threads ||
               options.chat || options.greedy);
}

// Each --stop adds one text, whatever it looks like.
TEST(OptionsTest, stopsAddUp) {
  Result<CommandLine> line = parse(
      {"p", "-p", "a", "--stop", "{}", "--stop=-x", "--stop", "a,b", "--min-p",
       "0.5", "--presence-penalty", "-1", "--json", "--logprobs", "3"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->options.stops,
            (std::vector<std::string>{"{}", "-x", "a,b"}));
  EXPECT_EQ(line->options.minP, 0.5f);
  EXPECT_EQ(line->options.presencePenalty, -1.0f);
  EXPECT_EQ(line->options.logprobs, 3u);
  EXPECT_EQ(line->options.plan, "p");
}

// Text is taken as it is, empty or with a dash in front.
TEST(OptionsTest, promptsAreTakenAsTheyAre) {
  EXPECT_EQ(parse({"p", "-p", "-5 + 3"})->options.prompt, "-5 + 3");
  EXPECT_EQ(parse({"p", "-p", ""})->options.prompt, "");
  EXPECT_EQ(parse({"p", "--prompt=a,b c"})->options.prompt, "a,b c");
}

// Help and version come from the table, and need neither plan nor prompt.
TEST(OptionsTest, helpNamesEveryOption) {
  std::string help = parse({"--help"})->answer;
#define OPTION(flags, field, value, group, text)                               \
  EXPECT_NE(help.find(flags), help.npos) << flags;
#include "tools/dsrun/Options.def"
  EXPECT_TRUE(parse({"--version"})->answer.starts_with("dsrun "));
}

// What cannot be is refused, with the option's name.
TEST(OptionsTest, refusesWrongCommandLines) {
  EXPECT_EQ(refusal({"p", "-p", "a", "--frobnicate"}),
            "error[E100]: --frobnicate: unknown option");
  EXPECT_EQ(refusal({"p", "q", "-p", "a"}),
            "error[E100]: q: unexpected argument");
  EXPECT_EQ(refusal({"p", "-p", "a", "--threads", "two"}),
            "error[E100]: --threads: found \"two\", expected an integer from 0 "
            "to 4294967295");
  EXPECT_EQ(refusal({"p", "-p", "a", "-n", "-1"}),
            "error[E100]: --max-new-tokens: found \"-1\", expected an integer "
            "from 0 to 4294967295");
  EXPECT_EQ(refusal({"p", "--ids", "1,,2"}),
            "error[E100]: --ids: found \"1,,2\", expected token ids, "
            "comma-separated");
  EXPECT_EQ(refusal({"p", "-p", "a", "--temperature", "1x"}),
            "error[E100]: --temperature: found \"1x\", expected a number");
  EXPECT_EQ(refusal({"p", "-p", "a", "--threads", "0"}),
            "error[E100]: --threads: found 0, expected at least 1");
  EXPECT_NE(refusal({"p"}).find("nothing to answer"), std::string::npos);
  EXPECT_NE(refusal({"-p", "a"}).find("no plan"), std::string::npos);
  EXPECT_NE(refusal({"p", "-p", "a", "--ids", "1"}).find("exclude"),
            std::string::npos);
  EXPECT_NE(refusal({"p", "--chat", "--json"}).find("--chat conflicts"),
            std::string::npos);
  EXPECT_EQ(refusal({"p", "-p", "a", "--json", "--logprobs", "21"}),
            "error[E100]: --logprobs: found 21, expected 0 to 20");
  EXPECT_EQ(refusal({"p", "-p", "a", "--logprobs", "1"}),
            "error[E100]: --logprobs needs --json");
  EXPECT_NE(refusal({"p", "--ids", "1", "--stop", "a"}).find("needs text"),
            std::string::npos);
  EXPECT_NE(refusal({"p", "--ids", "1", "--system", "a"}).find("needs text"),
            std::string::npos);
  EXPECT_NE(refusal({"p", "--chat", "--tokenize"}).find("--chat conflicts"),
            std::string::npos);
  EXPECT_NE(refusal({"p", "-p"}).find("--prompt"), std::string::npos);
}

} // namespace
