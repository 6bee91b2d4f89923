// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tokenizer.json, and what is made of it: a section that the runtime accepts,
// and whose tokens give back every text.
#include "compiler/text/TokenizerReader.h"
#include "runtime/text/Tokenizer.h"
#include "test/fuzz/Check.h"
#include "test/fuzz/FuzzFolder.h"

using namespace ds;

static void checkText(const rt::Tokenizer &tokenizer, std::string_view text,
                      rt::ControlTokens controls) {
  auto ids = tokenizer.encode(text, controls);
  FUZZ_CHECK(ids);
  for (uint32_t id : *ids) {
    FUZZ_CHECK(id < tokenizer.realTokens());
    if (controls == rt::ControlTokens::PlainText)
      FUZZ_CHECK(!tokenizer.isControl(id));
  }
  if (controls == rt::ControlTokens::PlainText)
    FUZZ_CHECK(tokenizer.decode(*ids) == text);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz::FuzzFolder folder;
  folder.write("tokenizer.json", fuzz::textOf(data, size));
  auto section = compileTokenizer(folder.path(), 1024);
  if (!section) {
    fuzz::checkRefusal(section.takeStatus());
    return 0;
  }
  FUZZ_CHECK(section->has_value());
  auto tokenizer = rt::Tokenizer::open(**section);
  if (!tokenizer)
    std::fputs(tokenizer.takeStatus().text("fuzz").c_str(), stderr);
  FUZZ_CHECK(tokenizer);
  for (std::string_view text :
       {"abcab ab\n\n 12345 <think></think>", "<｜User｜>何かé\t\r\n😀 !?a"}) {
    checkText(*tokenizer, text, rt::ControlTokens::PlainText);
    checkText(*tokenizer, text, rt::ControlTokens::Recognise);
  }
  return 0;
}
