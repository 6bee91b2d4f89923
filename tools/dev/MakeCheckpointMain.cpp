// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// make-checkpoint NAME DIR | make-checkpoint --digest DIR
#include "tools/dev/MakeCheckpoint.h"
#include <cstdio>

using namespace ds;

static int usage() {
  std::fprintf(stderr, "usage: make-checkpoint NAME DIR\n"
                       "       make-checkpoint --digest DIR\n"
                       "NAME is one of:");
  for (std::string_view name : dev::checkpointNames())
    std::fprintf(stderr, " %.*s", int(name.size()), name.data());
  std::fprintf(stderr, "\n");
  return int(Exit::Usage);
}

int main(int argc, char **argv) {
  if (argc != 3)
    return usage();
  std::string_view name = argv[1];
  if (name != "--digest" && dev::configOf(name).empty())
    return usage();
  Status status;
  if (name == "--digest") {
    auto digest = dev::digestOfFolder(argv[2]);
    if (digest)
      std::printf("%s\n", digest->c_str());
    else
      status = digest.takeStatus();
  } else {
    status = dev::makeCheckpoint(name, argv[2]);
  }
  std::fputs(status.text("make-checkpoint").c_str(), stderr);
  return int(status.exit());
}
