// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/text/TokenizerReader.h"
#include "runtime/text/Tokenizer.h"
#include "test/compiler/text/ModelFolder.h"
#include <functional>
#include <gtest/gtest.h>

namespace ds {
namespace {

using nlohmann::json;
using Ids = std::vector<uint32_t>;

/// The first error of compiling a changed tokenizer.json; fails without one.
Error refused(const std::function<void(json &)> &change) {
  ModelFolder folder;
  json tokenizer = smallTokenizer();
  change(tokenizer);
  folder.write("tokenizer.json", tokenizer);
  auto compiled = compileTokenizer(folder.path(), kSmallVocabSize);
  EXPECT_FALSE(compiled);
  if (compiled)
    return {};
  Error error = compiled.takeStatus().errors()[0];
  EXPECT_EQ(error.file, folder.path() + "/tokenizer.json");
  return error;
}

ErrorCode codeOf(const std::function<void(json &)> &change) {
  return refused(change).code;
}

/// Where checkPipeline says that a changed tokenizer.json is not V3's.
std::string unsupportedAt(const std::function<void(json &)> &change) {
  Error error = refused(change);
  EXPECT_EQ(error.code, ErrorCode::TokenizerUnsupported);
  return error.where;
}

TEST(TokenizerReader, compiles_the_small_tokenizer) {
  ModelFolder folder;
  folder.write("tokenizer.json", smallTokenizer());
  auto compiled = compileTokenizer(folder.path(), kSmallVocabSize);
  ASSERT_TRUE(compiled && *compiled);
  auto tokenizer = rt::Tokenizer::open(**compiled);
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(tokenizer->realTokens(), 264u);
  EXPECT_EQ(tokenizer->bos(), 258u);
  auto ids = tokenizer->encode("<think>abcab", rt::ControlTokens::Recognise);
  ASSERT_TRUE(ids);
  EXPECT_EQ(*ids, (Ids{262, 257, 256}));
}

TEST(TokenizerReader, gives_equal_bytes_for_equal_files) {
  ModelFolder folder;
  folder.write("tokenizer.json", smallTokenizer());
  EXPECT_EQ(**compileTokenizer(folder.path(), kSmallVocabSize),
            **compileTokenizer(folder.path(), kSmallVocabSize));
}

// No tokenizer.json is no error: the plan then has no text part.
TEST(TokenizerReader, gives_nothing_without_the_file) {
  ModelFolder folder;
  auto compiled = compileTokenizer(folder.path(), kSmallVocabSize);
  ASSERT_TRUE(compiled);
  EXPECT_FALSE(*compiled);
}

TEST(TokenizerReader, reads_merges_as_pairs_too) {
  ModelFolder strings, pairs;
  json tokenizer = smallTokenizer();
  strings.write("tokenizer.json", tokenizer);
  tokenizer["model"]["merges"] =
      json::array({json::array({"a", "b"}), json::array({"ab", "c"})});
  pairs.write("tokenizer.json", tokenizer);
  EXPECT_EQ(**compileTokenizer(strings.path(), kSmallVocabSize),
            **compileTokenizer(pairs.path(), kSmallVocabSize));
}

// Whether raw text begins with BOS: tokenizer_config.json says so, or else the
// post-processor does.
TEST(TokenizerReader, finds_out_whether_raw_text_gets_bos) {
  auto getsBos = [](const json &config, const json &post) {
    ModelFolder folder;
    json tokenizer = smallTokenizer();
    tokenizer["post_processor"] = post;
    folder.write("tokenizer.json", tokenizer);
    folder.write("tokenizer_config.json", config);
    auto compiled = compileTokenizer(folder.path(), kSmallVocabSize);
    return rt::Tokenizer::open(**compiled)->rawTextGetsBos();
  };
  json bosTemplate = json::parse(
      R"({"single": [{"SpecialToken": {"id": "x"}}, {"Sequence": {}}]})");
  EXPECT_FALSE(getsBos(json::object(), nullptr));
  EXPECT_TRUE(getsBos(json::object(), bosTemplate));
  EXPECT_TRUE(getsBos({{"add_bos_token", true}}, nullptr));
  EXPECT_FALSE(getsBos({{"add_bos_token", false}}, bosTemplate));
}

TEST(TokenizerReader, takes_bos_and_eos_from_the_config) {
  ModelFolder folder;
  folder.write("tokenizer.json", smallTokenizer());
  folder.write(
      "tokenizer_config.json",
      json{{"bos_token", "<think>"}, {"eos_token", {{"content", "</think>"}}}});
  auto compiled = compileTokenizer(folder.path(), kSmallVocabSize);
  ASSERT_TRUE(compiled);
  auto tokenizer = rt::Tokenizer::open(**compiled);
  EXPECT_EQ(tokenizer->bos(), 262u);
  EXPECT_EQ(tokenizer->eos(), 263u);

  folder.write("tokenizer_config.json", json{{"bos_token", 5}});
  auto wrong = compileTokenizer(folder.path(), kSmallVocabSize);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.takeStatus().errors()[0].code, ErrorCode::TokenizerKey);
}

// Each part of the pipeline that the runtime does not implement is named.
TEST(TokenizerReader, refuses_another_pipeline) {
  const std::string splits = "/pre_tokenizer/pretokenizers";
  auto split = [](json &t, int i) -> json & {
    return t["pre_tokenizer"]["pretokenizers"][size_t(i)];
  };
  EXPECT_EQ(unsupportedAt([](json &t) { t["model"]["type"] = "Unigram"; }),
            "/model/type");
  EXPECT_EQ(unsupportedAt([](json &t) { t["model"]["dropout"] = 0.1; }),
            "/model/dropout");
  EXPECT_EQ(unsupportedAt([](json &t) { t["model"]["byte_fallback"] = true; }),
            "/model/byte_fallback");
  EXPECT_EQ(unsupportedAt([](json &t) { t["model"]["ignore_merges"] = true; }),
            "/model/ignore_merges");
  EXPECT_EQ(unsupportedAt([](json &t) { t["normalizer"] = {{"type", "NFC"}}; }),
            "/normalizer/type");
  EXPECT_EQ(unsupportedAt(
                [](json &t) { t["pre_tokenizer"] = {{"type", "Metaspace"}}; }),
            "/pre_tokenizer/type");
  EXPECT_EQ(unsupportedAt(
                [](json &t) { t["pre_tokenizer"]["pretokenizers"].erase(1); }),
            splits);
  EXPECT_EQ(unsupportedAt(
                [&](json &t) { split(t, 0)["pattern"]["Regex"] = "\\p{N}"; }),
            splits + "/0/pattern/Regex");
  EXPECT_EQ(unsupportedAt([&](json &t) { split(t, 1)["invert"] = true; }),
            splits + "/1/invert");
  EXPECT_EQ(
      unsupportedAt([&](json &t) { split(t, 2)["behavior"] = "Removed"; }),
      splits + "/2/behavior");
  EXPECT_EQ(unsupportedAt([&](json &t) { split(t, 3)["use_regex"] = true; }),
            splits + "/3/use_regex");
  EXPECT_EQ(unsupportedAt([](json &t) { t["decoder"]["type"] = "Metaspace"; }),
            "/decoder/type");
  EXPECT_EQ(
      unsupportedAt([](json &t) { t["added_tokens"][3]["lstrip"] = true; }),
      "/added_tokens/3/lstrip");
}

TEST(TokenizerReader, says_what_it_found_and_expected) {
  Error error =
      refused([](json &t) { t["pre_tokenizer"] = {{"type", "Metaspace"}}; });
  EXPECT_EQ(error.found, "\"Metaspace\" (string)");
  EXPECT_EQ(error.expected, "\"Sequence\"");
  EXPECT_EQ(exitOf(error.code), Exit::Unsupported);
}

// The nine faults of a vocabulary, each with its own code.
TEST(TokenizerReader, refuses_a_faulty_vocabulary) {
  EXPECT_EQ(codeOf([](json &t) { t["model"]["vocab"]["ab"] = -1; }),
            ErrorCode::TokenIdForm);
  EXPECT_EQ(codeOf([](json &t) { t["model"]["vocab"]["ab"] = 257; }),
            ErrorCode::TokenIdRepeated);
  EXPECT_EQ(codeOf([](json &t) { t["added_tokens"][5]["id"] = 300; }),
            ErrorCode::TokenIdBeyond);
  EXPECT_EQ(codeOf([](json &t) { t["added_tokens"][5]["id"] = 299; }),
            ErrorCode::TokenIdGap);
  EXPECT_EQ(codeOf([](json &t) { t["model"]["merges"][1] = "abd c"; }),
            ErrorCode::MergeUnknown);
  EXPECT_EQ(codeOf([](json &t) { t["model"]["merges"][1] = "c d"; }),
            ErrorCode::MergeResultUnknown);
  EXPECT_EQ(codeOf([](json &t) {
              t["model"]["vocab"].erase("Ġ");
              t["model"]["vocab"]["abd"] = 32;
            }),
            ErrorCode::ByteTokenMissing);
  EXPECT_EQ(codeOf([](json &t) { t["added_tokens"][5]["id"] = 257; }),
            ErrorCode::AddedTokenClash);
  EXPECT_EQ(codeOf([](json &t) { t["added_tokens"][5]["content"] = ""; }),
            ErrorCode::TokenEmpty);
}

TEST(TokenizerReader, refuses_further_faults) {
  EXPECT_EQ(codeOf([](json &t) { t["model"]["merges"][1] = "a b"; }),
            ErrorCode::MergeMalformed);
  EXPECT_EQ(codeOf([](json &t) { t["model"]["merges"][1] = "abc"; }),
            ErrorCode::MergeMalformed);
  EXPECT_EQ(codeOf([](json &t) {
              t["model"]["vocab"].erase("ab");
              t["model"]["vocab"]["a b"] = 256;
            }),
            ErrorCode::TokenNotBytes);
  EXPECT_EQ(
      codeOf([](json &t) { t["added_tokens"][5]["content"] = "<think>"; }),
      ErrorCode::AddedTokenClash);
  EXPECT_EQ(codeOf([](json &t) { t["added_tokens"][5]["content"] = "ab"; }),
            ErrorCode::AddedTokenClash);
  EXPECT_EQ(codeOf([](json &t) { t["model"].erase("vocab"); }),
            ErrorCode::TokenizerKey);
  EXPECT_EQ(codeOf([](json &t) { t["added_tokens"][1].erase("content"); }),
            ErrorCode::TokenizerKey);
  EXPECT_EQ(codeOf([](json &t) {
              t["added_tokens"][5]["content"] = std::string(4097, 'x');
            }),
            ErrorCode::TokenizerLimit);
}

// A pattern is held against the limit before it is compared.
TEST(TokenizerReader, limits_the_patterns) {
  auto withPattern = [](size_t bytes) {
    return codeOf([bytes](json &t) {
      t["pre_tokenizer"]["pretokenizers"][1]["pattern"]["Regex"] =
          std::string(bytes, 'x');
    });
  };
  EXPECT_EQ(withPattern(4096), ErrorCode::TokenizerUnsupported);
  EXPECT_EQ(withPattern(4097), ErrorCode::TokenizerLimit);
}

// Several faults come in the order of the file.
TEST(TokenizerReader, reports_faults_in_the_order_of_the_file) {
  ModelFolder folder;
  std::string text = smallTokenizer().dump();
  text.replace(text.find("\"vocab\":{") + 9, 0,
               R"("z z":264,"y y":265,"x x":266,"w w":267,)");
  folder.write("tokenizer.json", text);
  auto compiled = compileTokenizer(folder.path(), kSmallVocabSize);
  ASSERT_FALSE(compiled);
  Status status = compiled.takeStatus();
  std::string found;
  for (const Error &error : status.errors())
    found += error.found;
  EXPECT_EQ(found, R"("z z""y y""x x""w w")");
}

// An added token that ordinary text reaches would break the promise that user
// text never becomes a control token.
TEST(TokenizerReader, refuses_an_added_token_that_merges_reach) {
  EXPECT_EQ(codeOf([](json &t) {
              t["added_tokens"].push_back({{"id", 257}, {"content", "abc"}});
            }),
            ErrorCode::TokenizerUnsupported);
  EXPECT_EQ(codeOf([](json &t) {
              t["added_tokens"].push_back({{"id", 33}, {"content", "!"}});
            }),
            ErrorCode::TokenizerUnsupported);
}

// Independent faults are all reported.
TEST(TokenizerReader, reports_several_faults_at_once) {
  ModelFolder folder;
  json tokenizer = smallTokenizer();
  tokenizer["model"]["merges"] = {"x", "c d", "a b", "ab c"};
  folder.write("tokenizer.json", tokenizer);
  auto compiled = compileTokenizer(folder.path(), kSmallVocabSize);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.takeStatus().errors().size(), 2u);
}

TEST(TokenizerReader, compiles_the_example_model) {
  auto compiled = compileTokenizer(DS_TEST_MODELS "/tiny-r1", 1024);
  ASSERT_TRUE(compiled && *compiled);
  auto tokenizer = rt::Tokenizer::open(**compiled);
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(tokenizer->realTokens(), 519u);
  EXPECT_TRUE(tokenizer->rawTextGetsBos());
  auto ids = tokenizer->encode("17 + 25 = ?", rt::ControlTokens::PlainText);
  ASSERT_TRUE(ids);
  EXPECT_EQ(tokenizer->decode(*ids), "17 + 25 = ?");
}

// 128,815 tokens do not fit a vocabulary of 128,814.
TEST(TokenizerReader, holds_ids_against_the_vocabulary_size) {
  EXPECT_TRUE(compileTokenizer(DS_TEST_DATA "/deepseek-v3", 128815));
  auto compiled = compileTokenizer(DS_TEST_DATA "/deepseek-v3", 128814);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.takeStatus().errors()[0].code, ErrorCode::TokenIdBeyond);
}

} // namespace
} // namespace ds
