// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/text/TokenizerModel.h"
#include "compiler/text/ByteAlphabet.h"
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace ds {
namespace {

using checkpoint::JsonValue;
using Kind = JsonValue::Kind;

class ModelReader {
public:
  ModelReader(const JsonValue &root, uint32_t vocabSize,
              const std::string &file)
      : root_(root), vocabSize_(vocabSize), file_(file) {}

  Result<TokenizerModel> read() {
    DS_TRY(findParts());
    readVocabulary();
    readAdded();
    DS_TRY(std::move(status_)); // what follows needs a whole vocabulary
    checkSpellings();
    checkGaps();
    findByteTokens();
    readMerges();
    DS_TRY(std::move(status_));
    return std::move(model_);
  }

private:
  void fail(ErrorCode code, std::string where, std::string found,
            std::string expected) {
    status_.add(Error{.code = code,
                      .file = file_,
                      .where = std::move(where),
                      .found = std::move(found),
                      .expected = std::move(expected)});
  }

  Status findParts() {
    auto part = [&](const JsonValue *from, const char *key, Kind kind,
                    const char *expected) {
      const JsonValue *value = from ? from->find(key) : nullptr;
      if (!value || value->kind != kind)
        fail(ErrorCode::TokenizerKey, std::string("/") + key,
             value ? value->describe() : "nothing", expected);
      return value;
    };
    const JsonValue *model = part(&root_, "model", Kind::Object, "an object");
    vocab_ = part(model, "vocab", Kind::Object, "an object");
    merges_ = part(model, "merges", Kind::Array, "a list");
    added_ = part(&root_, "added_tokens", Kind::Array, "a list");
    DS_TRY(std::move(status_));
    limit("/model/vocab", vocab_->items.size(), rt::kMaxTokens);
    limit("/model/merges", merges_->items.size(), rt::kMaxMerges);
    limit("/added_tokens", added_->items.size(), rt::kMaxTokens);
    return std::move(status_);
  }

  void limit(std::string where, size_t found, size_t most) {
    if (found > most)
      fail(ErrorCode::TokenizerLimit, std::move(where), std::to_string(found),
           "at most " + std::to_string(most));
  }

  /// An id in range; `content` is the token's, for its checks.
  bool checkToken(const std::string &where, std::string_view content,
                  const JsonValue *id) {
    if (content.empty())
      return fail(ErrorCode::TokenEmpty, where, "\"\"", "content"), false;
    if (content.size() > rt::kMaxTokenBytes)
      return limit(where, content.size(), rt::kMaxTokenBytes), false;
    uint32_t most = std::min(vocabSize_, rt::kMaxTokens);
    if (!id || id->kind != Kind::Unsigned || id->integer >= most)
      return fail(id && id->kind == Kind::Unsigned ? ErrorCode::TokenIdBeyond
                                                   : ErrorCode::TokenIdForm,
                  where, id ? id->describe() : "nothing",
                  "an id below " + std::to_string(most) + " (vocab_size)"),
             false;
    if (id->integer >= model_.spellings.size())
      model_.spellings.resize(id->integer + 1);
    return true;
  }

  void readVocabulary() {
    ids_.reserve(vocab_->keys.size());
    for (size_t i = 0; i < vocab_->keys.size(); ++i) {
      std::string_view spelling = vocab_->keys[i];
      const JsonValue &id = vocab_->items[i];
      std::string where = "/model/vocab/" + vocab_->keys[i];
      if (!checkToken(where, spelling, &id))
        continue;
      std::string_view &place = model_.spellings[id.integer];
      if (!place.empty())
        fail(ErrorCode::TokenIdRepeated, where, id.describe(),
             "another id: it is that of \"" + std::string(place) + "\"");
      place = spelling;
      ids_.emplace(spelling, uint32_t(id.integer));
    }
  }

  void readAdded() {
    for (size_t i = 0; i < added_->items.size(); ++i) {
      const JsonValue &entry = added_->items[i];
      std::string where = "/added_tokens/" + std::to_string(i);
      const JsonValue *content = entry.find("content");
      if (!content || content->kind != Kind::String) {
        fail(ErrorCode::TokenizerKey, where + "/content",
             content ? content->describe() : "nothing", "a string");
        continue;
      }
      const JsonValue *id = entry.find("id");
      if (!checkToken(where, content->text, id))
        continue;
      TokenizerModel::Added token{content->text, uint32_t(id->integer), 0};
      if (isTrue(entry, "special"))
        token.flags |= rt::kControlSpecial;
      if (isTrue(entry, "normalized"))
        token.flags |= rt::kControlNormalized;
      for (const char *key : {"single_word", "lstrip", "rstrip"})
        if (isTrue(entry, key))
          fail(ErrorCode::TokenizerUnsupported, where + "/" + key, "true",
               "false");
      auto known = ids_.find(token.content);
      std::string_view &place = model_.spellings[token.id];
      bool isOfVocabulary = known != ids_.end() && known->second == token.id;
      if (!addedIds_.insert(token.id).second ||
          !addedContents_.insert(token.content).second ||
          (!isOfVocabulary && (known != ids_.end() || !place.empty())))
        fail(ErrorCode::AddedTokenClash, where,
             "\"" + content->text + "\" with id " + std::to_string(token.id),
             "content and id of no other token");
      if (!isOfVocabulary)
        place = token.content;
      model_.added.push_back(token);
    }
    std::ranges::sort(model_.added, {}, &TokenizerModel::Added::content);
  }

  static bool isTrue(const JsonValue &object, const char *key) {
    const JsonValue *value = object.find(key);
    return value && value->kind == Kind::Bool && value->boolean;
  }

  void checkSpellings() {
    for (size_t i = 0; i < vocab_->keys.size(); ++i)
      if (!addedIds_.contains(uint32_t(vocab_->items[i].integer)) &&
          !bytesOfLetters(vocab_->keys[i]))
        fail(ErrorCode::TokenNotBytes, "/model/vocab",
             "\"" + vocab_->keys[i] + "\"", "characters of the byte alphabet");
  }

  void checkGaps() {
    for (size_t id = 0; id < model_.spellings.size(); ++id)
      if (model_.spellings[id].empty())
        fail(ErrorCode::TokenIdGap, "/model/vocab",
             "no token of id " + std::to_string(id),
             "one for each id below " +
                 std::to_string(model_.spellings.size()));
  }

  void findByteTokens() {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      std::string letter = letterOfByte(uint8_t(byte));
      auto known = ids_.find(letter);
      if (known == ids_.end())
        fail(ErrorCode::ByteTokenMissing, "/model/vocab",
             "no \"" + letter + "\"",
             "a token for byte " + std::to_string(byte));
      else
        model_.byteTokens[byte] = known->second;
      if (known != ids_.end())
        checkOrdinary("/model/vocab/" + letter, known->second);
    }
  }

  /// Plain text must never become a control token.
  void checkOrdinary(std::string where, uint32_t id) {
    if (addedIds_.contains(id))
      fail(ErrorCode::TokenizerUnsupported, std::move(where),
           "the id " + std::to_string(id) + " of an added token",
           "a token that is not added");
  }

  /// Both sides of "left right" or ["left", "right"]; false for other forms.
  static bool sidesOf(const JsonValue &merge, std::string_view &left,
                      std::string_view &right) {
    if (merge.kind == Kind::String) {
      std::string_view text = merge.text;
      size_t space = text.find(' ');
      if (space == text.npos || text.find(' ', space + 1) != text.npos)
        return false;
      left = text.substr(0, space);
      right = text.substr(space + 1);
      return true;
    }
    if (merge.kind != Kind::Array || merge.items.size() != 2 ||
        merge.items[0].kind != Kind::String ||
        merge.items[1].kind != Kind::String)
      return false;
    left = merge.items[0].text;
    right = merge.items[1].text;
    return true;
  }

  void readMerges() {
    std::unordered_set<uint64_t> pairs(merges_->items.size());
    for (size_t i = 0; i < merges_->items.size(); ++i) {
      const JsonValue &merge = merges_->items[i];
      std::string where = "/model/merges/" + std::to_string(i);
      std::string_view left, right;
      if (!sidesOf(merge, left, right)) {
        fail(ErrorCode::MergeMalformed, where, merge.describe(),
             "two pieces with one space between");
        continue;
      }
      auto idOf = [&](ErrorCode code, std::string_view piece,
                      const char *expected) {
        auto known = ids_.find(piece);
        if (known != ids_.end())
          return known->second;
        fail(code, where, "\"" + std::string(piece) + "\"", expected);
        return rt::kNoToken;
      };
      rt::MergeRecord record{
          idOf(ErrorCode::MergeUnknown, left, "a piece of the vocabulary"),
          idOf(ErrorCode::MergeUnknown, right, "a piece of the vocabulary"),
          idOf(ErrorCode::MergeResultUnknown, std::string(left).append(right),
               "the merge's result in the vocabulary")};
      checkOrdinary(where, record.result);
      if (!pairs.insert(uint64_t(record.left) << 32 | record.right).second)
        fail(ErrorCode::MergeMalformed, where, merge.describe(),
             "a pair that no earlier merge has");
      model_.merges.push_back(record);
    }
  }

  const JsonValue &root_;
  uint32_t vocabSize_;
  const std::string &file_;
  Status status_;
  const JsonValue *vocab_ = nullptr, *merges_ = nullptr, *added_ = nullptr;
  std::unordered_map<std::string_view, uint32_t> ids_; // of the vocabulary
  std::unordered_set<uint32_t> addedIds_;
  std::unordered_set<std::string_view> addedContents_;
  TokenizerModel model_;
};

} // namespace

Result<TokenizerModel> readTokenizerModel(const JsonValue &tokenizer,
                                          uint32_t vocabSize,
                                          const std::string &file) {
  return ModelReader(tokenizer, vocabSize, file).read();
}

} // namespace ds
