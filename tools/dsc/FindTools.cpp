// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/FindTools.h"
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/FileUtilities.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/Program.h>

namespace ds {
namespace {

namespace fs = std::filesystem;

/// Empty where it is not set.
std::string variable(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

/// A folder below the user's home, or where XDG's variable says.
std::string userFolder(const char *xdg, const char *belowHome) {
  std::string folder = variable(xdg);
  if (folder.empty() && !variable("HOME").empty())
    folder = variable("HOME") + "/" + belowHome;
  return folder.empty() ? "" : folder + "/dsc";
}

/// The NVRTCs of a folder of libraries, newer ones first.
void addLibraries(const std::string &folder, std::vector<std::string> &files) {
  for (const char *name : {"/libnvrtc.so.13", "/libnvrtc.so.12"})
    files.push_back(folder + name);
}

/// Those of wheels below a folder that Python imports from: nvidia/cu13/lib,
/// nvidia/cuda_nvrtc/lib.
void addWheels(const std::string &folder, std::vector<std::string> &files) {
  for (const char *name : {"/nvidia/cu13/lib", "/nvidia/cuda_nvrtc/lib"})
    addLibraries(folder + name, files);
}

/// Entries of a folder whose names begin so, the last of the alphabet first.
std::vector<std::string> entries(const std::string &folder,
                                 std::string_view begin) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error))
    if (at->path().filename().string().starts_with(begin))
      found.push_back(at->path().string());
  std::ranges::sort(found, std::greater());
  return found;
}

/// The folders that python3 imports from, asked of itself.
std::vector<std::string> pythonFolders() {
  auto python = llvm::sys::findProgramByName("python3");
  llvm::SmallString<128> path;
  if (!python || llvm::sys::fs::createTemporaryFile("dsc", "txt", path))
    return {};
  llvm::FileRemover remover(path);
  std::optional<llvm::StringRef> streams[] = {llvm::StringRef(),
                                              llvm::StringRef(path),
                                              llvm::StringRef()};
  llvm::StringRef words[] = {*python, "-c",
                             "import sys; print('\\n'.join(sys.path))"};
  constexpr unsigned mostSeconds = 10;
  llvm::sys::ExecuteAndWait(*python, words, std::nullopt, streams, mostSeconds);
  auto text = llvm::MemoryBuffer::getFile(path);
  if (!text)
    return {};
  llvm::SmallVector<llvm::StringRef> lines;
  (*text)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
  return {lines.begin(), lines.end()};
}

bool anyExists(const std::vector<std::string> &files) {
  return std::ranges::any_of(files, [](const std::string &file) {
    std::error_code error;
    return fs::exists(file, error);
  });
}

} // namespace

std::vector<std::string> nvrtcPlaces() {
  if (std::string file = variable("DSC_NVRTC"); !file.empty())
    return {file};
  std::vector<std::string> files;
  for (const char *name : {"CUDA_HOME", "CUDA_PATH"})
    if (std::string folder = variable(name); !folder.empty())
      addLibraries(folder + "/lib64", files);
  for (const std::string &folder : entries("/usr/local", "cuda"))
    addLibraries(folder + "/lib64", files);
  if (std::string data = userFolder("XDG_DATA_HOME", ".local/share");
      !data.empty())
    addWheels(data, files);
  // Python takes its time to start.
  if (!anyExists(files))
    for (const std::string &folder : pythonFolders())
      addWheels(folder, files);
  for (const char *name : {"libnvrtc.so.13", "libnvrtc.so.12"})
    files.push_back(name);
  return files;
}

std::string clangPath() {
  auto found = llvm::sys::findProgramByName("clang++-22");
  return found ? *found : "";
}

std::string cacheFolder() { return userFolder("XDG_CACHE_HOME", ".cache"); }

} // namespace ds
