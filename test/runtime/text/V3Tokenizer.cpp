// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/runtime/text/V3Tokenizer.h"
#include "compiler/text/TokenizerReader.h"
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace ds::rt {
namespace {

template <class T>
T need(Result<T> result) {
  if (!result) {
    std::fputs(result.takeStatus().text("ds_text_test").c_str(), stderr);
    std::exit(1);
  }
  return std::move(*result);
}

} // namespace

const std::vector<uint8_t> &v3Section() {
  static const auto section =
      *need(compileTokenizer(DS_TEST_DATA "/deepseek-v3", 129280));
  return section;
}

const Tokenizer &v3Tokenizer() {
  static const Tokenizer tokenizer = need(Tokenizer::open(v3Section()));
  return tokenizer;
}

ChatRecord v3Chat(ChatFormat format) {
  return {format, 0, 1, 128803, 128804, 128798, 128799, 0};
}

size_t forEachLine(const std::string &name,
                   const std::function<void(const nlohmann::json &)> &line) {
  std::ifstream file(DS_TEST_DATA "/" + name);
  size_t count = 0;
  for (std::string text; std::getline(file, text); ++count)
    line(nlohmann::json::parse(text));
  return count;
}

} // namespace ds::rt
