#include <cstdlib>
#include <thread>

#include "base/file_lock.h"
#include "data/formats/numpy/npz.h"
#include "jobs/index/index_runs.h"

namespace runner::test {
namespace {
using ::testing::HasSubstr;

// The parts of an index as tasks of an array build them, and searches by parts.
class IndexShards : public IndexRuns {
 protected:
  ProgramResult part(int number, int count, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--shard", std::to_string(number) + "/" + std::to_string(count)});
    return index(more);
  }
  void build_all(int count, const std::vector<std::string>& more = {}) const {
    for (int i = 0; i < count; ++i) {
      const ProgramResult run = part(i, count, more);
      ASSERT_EQ(run.exit_code, 0) << run.err;
    }
  }
  ProgramResult search(std::vector<std::string> flags, const std::string& index_name = "out/x.index") const {
    flags.insert(flags.begin(), {"search", index_name, "--queries", "b.npz", "--k", "5"});
    return run_runner(flags, options_);
  }
  std::filesystem::path shards() const { return folder_ / "out/x.index.shards"; }
};

TEST_F(IndexShards, MergeToTheBytesOfTheIndexBuiltInOneGo) {
  build_all(3);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/x.index")) << "parts alone publish nothing";
  EXPECT_THAT(part(1, 3).err, HasSubstr("part 1/3 is built already"));
  const ProgramResult merged = index({"--merge", "--json"});
  ASSERT_EQ(merged.exit_code, 0) << merged.err;
  EXPECT_EQ(Json::parse(merged.out)["ntotal"], rows);
  EXPECT_EQ(published(), expected("a.npz"));
  EXPECT_FALSE(std::filesystem::exists(shards())) << "merged, they are of no use";
  EXPECT_THAT(index({"--merge"}).err, HasSubstr("nothing to do"));
  EXPECT_EQ(index({"--rollback"}).exit_code, 1);
}

TEST_F(IndexShards, TasksOfASlurmArrayFindTheirParts) {
  options_.environment["SLURM_ARRAY_TASK_COUNT"] = "2";
  options_.environment["SLURM_ARRAY_TASK_MIN"] = "1";
  options_.environment["SLURM_ARRAY_TASK_MAX"] = "2";
  for (const char* id : {"1", "2"}) {
    options_.environment["SLURM_ARRAY_TASK_ID"] = id;
    ASSERT_EQ(index({"--shard", "auto"}).exit_code, 0);
  }
  EXPECT_EQ(index({"--merge", "--set", "publish.keep_shards=true"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(shards() / "0001-of-0002.index"));
  EXPECT_THAT(index({"--force"}).err, HasSubstr("--shard auto builds its part"));
}

// Whoever comes first trains; the others wait for it and add to the same centres.
TEST_F(IndexShards, OfInvertedListsAreTrainedOnce) {
  const std::vector<std::string> lists = {"--set", "index.factory=IVF16,Flat", "--set", "index.nprobe=3"};
  std::vector<std::thread> tasks;
  std::vector<ProgramResult> runs(3);
  for (int i = 0; i < 3; ++i)
    tasks.emplace_back([&, i] { runs[static_cast<std::size_t>(i)] = part(i, 3, lists); });
  for (std::thread& task : tasks) task.join();
  int trainings = 0;
  for (const ProgramResult& run : runs) {
    ASSERT_EQ(run.exit_code, 0) << run.err;
    trainings += run.err.find("training with") != std::string::npos;
  }
  EXPECT_EQ(trainings, 1);
  ASSERT_EQ(search({"--output", "folder.npz"}, "out/x.index.shards").exit_code, 0);
  std::vector<std::string> flags = lists;
  flags.push_back("--merge");
  const ProgramResult merged = index(flags);
  ASSERT_EQ(merged.exit_code, 0) << merged.err;
  ASSERT_EQ(search({"--output", "merged.npz"}).exit_code, 0);
  EXPECT_EQ(file_contents(folder_ / "folder.npz"), file_contents(folder_ / "merged.npz"));
  flags.back() = "--force";
  ASSERT_EQ(index(flags).exit_code, 0);
  ASSERT_EQ(search({"--output", "one.npz"}).exit_code, 0);
  EXPECT_EQ(file_contents(folder_ / "one.npz"), file_contents(folder_ / "merged.npz"));
  EXPECT_THAT(search({"--output", "x.npz", "--shard", "0/2"}).err, HasSubstr("only a Flat index"));
}

TEST_F(IndexShards, WrongUsesAreSaidAndPublishNothing) {
  ASSERT_EQ(index().exit_code, 0);
  const std::string before = published();
  const auto refused = [&](const ProgramResult& run, int code, const std::string& text) {
    EXPECT_EQ(run.exit_code, code) << run.err;
    EXPECT_THAT(run.err, HasSubstr(text));
    EXPECT_EQ(published(), before);
  };
  const auto merge = [&] { return index({"--merge", "--force"}); };
  refused(merge(), 3, "there are no parts");
  refused(part(3, 3), 2, "0/3 … 2/3");
  refused(part(0, 4001), 2, "at most 4000");
  refused(index({"--shard", "auto"}), 2, "SLURM_ARRAY_TASK_ID is not set");
  refused(index({"--shard", "0/2", "--merge"}), 2, "give one");
  refused(part(0, 2, {"--set", "index.factory=HNSW8"}), 2, "FAISS cannot merge graphs");
  refused(part(0, 2, {"--output", "out/{timestamp}.index"}), 2, "{timestamp}");
  build_all(3);
  ASSERT_TRUE(std::filesystem::remove(shards() / "0001-of-0003.index"));
  refused(merge(), 3, "1 of 3 parts (1/3)");
  ASSERT_EQ(part(1, 3, {"--npz", "b.npz"}).exit_code, 0);
  refused(merge(), 3, "part 1/3 was built with other data");
  ASSERT_EQ(part(1, 3, {"--set", "input.normalize=false"}).exit_code, 0);
  refused(merge(), 3, "part 1/3 was built with normalize false, and now true");
  refused(part(0, 5), 2, "division by 3");
  ASSERT_EQ(part(1, 3).exit_code, 0);
  {
    std::fstream torn(shards() / "0002-of-0003.index", std::ios::in | std::ios::out | std::ios::binary);
    torn.seekp(5000);
    torn.put('\x55');
  }
  refused(merge(), 3, "part 2/3 is torn");
  EXPECT_THAT(left(".tmp"), ::testing::IsEmpty());
  {
    const auto lock = FileLock::try_lock(shards() / "0002-of-0003.index.lock");
    ASSERT_TRUE(lock);
    refused(merge(), 3, "being built right now: 2/3");
    refused(part(2, 3, {"--set", "publish.if_locked=leave"}), 0, "another rebuild runs");
  }
  ASSERT_EQ(part(2, 3).exit_code, 0) << "a torn part is built again, although nothing else has changed";
  ASSERT_EQ(merge().exit_code, 0);
  EXPECT_EQ(published(), before);
}

TEST_F(IndexShards, SearchesInPartsFindWhatOneSearchFinds) {
  ASSERT_EQ(index().exit_code, 0);
  ASSERT_EQ(search({"--output", "one.npz"}).exit_code, 0);
  const auto merge = [&] { return search({"--output", "many.npz", "--merge"}); };
  EXPECT_THAT(merge().err, HasSubstr("there are no parts"));
  for (const char* part : {"0/3", "2/3"})
    ASSERT_EQ(search({"--output", "many.npz", "--shard", part}).exit_code, 0) << part;
  const ProgramResult missing = merge();
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.err, HasSubstr("part 1/3 is missing"));
  EXPECT_EQ(search({"--output", "many.npz", "--shard", "0/4"}).exit_code, 2);
  ASSERT_EQ(search({"--output", "many.npz", "--shard", "1/3", "--queries", "a.npz"}).exit_code, 0);
  EXPECT_THAT(merge().err, HasSubstr("part 1/3 is a search of other queries"));
  ASSERT_EQ(search({"--output", "many.npz", "--shard", "1/3"}).exit_code, 0);
  std::filesystem::resize_file(folder_ / "many.npz.shards/0000-of-0003.npz", 500);
  EXPECT_THAT(merge().err, HasSubstr("part 0/3 is damaged"));
  ASSERT_EQ(search({"--output", "many.npz", "--shard", "0/3"}).exit_code, 0);
  const ProgramResult merged = merge();
  ASSERT_EQ(merged.exit_code, 0) << merged.err;
  EXPECT_EQ(file_contents(folder_ / "one.npz"), file_contents(folder_ / "many.npz"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "many.npz.shards"));
  EXPECT_EQ(search({"--format", "tsv", "--shard", "0/3"}).exit_code, 2)
      << "standard output is no place for parts";
}

}  // namespace
}  // namespace runner::test
