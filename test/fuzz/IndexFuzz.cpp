// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// model.safetensors.index.json.
#include "compiler/checkpoint/CheckpointIndex.h"
#include "test/fuzz/Check.h"
#include "test/fuzz/FuzzFolder.h"

using namespace ds;
using namespace ds::checkpoint;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz::FuzzFolder folder;
  folder.write("index", fuzz::textOf(data, size));
  Result<CheckpointIndex> index = readIndex(folder.open("index"));
  if (!index) {
    fuzz::checkRefusal(index.takeStatus());
    return 0;
  }
  // Shards and tensors are sorted, each once, and no name leaves the folder.
  FUZZ_CHECK(!index->entries.empty() && !index->shards.empty());
  for (size_t i = 0; i < index->shards.size(); ++i) {
    const std::string &name = index->shards[i];
    FUZZ_CHECK(isPlainName(name) && name.find('/') == name.npos);
    FUZZ_CHECK(!i || index->shards[i - 1] < name);
  }
  for (size_t i = 0; i < index->entries.size(); ++i) {
    FUZZ_CHECK(index->entries[i].shard < index->shards.size());
    FUZZ_CHECK(!i || index->entries[i - 1].tensor < index->entries[i].tensor);
  }
  return 0;
}
