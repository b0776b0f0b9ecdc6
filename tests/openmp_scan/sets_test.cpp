// Folders: Python environments of this and of other systems.
#include "openmp_scan/verdict/sets.h"

#include <gmock/gmock.h>

#include "openmp_scan/fixture.h"

namespace scan_test {

using runner::runtime::scan_sets;
using runner::runtime::ScanResult;
using runner::runtime::SetsResult;
using runner::runtime::Verdict;
using ::testing::ElementsAre;

namespace {

class SetsTest : public ScanTest {
 protected:
  // Wheels of today: each brings its own copy of libgomp under a name of its own.
  void linux_package(const std::string& name, const std::string& copy) {
    elf(name + ".libs/" + copy, {.soname = copy, .defined = gnu_symbols()});
    elf(name + "/core/_ext.cpython-311-x86_64-linux-gnu.so",
        {.needed = {copy}, .rpath = "$ORIGIN/../../" + name + ".libs"});
    write(folder / name / "__init__.py", "");
  }
  const ScanResult* with_members(const SetsResult& result, const std::vector<std::string>& names) {
    for (const ScanResult& set : result.sets) {
      std::vector<std::string> leaves;
      for (const std::string& member : set.members) leaves.push_back(fs::path(member).filename());
      if (leaves == names) return &set;
    }
    return nullptr;
  }
};

}  // namespace

TEST_F(SetsTest, EachPackageAndAllTogetherAreJudged) {
  linux_package("faiss", "libgomp-aaaa0001.so.1");
  linux_package("sklearn", "libgomp-bbbb0002.so.1");
  elf("plain/_x.cpython-311-x86_64-linux-gnu.so", {.defined = {"PyInit__x"}});
  const SetsResult result = scan_sets({folder}, options);
  EXPECT_EQ(result.binaries, 5U);
  ASSERT_EQ(result.sets.size(), 3U);
  EXPECT_EQ(with_members(result, {"faiss"})->verdict, Verdict::one);
  EXPECT_EQ(with_members(result, {"sklearn"})->verdict, Verdict::one);
  const ScanResult* both = with_members(result, {"faiss", "sklearn"});
  ASSERT_NE(both, nullptr);
  EXPECT_EQ(both->verdict, Verdict::slow);
  EXPECT_EQ(both->runtimes.size(), 2U);
  EXPECT_THAT(both->runtimes[0].needed_by,
              ElementsAre(at("faiss/core/_ext.cpython-311-x86_64-linux-gnu.so")));
  EXPECT_EQ(result.worst, Verdict::slow);
}

TEST_F(SetsTest, OneSonameInTwoWheelsIsOneCopy) {
  linux_package("faiss", "libgomp-aaaa0001.so.1");
  linux_package("sklearn", "libgomp-aaaa0001.so.1");
  // Modules are loaded first, so the second asks for a soname that is there.
  EXPECT_EQ(scan_sets({folder / "faiss", folder / "faiss.libs"}, options).worst, Verdict::one);
  elf("both.so", {.needed = {"libgomp-aaaa0001.so.1"}, .rpath = "$ORIGIN/faiss.libs"});
  EXPECT_EQ(scan({"both.so", "sklearn/core/_ext.cpython-311-x86_64-linux-gnu.so"}).verdict, Verdict::one);
}

TEST_F(SetsTest, SeveralFoldersAreOneProcess) {
  elf("a/libomp-aaaa0001.so", {.soname = "libomp-aaaa0001.so", .defined = llvm_symbols()});
  elf("a/x.so", {.needed = {"libomp-aaaa0001.so"}, .runpath = "$ORIGIN"});
  elf("b/libomp-bbbb0002.so", {.soname = "libomp-bbbb0002.so", .defined = llvm_symbols()});
  elf("b/y.so", {.needed = {"libomp-bbbb0002.so"}, .runpath = "$ORIGIN"});
  EXPECT_EQ(scan_sets({folder / "a"}, options).worst, Verdict::one);
  EXPECT_EQ(scan_sets({folder / "b"}, options).worst, Verdict::one);
  EXPECT_EQ(scan_sets({folder / "a", folder / "b"}, options).worst, Verdict::duplicate);
  EXPECT_EQ(scan_sets({folder / "a" / "x.so", folder / "b" / "y.so"}, options).worst, Verdict::duplicate);
}

TEST_F(SetsTest, OtherSystemsPythonsAndArchitecturesDoNotMeet) {
  macho("env/lib/python3.11/site-packages/torch/_C.cpython-311-darwin.so",
        {.type = 8, .loads = {"@loader_path/libomp.dylib"}});
  macho("env/lib/python3.11/site-packages/torch/libomp.dylib",
        {.id = "@rpath/libomp.dylib", .defined = llvm_symbols()});
  elf("env/lib/python3.11/site-packages/faiss/_f.cpython-311-x86_64-linux-gnu.so",
      {.defined = llvm_symbols()});
  elf("env/lib/python3.10/site-packages/faiss/_f.cpython-310-x86_64-linux-gnu.so",
      {.defined = llvm_symbols()});
  const SetsResult result = scan_sets({folder / "env"}, options);
  EXPECT_EQ(result.worst, Verdict::one);
  EXPECT_EQ(result.sets.size(), 3U);
  EXPECT_NE(with_members(result, {"torch"}), nullptr);
}

TEST_F(SetsTest, LinksAreFollowedOnceAndBrokenOnesNamed) {
  linux_package("faiss", "libgomp-aaaa0001.so.1");
  fs::create_directory_symlink("..", folder / "faiss" / "up");
  fs::create_directory_symlink("faiss", folder / "again");
  fs::create_symlink("nowhere.so", folder / "faiss" / "dangling.so");
  write(folder / "faiss" / "cut.so", "\177ELF");
  write(folder / "faiss" / "script.so", "GROUP ( libx.so )");
  const SetsResult result = scan_sets({folder}, options);
  EXPECT_EQ(result.worst, Verdict::one);
  EXPECT_TRUE(mentions(result.problems, "dangling.so: the link leads nowhere"));
  EXPECT_TRUE(mentions(result.problems, "cut.so: truncated"));
  EXPECT_FALSE(mentions(result.problems, "script.so"));
}

TEST_F(SetsTest, PairsThatConflictAreNamed) {
  elf("torch/_C.so", {.defined = gnu_symbols()});
  elf("faiss/libomp-aaaa0001.so", {.soname = "libomp-aaaa0001.so", .defined = llvm_symbols()});
  elf("numba/libomp-bbbb0002.so", {.soname = "libomp-bbbb0002.so", .defined = llvm_symbols()});
  const SetsResult result = scan_sets({folder}, options);
  ASSERT_NE(with_members(result, {"faiss", "numba"}), nullptr);
  EXPECT_EQ(with_members(result, {"faiss", "numba"})->verdict, Verdict::duplicate);
  EXPECT_EQ(with_members(result, {"faiss", "torch"})->verdict, Verdict::mixed);
  EXPECT_EQ(with_members(result, {"faiss", "numba", "torch"})->verdict, Verdict::duplicate);
}

}  // namespace scan_test
