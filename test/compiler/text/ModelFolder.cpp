// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/compiler/text/ModelFolder.h"
#include "compiler/text/ByteAlphabet.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ds {

using nlohmann::json;

ModelFolder::ModelFolder() {
  std::string name = std::filesystem::temp_directory_path() / "dsc-text-XXXXXX";
  if (!mkdtemp(name.data()))
    std::abort();
  path_ = name;
}

ModelFolder::~ModelFolder() { std::filesystem::remove_all(path_); }

void ModelFolder::write(const std::string &name,
                        const std::string &text) const {
  std::ofstream(path_ + "/" + name, std::ios::binary) << text;
}

void ModelFolder::write(const std::string &name, const json &value) const {
  write(name, value.dump());
}

json smallTokenizer() {
  json vocab;
  for (uint32_t byte = 0; byte < 256; ++byte)
    vocab[letterOfByte(uint8_t(byte))] = byte;
  vocab["ab"] = 256;
  vocab["abc"] = 257;
  json added = json::array();
  auto add = [&](const char *content, bool special) {
    added.push_back({{"id", 258 + added.size()},
                     {"content", content},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", !special},
                     {"special", special}});
  };
  add("<｜begin▁of▁sentence｜>", true);
  add("<｜end▁of▁sentence｜>", true);
  for (const char *content :
       {"<｜User｜>", "<｜Assistant｜>", "<think>", "</think>"})
    add(content, false);
  auto split = [](const char *pattern) {
    return json{{"type", "Split"},
                {"pattern", {{"Regex", pattern}}},
                {"behavior", "Isolated"},
                {"invert", false}};
  };
  json splits = {
      split(R"(\p{N}{1,3})"), split("[一-龥぀-ゟ゠-ヿ]+"),
      split(R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+)"
            R"(|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*)"
            R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"),
      json{{"type", "ByteLevel"},
           {"add_prefix_space", false},
           {"trim_offsets", true},
           {"use_regex", false}}};
  return {{"version", "1.0"},
          {"added_tokens", added},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", splits}}},
          {"post_processor", nullptr},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"byte_fallback", false},
            {"vocab", vocab},
            {"merges", {"a b", "ab c"}}}}};
}

} // namespace ds
