// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// make-checkpoint NAME DIR [--sparse] | make-checkpoint --digest DIR
#include "tools/dev/MakeCheckpoint.h"
#include <cstdio>

using namespace ds;

static void printNames(const std::vector<std::string_view> &names) {
  for (std::string_view name : names)
    std::fprintf(stderr, " %.*s", int(name.size()), name.data());
}

static int usage() {
  std::fprintf(stderr, "usage: make-checkpoint NAME DIR [--sparse]\n"
                       "       make-checkpoint --digest DIR\n"
                       "NAME is one of:");
  printNames(dev::checkpointNames());
  std::fprintf(stderr, "; with --sparse (right headers, holes for data) also:");
  printNames(dev::sparseNames());
  std::fprintf(stderr, "\n");
  return int(Exit::Usage);
}

int main(int argc, char **argv) {
  bool isSparse = argc == 4 && std::string_view(argv[3]) == "--sparse";
  if (argc != 3 && !isSparse)
    return usage();
  std::string_view name = argv[1];
  bool isDigest = name == "--digest" && !isSparse;
  if (!isDigest && dev::configOf(name).empty())
    return usage();
  Status status;
  if (isDigest) {
    auto digest = dev::digestOfFolder(argv[2]);
    if (digest)
      std::printf("%s\n", digest->c_str());
    else
      status = digest.takeStatus();
  } else {
    status = dev::makeCheckpoint(
        name, argv[2], isSparse ? dev::Values::Hole : dev::Values::Random);
  }
  std::fputs(status.text("make-checkpoint").c_str(), stderr);
  return int(status.exit());
}
