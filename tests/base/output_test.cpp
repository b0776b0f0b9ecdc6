#include "base/output.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "support/device_node.h"
#include "support/temporary_folder.h"

namespace runner {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string faiss_header = std::string("IxFI\4\0\0\0", 8) + std::string("\1\0\0\0\0\0\0\0", 8) +
                                 std::string("\0\0\x10\0\0\0\0\0", 8) + std::string("\0\0\x10\0\0\0\0\0", 8);

class Outputs : public testing::Test {
 protected:
  Output at(const std::string& name, OutputKind kind = OutputKind::file) const {
    Output output;
    output.path = name.empty() ? "" : (folder / name).string();
    output.kind = kind;
    return output;
  }
  std::string objection(const std::string& name, OutputKind kind = OutputKind::file) const {
    return objection_to(at(name, kind));
  }
  std::string with_input(const std::string& name, const std::string& input) const {
    Output output = at(name);
    output.inputs = {{"input.vectors", input}};
    return objection_to(output);
  }
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
  }
  test::TemporaryFolder folder;
};

TEST_F(Outputs, MayBeNewOrARegularFile) {
  folder.write("old.npz", "anything: the user named it");
  EXPECT_EQ(objection("old.npz"), "");
  EXPECT_EQ(objection("new.npz"), "");
  EXPECT_EQ(objection("deep/er/new.npz"), "");
  EXPECT_EQ(count(), 1U) << "judging creates nothing";
}

TEST_F(Outputs, MustBeANameThatAFileCanHave) {
  EXPECT_THAT(objection(""), HasSubstr("is empty"));
  EXPECT_THAT(objection(std::string("a\0b.npz", 7)), HasSubstr("NUL"));
  EXPECT_THAT(objection("new/"), HasSubstr("name of a folder"));
  EXPECT_THAT(objection(std::string(260, 'x')), HasSubstr("too long"));
  EXPECT_THAT(objection(std::string(250, 'x')), HasSubstr("too long")) << "no room for the temporary name";
  EXPECT_EQ(objection(std::string(234, 'x')), "");
  EXPECT_THAT(objection(std::string(260, 'x') + "/a.npz"), HasSubstr("cannot be used"));
}

