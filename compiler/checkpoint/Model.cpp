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

Result<Model> readModel(const std::string &path) {
  DS_ASSIGN(ModelLocation location, locateModel(path));
  DS_ASSIGN(InputFolder folder, InputFolder::open(location.folder));
  DS_ASSIGN(InputFile configFile, folder.openFile(location.configName));
  Model model;
  DS_ASSIGN(model.config, readConfig(configFile));
  DS_ASSIGN(model.checkpoint, readCheckpoint(folder));
  model.notes = model.config.notes;
  model.notes.insert(model.notes.end(), model.checkpoint.notes.begin(),
                     model.checkpoint.notes.end());
  DS_TRY(placeTensors(model));
  return model;
}

} // namespace ds::checkpoint
