// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/text/ChatRecognizer.h"
#include "compiler/text/TokenizerReader.h"
#include "runtime/plan/TokenizerRecords.h"
#include "test/compiler/text/ModelFolder.h"
#include <fstream>
#include <gtest/gtest.h>

namespace ds {
namespace {

using nlohmann::json;
using rt::ChatFormat;

const std::string kPromptBlock = "{% if add_generation_prompt %}";
const std::string kV3 = kPromptBlock + "{{'<｜Assistant｜>'}}{% endif %}";
const std::string kR1 =
    kPromptBlock + "{{'<｜Assistant｜><think>\\n'}}{% endif %}";

Result<ChatRecognition> recognized(const ModelFolder &folder,
                                   const json &tokenizer,
                                   std::optional<ChatFormat> forced = {}) {
  folder.write("tokenizer.json", tokenizer);
  DS_ASSIGN(auto section, compileTokenizer(folder.path(), kSmallVocabSize));
  return recognizeChat(folder.path(), *section, forced);
}

ChatFormat formatOf(const std::string &text) {
  ModelFolder folder;
  folder.write("tokenizer_config.json", json{{"chat_template", text}});
  auto chat = recognized(folder, smallTokenizer());
  EXPECT_TRUE(chat);
  return chat->record.format;
}

// The format follows from what the template ends a prompt with, to the
// character.
TEST(ChatRecognizer, goes_by_the_ending) {
  EXPECT_EQ(formatOf(kV3), ChatFormat::V3);
  EXPECT_EQ(formatOf(kR1), ChatFormat::R1);
  EXPECT_EQ(formatOf(kPromptBlock + "{{'<｜Assistant｜><think>'}}{% endif %}"),
            ChatFormat::None);
  EXPECT_EQ(formatOf(kPromptBlock + "{{'Assistant:'}}{% endif %}"),
            ChatFormat::None);
  EXPECT_EQ(formatOf("{% if thinking %}{% endif %}" + kV3), ChatFormat::None);
  EXPECT_EQ(formatOf(""), ChatFormat::None);
}

TEST(ChatRecognizer, resolves_the_ids) {
  ModelFolder folder;
  folder.write("chat_template.jinja", kR1);
  auto chat = recognized(folder, smallTokenizer());
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->record.bos, 258u);
  EXPECT_EQ(chat->record.eos, 259u);
  EXPECT_EQ(chat->record.user, 260u);
  EXPECT_EQ(chat->record.assistant, 261u);
  EXPECT_EQ(chat->record.think, 262u);
  EXPECT_EQ(chat->record.thinkEnd, 263u);
  EXPECT_EQ(chat->record.reserved, 0u);
}

TEST(ChatRecognizer, prefers_the_template_file) {
  ModelFolder folder;
  folder.write("tokenizer_config.json", json{{"chat_template", kV3}});
  folder.write("chat_template.jinja", kR1);
  auto chat = recognized(folder, smallTokenizer());
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->record.format, ChatFormat::R1);
  EXPECT_EQ(chat->reason.find("chat_template.jinja"), 0u);
}

TEST(ChatRecognizer, takes_the_default_of_a_list) {
  ModelFolder folder;
  json list = {{{"name", "tool_use"}, {"template", kR1}},
               {{"name", "default"}, {"template", kV3}}};
  folder.write("tokenizer_config.json", json{{"chat_template", list}});
  auto chat = recognized(folder, smallTokenizer());
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->record.format, ChatFormat::V3);
}

// The published templates: that of V3, and that of the example model.
TEST(ChatRecognizer, knows_the_published_templates) {
  auto ofFolder = [](const char *path, uint32_t vocabSize) {
    auto section = compileTokenizer(path, vocabSize);
    EXPECT_TRUE(section && *section);
    auto chat = recognizeChat(path, **section);
    EXPECT_TRUE(chat);
    return chat->record.format;
  };
  EXPECT_EQ(ofFolder(DS_TEST_DATA "/deepseek-v3", 129280), ChatFormat::V3);
  EXPECT_EQ(ofFolder(DS_TEST_MODELS "/tiny-r1", 1024), ChatFormat::R1);
}

TEST(ChatRecognizer, can_be_overruled) {
  ModelFolder folder;
  folder.write("chat_template.jinja", kR1);
  for (ChatFormat format : {ChatFormat::None, ChatFormat::V3, ChatFormat::R1}) {
    auto chat = recognized(folder, smallTokenizer(), format);
    ASSERT_TRUE(chat);
    EXPECT_EQ(chat->record.format, format);
  }
}

// A format without its tokens is refused, each missing one named.
TEST(ChatRecognizer, refuses_a_format_without_its_tokens) {
  ModelFolder folder;
  json tokenizer = smallTokenizer();
  tokenizer["added_tokens"][2]["content"] = "<user>";
  tokenizer["added_tokens"][4]["content"] = "<thought>";
  folder.write("chat_template.jinja", kR1);
  auto chat = recognized(folder, tokenizer);
  ASSERT_FALSE(chat);
  Status status = chat.takeStatus();
  ASSERT_EQ(status.errors().size(), 2u);
  EXPECT_EQ(status.errors()[0].code, ErrorCode::ChatTokenMissing);
  EXPECT_EQ(status.errors()[0].found, "no <｜User｜>");
  EXPECT_EQ(status.errors()[1].found, "no <think>");
  EXPECT_EQ(status.exit(), Exit::Unsupported);

  auto none = recognized(folder, tokenizer, ChatFormat::None);
  ASSERT_TRUE(none);
  EXPECT_EQ(none->record.user, rt::kNoToken);
}

TEST(ChatRecognizer, refuses_a_template_above_the_limit) {
  ModelFolder inConfig, inFile;
  std::string atLimit(256u << 10, ' ');
  inConfig.write("tokenizer_config.json",
                 json{{"chat_template", atLimit + " "}});
  inFile.write("chat_template.jinja", atLimit + " ");
  for (const ModelFolder *folder : {&inConfig, &inFile}) {
    auto chat = recognized(*folder, smallTokenizer());
    ASSERT_FALSE(chat);
    EXPECT_EQ(chat.takeStatus().exit(), Exit::Limit);
  }
  inFile.write("chat_template.jinja", atLimit);
  EXPECT_TRUE(recognized(inFile, smallTokenizer()));
}

} // namespace
} // namespace ds