TEST_F(Outputs, AreNoFoldersFifosSocketsOrDevices) {
  fs::create_directory(folder / "folder");
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (folder / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  for (const auto kind : {OutputKind::file, OutputKind::link}) {
    EXPECT_THAT(objection("folder", kind), HasSubstr("is a folder"));
    EXPECT_THAT(objection(".", kind), HasSubstr("is a folder"));
    EXPECT_THAT(objection("fifo", kind), HasSubstr("is a fifo"));
    EXPECT_THAT(objection("socket", kind), HasSubstr("is a socket"));
  }
  EXPECT_THAT(objection("fifo", OutputKind::folder), HasSubstr("is a fifo"));
  ::close(fd);
  if (!test::make_null_device(folder / "device")) GTEST_SKIP() << "this user cannot make device nodes";
  for (const auto kind : {OutputKind::file, OutputKind::link, OutputKind::folder})
    EXPECT_THAT(objection("device", kind), HasSubstr("is a device"));
}

TEST_F(Outputs, AreNoLinksOfOthers) {
  folder.write("real.npz", "x");
  fs::create_symlink("real.npz", folder / "link.npz");
  fs::create_symlink("nowhere", folder / "dangling.npz");
  for (const char* name : {"link.npz", "dangling.npz"})
    EXPECT_THAT(objection(name), HasSubstr("is a link to")) << name;
}

TEST_F(Outputs, AreNotTheInputByWhateverName) {
  const std::string input = folder.write("v.npz", "x");
  fs::create_hard_link(input, folder / "hard.npz");
  fs::create_symlink("v.npz", folder / "soft.npz");
  fs::create_directory_symlink(folder.path(), folder / "here");
  for (const char* name : {"v.npz", "./v.npz", "here/v.npz", "hard.npz", "soft.npz"})
    EXPECT_THAT(with_input(name, input), HasSubstr("is the input itself (input.vectors: ")) << name;
  EXPECT_THAT(with_input("v.npz", folder / "soft.npz"), HasSubstr("is the input itself"));
  EXPECT_THAT(with_input("v.npz", folder / "hard.npz"), HasSubstr("is the input itself"));
  EXPECT_EQ(with_input("other.npz", input), "");
}

TEST_F(Outputs, ReplaceOfAnInputFolderOnlyWhatIsOfTheirKindAndNotOfTheRun) {
  folder.write("run/config.json", R"({"model": 1})");
  folder.write("run/manifest.json",
               R"({"job": "train", "launch": {}, "result": {"gates": {}, "passed": 1}})");
  folder.write("run/report.json", "{\n \"mode\": \"fixed\", \"gates\": [], \"passed\": true}");
  folder.write("run/metrics.jsonl", R"({"step": 1})");
  folder.write("run/p.jsonl", R"({"article": 1})");
  folder.write("run/p.npz", "PK\3\4 and so on");
  folder.write("run/notes.npz", "mine");
  folder.write("run/best_model.pt", "PK\3\4 and so on");
  fs::create_directory_symlink("run", folder / "latest");
  for (const char* name : {"run/config.json", "run/manifest.json", "latest/config.json", "run/metrics.jsonl",
                           "run/notes.npz", "run/best_model.pt"})
    EXPECT_THAT(with_input(name, folder / "run"), HasSubstr("belongs to the input")) << name;
  EXPECT_EQ(with_input("run/report.json", folder / "latest"), "");
  for (const char* name : {"run/new.json", "run/p.npz", "run/p.jsonl"})
    EXPECT_EQ(with_input(name, folder / "run"), "") << name;
}

TEST_F(Outputs, NeedAFolderThatTakesThem) {
  folder.write("file", "");
  EXPECT_THAT(objection("file/x.npz"), HasSubstr("file"));
  EXPECT_THAT(objection("file/x/y.npz"), HasSubstr("Not a directory"));
  fs::create_symlink("nowhere", folder / "dangling");
  EXPECT_THAT(objection("dangling/x.npz"), HasSubstr("cannot be used"));
  if (::geteuid() == 0) return;  // root may write everywhere
  fs::create_directory(folder / "closed");
  fs::permissions(folder / "closed", fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_THAT(objection("closed/x.npz"), HasSubstr("nothing can be written"));
  EXPECT_THAT(objection("closed", OutputKind::folder), HasSubstr("nothing can be written"));
}

TEST_F(Outputs, LeaveAWriteProtectedFile) {
  fs::permissions(folder.write("x.npz", "x"), fs::perms::owner_read);
  EXPECT_THAT(objection("x.npz"), HasSubstr("write-protected"));
}

TEST_F(Outputs, UnderADefaultNameReplaceOnlyTheirOwnKind) {
  Output output = at("x.npz");
  output.named = false;
  folder.write("x.npz", "my thesis");
  EXPECT_THAT(objection_to(output), HasSubstr("another kind"));
  folder.write("x.npz", "PK\3\4 and so on");
  EXPECT_EQ(objection_to(output), "");
}

TEST_F(Outputs, LeaveAManifestThatTheirJobDidNotWrite) {
  Output output = at("x.npz");
  output.manifest_of = "sequences";
  folder.write("x.npz.manifest.json", R"({"job": "sequences", "outcome": "done"})");
  EXPECT_EQ(objection_to(output), "");
  folder.write("x.npz.manifest.json", R"({"name": "my web app"})");
  EXPECT_THAT(objection_to(output), HasSubstr("x.npz.manifest.json would be replaced"));
  fs::remove(folder / "x.npz.manifest.json");
  fs::create_symlink("x", folder / "x.npz.manifest.json");
  EXPECT_THAT(objection_to(output), HasSubstr("is a link"));
}

TEST_F(Outputs, OfAnIndexAreALinkToAVersionOrAnIndex) {
  const auto index = [&] {
    Output output = at("x.index", OutputKind::link);
    output.manifest_of = "index";
    return objection_to(output);
  };
  fs::create_symlink("x.20260101T000000Z.index", folder / "x.index");
  fs::create_symlink("x.20260101T000000Z.index.manifest.json", folder / "x.index.manifest.json");
  EXPECT_EQ(index(), "");
  fs::remove(folder / "x.index.manifest.json");
  fs::create_symlink("mine.manifest.json", folder / "x.index.manifest.json");
  EXPECT_THAT(index(), HasSubstr("x.index.manifest.json would be replaced"));
  fs::remove(folder / "x.index.manifest.json");
  for (const char* to : {"other.index", "/elsewhere/x.20260101T000000Z.index", "x.99999999T000000Z.index"}) {
    fs::remove(folder / "x.index");
    fs::create_symlink(to, folder / "x.index");
    EXPECT_THAT(index(), HasSubstr("is no version of it")) << to;
  }
  fs::remove(folder / "x.index");
  folder.write("x.index", "my notes");
  EXPECT_THAT(index(), HasSubstr("no FAISS index"));
  folder.write("x.index", faiss_header);
  EXPECT_EQ(index(), "");
  fs::create_symlink("victim", folder / "x.index.lock");
  EXPECT_THAT(index(), HasSubstr("x.index.lock is a link"));
}

TEST_F(Outputs, OfARunAreAFolder) {
  folder.write("file", "");
  fs::create_directory(folder / "run");
  fs::create_directory_symlink("run", folder / "to_run");
  fs::create_symlink("nowhere", folder / "dangling");
  for (const char* name : {"new", "new/", "deep/new", "run", "run/", "to_run", "."})
    EXPECT_EQ(objection(name, OutputKind::folder), "") << name;
  EXPECT_THAT(objection("file", OutputKind::folder), HasSubstr("is a file"));
  EXPECT_THAT(objection("dangling", OutputKind::folder), HasSubstr("is a link to nowhere"));
  EXPECT_THAT(objection("", OutputKind::folder), HasSubstr("is empty"));
}

TEST_F(Outputs, NewFoldersAreCountedOnByProcessesAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    const fs::path made = make_new_folder(folder / "deep/run_1.5/");
    ::_exit(fs::is_empty(made) && ::mkdir((made / "mine").c_str(), 0700) == 0 ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "deep")) names.insert(entry.path().filename());
  EXPECT_EQ(names.size(), 8U);
  EXPECT_TRUE(names.contains("run_1.5") && names.contains("run_1.5_8"));
}

}  // namespace
}  // namespace runner
