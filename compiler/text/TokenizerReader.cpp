// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/text/TokenizerReader.h"
#include "compiler/text/ByteAlphabet.h"
#include "compiler/text/TokenizerConfig.h"
#include "compiler/text/TokenizerModel.h"
#include <algorithm>
#include <bit>

namespace ds {
namespace {

using checkpoint::JsonValue;
static_assert(std::endian::native == std::endian::little,
              "records are written as they lie in memory");

template <class Record>
void append(std::vector<uint8_t> &out, const Record *records, size_t count) {
  auto *bytes = reinterpret_cast<const uint8_t *>(records);
  out.insert(out.end(), bytes, bytes + count * sizeof(Record));
}

/// What an id decodes to. An added token stands for its content, unless that
/// can be read in the byte alphabet.
std::string bytesOf(std::string_view spelling) {
  return bytesOfLetters(spelling).value_or(std::string(spelling));
}

std::vector<uint8_t> section(const TokenizerModel &model,
                             rt::TokenizerHeader header) {
  std::string text;
  auto place = [&](std::string_view bytes) {
    auto offset = uint32_t(text.size());
    text += bytes;
    return offset;
  };
  std::vector<rt::TokenRecord> tokens;
  for (std::string_view spelling : model.spellings) {
    std::string bytes = bytesOf(spelling);
    tokens.push_back({place(bytes), uint32_t(bytes.size())});
  }
  std::vector<rt::ControlRecord> controls;
  for (const TokenizerModel::Added &added : model.added)
    controls.push_back({place(added.content), uint32_t(added.content.size()),
                        added.id, added.flags});
  header.realTokens = uint32_t(tokens.size());
  header.numMerges = uint32_t(model.merges.size());
  header.numControls = uint32_t(controls.size());
  header.textBytes = uint32_t(text.size());

  std::vector<uint8_t> out;
  out.reserve(rt::TokenizerLayout(header).size);
  append(out, &header, 1);
  append(out, model.byteTokens, 256);
  append(out, tokens.data(), tokens.size());
  append(out, model.merges.data(), model.merges.size());
  append(out, controls.data(), controls.size());
  append(out, text.data(), text.size());
  return out;
}

uint32_t idOf(const TokenizerModel &model, std::string_view content) {
  auto at = std::ranges::lower_bound(model.added, content, {},
                                     &TokenizerModel::Added::content);
  return at != model.added.end() && at->content == content ? at->id
                                                           : rt::kNoToken;
}

/// Whether the post-processor puts a token before a single text.
bool templateBeginsWithToken(const JsonValue &tokenizer) {
  const JsonValue *post = tokenizer.find("post_processor");
  const JsonValue *single = post ? post->find("single") : nullptr;
  return single && !single->items.empty() &&
         single->items[0].find("SpecialToken");
}

} // namespace

Result<std::optional<std::vector<uint8_t>>>
compileTokenizer(const std::string &folderPath, uint32_t vocabSize) {
  DS_ASSIGN(auto folder, checkpoint::InputFolder::open(folderPath));
  DS_ASSIGN(auto file, folder.tryOpen("tokenizer.json"));
  if (!file)
    return std::optional<std::vector<uint8_t>>();
  DS_ASSIGN(JsonValue tokenizer,
            checkpoint::readJsonObject(*file, kMaxTokenizerBytes));
  DS_TRY(checkPipeline(tokenizer, file->path()));
  DS_ASSIGN(TokenizerModel model,
            readTokenizerModel(tokenizer, vocabSize, file->path()));
  DS_ASSIGN(TokenizerConfig config, readTokenizerConfig(folder));

  rt::TokenizerHeader header{};
  header.version = rt::kTokenizerVersion;
  header.preTokenizer = rt::PreTokenizerKind::V3;
  header.bos =
      idOf(model, config.bos.empty() ? "<｜begin▁of▁sentence｜>" : config.bos);
  header.eos =
      idOf(model, config.eos.empty() ? "<｜end▁of▁sentence｜>" : config.eos);
  bool addsBos = config.addBos.value_or(templateBeginsWithToken(tokenizer));
  if (addsBos && header.bos != rt::kNoToken)
    header.flags = rt::kRawTextGetsBos;
  return std::optional(section(model, header));
}

} // namespace ds
