// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/Model.h"
#include "compiler/checkpoint/ConfigReader.h"
#include "compiler/checkpoint/InventoryCheck.h"
#include <algorithm>

namespace ds::checkpoint {

std::string_view nameOf(Encoding encoding) {
  constexpr std::string_view names[] = {"F32", "BF16", "F8_E4M3"};
  return names[size_t(encoding)];
}

namespace {

// Beside config, index and shards; each may be absent.
constexpr const char *kTextFiles[] = {"generation_config.json",
                                      "tokenizer.json", "tokenizer_config.json",
                                      "chat_template.jinja"};

Status addSideFiles(const InputFolder &folder, Checkpoint &checkpoint) {
  Status status;
  for (const char *name : kTextFiles) {
    auto file = folder.tryOpen(name);
    if (!file)
      status.add(file.takeStatus());
    else if (*file)
      checkpoint.sideFiles.push_back(
          {name, (*file)->path(), (*file)->identity()});
  }
  return status;
}

void addNotes(Model &model) {
  const std::vector<std::string> &unknown = model.config.unknownKeys;
  if (!unknown.empty())
    model.notes.push_back(
        "config.json: " + std::to_string(unknown.size()) +
        (unknown.size() == 1 ? " key is" : " keys are") +
        " not known to dsc (-v lists them)");
  for (const std::string &key : unknown)
    model.details.push_back("config.json: key " + printable(key) +
                            " is not known");
  if (model.config.namesCode || model.checkpoint.hasCode)
    model.notes.push_back("code in the checkpoint is never run");
  model.notes.insert(model.notes.end(), model.checkpoint.notes.begin(),
                     model.checkpoint.notes.end());
}

} // namespace

Result<Model> readModel(const std::string &path, const ReadOptions &options) {
  DS_ASSIGN(ModelLocation location, locateModel(path));
  Links links = options.strictFiles ? Links::Refuse : Links::Follow;
  DS_ASSIGN(InputFolder folder, InputFolder::open(location.folder, links));
  DS_ASSIGN(InputFile configFile, folder.openFile(location.configName));
  Model model;
  model.configName = location.configName;
  DS_ASSIGN(model.config, readConfig(configFile));
  DS_ASSIGN(model.checkpoint, readCheckpoint(folder, options));
  model.checkpoint.sideFiles.push_back(
      {location.configName, configFile.path(), configFile.identity()});
  DS_TRY(addSideFiles(folder, model.checkpoint));
  addNotes(model);
  DS_TRY(placeTensors(model, options));
  return model;
}

} // namespace ds::checkpoint
