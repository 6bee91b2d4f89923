// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/OpenFile.h"
#include "test/compiler/checkpoint/TestFolder.h"
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace ds::checkpoint {
namespace {

namespace fs = std::filesystem;

/// Every test runs with the kernel's resolution and with ours.
class OpenFileTest : public testing::TestWithParam<Resolution> {
protected:
  Result<std::optional<InputFile>> open(const std::string &folder,
                                        const std::string &name) {
    auto opened = InputFolder::open(folder);
    EXPECT_TRUE(opened.isOk()) << textOf(opened);
    return opened->tryOpen(name, GetParam());
  }
  std::string contents(const std::string &folder, const std::string &name) {
    auto file = open(folder, name);
    if (!file)
      return textOf(file);
    return *file ? *(*file)->readAll(100) : "absent";
  }
};
INSTANTIATE_TEST_SUITE_P(By, OpenFileTest,
                         testing::Values(Resolution::Kernel, Resolution::Ours),
                         [](auto &info) {
                           return info.param == Resolution::Kernel ? "Kernel"
                                                                   : "Ours";
                         });

// A file of the folder opens; an absent one is no error.
TEST_P(OpenFileTest, OpensFilesOfTheFolder) {
  TestFolder folder;
  folder.write("a", "text");
  EXPECT_EQ(contents(folder.path(), "a"), "text");
  EXPECT_EQ(contents(folder.path() + "/", "a"), "text");
  EXPECT_EQ(contents(folder.path(), "b"), "absent");
}

// A link inside the folder is followed, one that leaves it is refused.
TEST_P(OpenFileTest, FollowsLinksInsideOnly) {
  TestFolder folder, other;
  folder.write("a", "text");
  other.write("secret", "secret");
  fs::create_symlink("a", folder.at("inside"));
  fs::create_symlink(other.at("secret"), folder.at("outside"));
  fs::create_symlink("..", folder.at("up"));
  EXPECT_EQ(contents(folder.path(), "inside"), "text");
  expectError(open(folder.path(), "outside"), ErrorCode::LinkLeavesFolder,
              {"outside", other.at("secret")});
  expectError(open(folder.path(), "up"), ErrorCode::LinkLeavesFolder, {});
}

// In a hub cache a snapshot's links lead to the repository's blobs, and to
// nothing else.
TEST_P(OpenFileTest, AcceptsHubCaches) {
  TestFolder cache;
  std::string repository = cache.at("models--a--b");
  fs::create_directories(repository + "/blobs");
  fs::create_directories(repository + "/snapshots/1f");
  cache.write("models--a--b/blobs/77", "blob");
  cache.write("secret", "secret");
  std::string snapshot = repository + "/snapshots/1f";
  fs::create_symlink("../../blobs/77", snapshot + "/config.json");
  fs::create_symlink("../../../secret", snapshot + "/bad");
  EXPECT_EQ(contents(snapshot, "config.json"), "blob");
  expectError(open(snapshot, "bad"), ErrorCode::LinkLeavesFolder, {});
}

// Nothing but a regular file opens, and a FIFO without a writer does not block.
TEST_P(OpenFileTest, RefusesOtherKinds) {
  TestFolder folder;
  ASSERT_EQ(mkfifo(folder.at("fifo").c_str(), 0600), 0);
  fs::create_directory(folder.at("folder"));
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  folder.at("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address),
            0);
  expectError(open(folder.path(), "fifo"), ErrorCode::NotRegularFile,
              {"FIFO", "regular file"});
  expectError(open(folder.path(), "folder"), ErrorCode::NotRegularFile,
              {"directory"});
  expectError(open(folder.path(), "socket"), ErrorCode::NotRegularFile,
              {"socket"});
  close(fd);
}

// A dangling link is an error, not an absent file.
TEST_P(OpenFileTest, RefusesDanglingLinks) {
  TestFolder folder;
  fs::create_symlink("nowhere", folder.at("a"));
  expectError(open(folder.path(), "a"), ErrorCode::FileUnreadable, {});
}

// With links refused, a file has one name and is no link.
TEST_P(OpenFileTest, RefusesLinksWhenAsked) {
  TestFolder folder;
  folder.write("a", "text");
  fs::create_symlink("a", folder.at("link"));
  auto opened = InputFolder::open(folder.path(), Links::Refuse);
  ASSERT_TRUE(opened) << textOf(opened);
  EXPECT_TRUE(opened->tryOpen("a", GetParam()));
  expectError(opened->tryOpen("link", GetParam()), ErrorCode::LinkRefused,
              {"link", "found a link"});
  fs::create_hard_link(folder.at("a"), folder.at("b"));
  expectError(opened->tryOpen("a", GetParam()), ErrorCode::LinkRefused,
              {"link count", "found 2", "expected 1"});
}

// A folder that is none is named with the reason.
TEST(InputFolderTest, NamesTheReason) {
  TestFolder folder;
  folder.write("file", "");
  expectError(InputFolder::open(folder.at("none")), ErrorCode::FolderUnreadable,
              {folder.at("none"), "No such file"});
  expectError(InputFolder::open(folder.at("file")), ErrorCode::FolderUnreadable,
              {"Not a directory"});
  expectError(locateModel(folder.at("none")), ErrorCode::FolderUnreadable,
              {"No such file"});
}

// A model is named by its folder or by its config file.
TEST(InputFolderTest, LocatesModels) {
  TestFolder folder;
  folder.write("my.json", "{}");
  EXPECT_EQ(locateModel(folder.path())->configName, "config.json");
  auto location = locateModel(folder.at("my.json"));
  EXPECT_EQ(location->folder, folder.path());
  EXPECT_EQ(location->configName, "my.json");
}

// Reading past the end says where the file ended.
TEST(InputFileTest, ReadsExactly) {
  TestFolder folder;
  folder.write("a", "abc");
  InputFile file = folder.open("a");
  char bytes[4];
  EXPECT_TRUE(file.read(1, bytes, 2));
  EXPECT_EQ(std::string_view(bytes, 2), "bc");
  expectError(file.read(1, bytes, 3), ErrorCode::FileUnreadable,
              {"byte 3", "end of file"});
}

} // namespace
} // namespace ds::checkpoint
