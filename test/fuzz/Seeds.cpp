// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fuzz-seeds MODELS DIR: writes the first inputs of every target into
// DIR/TARGET: valid ones, and each of them with one thing wrong.
#include "compiler/text/TokenizerReader.h"
#include "runtime/plan/ChatRecord.h"
#include "test/compiler/text/ModelFolder.h"
#include "test/fuzz/PlanParts.h"
#include "test/runtime/plan/TinyPlan.h"
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

class Seeds {
public:
  Seeds(const fs::path &folder, const std::string &target)
      : folder_(folder / target) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void add(const std::string &bytes) {
    std::ofstream(folder_ / std::to_string(count_++), std::ios::binary)
        << bytes;
  }

private:
  fs::path folder_;
  size_t count_ = 0;
};

/// Calls `use` with the whole of `root` for each change of one key below
/// `place`. Objects with more keys than a format has are left as they are.
void changeKeys(json &root, json &place, const auto &use) {
  const json wrong[] = {nullptr,       true,          -1, 1e300, "text",
                        json::array(), json::object()};
  if (place.is_array())
    for (json &item : place)
      changeKeys(root, item, use);
  if (!place.is_object() || place.size() > 64)
    return;
  std::vector<std::string> keys;
  for (auto &[key, value] : place.items())
    keys.push_back(key);
  for (const std::string &key : keys) {
    changeKeys(root, place[key], use);
    json kept = std::move(place[key]);
    for (const json &value : wrong) {
      place[key] = value;
      use(root);
    }
    place.erase(key);
    use(root);
    place[key] = std::move(kept);
  }
}

/// A valid document, its wrong forms, and what is no JSON.
void addDocument(Seeds &seeds, json document, const std::string &prefix = "") {
  std::string text = document.dump();
  seeds.add(prefix + text);
  seeds.add(prefix + text.substr(0, text.size() / 2));
  seeds.add(prefix + text + " ");
  seeds.add("\xEF\xBB\xBF" + text);
  seeds.add(prefix + text.substr(0, text.size() - 1) + "," + text.substr(1));
  changeKeys(document, document,
             [&](const json &changed) { seeds.add(prefix + changed.dump()); });
}

json readFile(const fs::path &path) {
  std::ifstream file(path);
  return json::parse(file);
}

void writeHeaders(const fs::path &to) {
  Seeds seeds(to, "header");
  json header = {
      {"__metadata__", {{"format", "pt"}}},
      {"a.weight",
       {{"dtype", "BF16"}, {"shape", {2, 3}}, {"data_offsets", {0, 12}}}},
      {"a.weight_scale_inv",
       {{"dtype", "F32"}, {"shape", {1, 1}}, {"data_offsets", {12, 16}}}},
      {"b", {{"dtype", "F8_E4M3"}, {"shape", {8}}, {"data_offsets", {16, 24}}}},
      {"empty", {{"dtype", "I64"}, {"shape", {0}}, {"data_offsets", {24, 24}}}},
      {"scalar",
       {{"dtype", "U8"},
        {"shape", json::array()},
        {"data_offsets", {24, 25}}}}};
  uint64_t data = 25;
  std::string prefix = "H";
  prefix.append(reinterpret_cast<char *>(&data), sizeof data);
  addDocument(seeds, header, prefix);
  seeds.add("version https://git-lfs.github.com/spec/v1\noid sha256:00\n");
  seeds.add("<!doctype html><html></html>");
  seeds.add(std::string("\x02\0\0\0\0\0\0\0{}", 10));
}

void writeTokenizers(const fs::path &to) {
  Seeds seeds(to, "tokenizer");
  json tokenizer = ds::smallTokenizer();
  addDocument(seeds, tokenizer);
  for (const char *merge : {"a b c", "ab", "x y", "a b", ""}) {
    json changed = tokenizer;
    changed["model"]["merges"].push_back(merge);
    seeds.add(changed.dump());
  }
  tokenizer["model"]["merges"] = json::array({json::array({"a", "b"})});
  seeds.add(tokenizer.dump());
}

/// TOKN and CHAT as the compiler makes them.
std::vector<uint8_t> planWithText() {
  ds::ModelFolder folder;
  folder.write("tokenizer.json", ds::smallTokenizer());
  auto writer = ds::rt::test::tinyWriter();
  writer.set(ds::rt::Section::TOKN,
             **ds::compileTokenizer(folder.path(), ds::kSmallVocabSize));
  ds::rt::ChatRecord chat{
      ds::rt::ChatFormat::R1, 258, 259, 260, 261, 262, 263, 0};
  auto *bytes = reinterpret_cast<const uint8_t *>(&chat);
  writer.set(ds::rt::Section::CHAT, {bytes, sizeof chat});
  return *writer.finish();
}

void writePlans(const fs::path &to) {
  Seeds seeds(to, "plan");
  auto add = [&](const std::vector<uint8_t> &plan) {
    seeds.add({plan.begin(), plan.end()});
  };
  add(planWithText());
  add(ds::rt::test::tinyPlan({.hasData = true}));
  add(ds::rt::test::tinyPlan({.kind = ds::rt::LevelKind::CUDA}));
  add(ds::rt::test::tinyPlan({.kind = ds::rt::LevelKind::CUDAEmulation}));
  std::vector<uint8_t> plan = ds::rt::test::tinyPlan({.hasTokenizer = false});
  add(plan);
  // Each section without its last record, and with all bits set in the first.
  auto parts = ds::fuzz::PlanParts::of(plan);
  for (auto &part : parts->parts) {
    auto kept = part.bytes;
    size_t width = std::min(part.recordSize(), kept.size());
    part.bytes.resize(kept.size() - width);
    add(parts->plan());
    part.bytes = kept;
    std::fill_n(part.bytes.begin(), width, uint8_t(0xFF));
    add(parts->plan());
    part.bytes = kept;
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 3) {
    std::cerr << "usage: fuzz-seeds MODELS DIR\n";
    return 2;
  }
  fs::path models = argv[1], to = argv[2];
  Seeds configs(to, "config");
  for (const char *name : {"micro-v3-noqlora", "micro-v31-ue8m0", "r1-671b"})
    addDocument(configs, readFile(models / name / "config.json"));
  Seeds generation(to, "generation_config");
  addDocument(generation, readFile(models / "r1-671b/generation_config.json"));
  addDocument(generation, {{"eos_token_id", {1, 2}}, {"top_k", 40}});
  Seeds index(to, "index");
  addDocument(index, {{"metadata", {{"total_size", 24}}},
                      {"weight_map",
                       {{"a", "model-00002-of-000002.safetensors"},
                        {"b", "model-00001-of-000002.safetensors"},
                        {"c", "../model.safetensors"}}}});
  addDocument(index, {{"weight_map", {{"a", "one"}, {"b", "one"}}}});
  writeHeaders(to);
  writeTokenizers(to);
  writePlans(to);
}
