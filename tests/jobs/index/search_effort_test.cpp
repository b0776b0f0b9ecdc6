// Recall of approximate indexes on the bundled sample: what a build says when it is missed, and what it does
// about it.

#include <cstring>
#include <regex>

#include "contract/manifest.h"
#include "data/formats/numpy/npz.h"
#include "jobs/index/index_runs.h"

namespace runner::test {
namespace {
using ::testing::HasSubstr;

const std::string sample_vectors = RUNNER_SOURCE_DIR "/artifacts/sample/cppdocs_768.npz";

class SearchEffortOnTheSample : public ::testing::Test {
 protected:
  ProgramResult build(const std::string& factory, std::vector<std::string> settings,
                      const std::string& output = "x.index") const {
    std::vector<std::string> words = {
        "index",    "configs/index_ivf.yaml",   "--npz", sample_vectors, "--json",
        "--output", (folder_ / output).string()};
    settings.insert(settings.end(), {"index.factory=" + factory, "index.nprobe=null", "verify.queries=200"});
    for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
    return run_runner(words, {.folder = RUNNER_SOURCE_DIR, .environment = {}});
  }
  static Json told(const ProgramResult& run) { return Json::parse(run.out, nullptr, false); }
  std::vector<std::int64_t> found(const std::string& index) const {
    const std::string to = (folder_ / "n.npz").string();
    const ProgramResult run =
        run_runner({"search", index, "--queries", sample_vectors, "--k", "10", "--output", to});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const std::string bytes = data::read_bytes(data::Npz(to).array("ids"));
    std::vector<std::int64_t> ids(bytes.size() / sizeof(std::int64_t));
    std::memcpy(ids.data(), bytes.data(), bytes.size());
    return ids;
  }

  TemporaryFolder folder_;
};

TEST_F(SearchEffortOnTheSample, AMissedRecallSaysWhatWouldReachItAndThatDoes) {
  for (const auto& [factory, name, poor] :
       {std::tuple{"IVF64,Flat", "nprobe", "1"}, std::tuple{"HNSW4", "efSearch", "10"}}) {
    const std::string output = std::string(name) + ".index";
    const ProgramResult missed =
        build(factory, {"verify.min_recall=0.95", std::string("index.search=") + poor}, output);
    ASSERT_EQ(missed.exit_code, 5) << factory << missed.err;
    const std::string message = told(missed).at("error").at("message");
    std::smatch parts;
    ASSERT_TRUE(
        std::regex_search(message, parts,
                          std::regex(std::string("with ") + name +
                                     " ([0-9]+) it is (0\\.9[0-9]+) \\(index\\.search: ([0-9]+), or auto")))
        << message;
    EXPECT_EQ(parts[1], parts[3]);
    EXPECT_FALSE(std::filesystem::exists(folder_ / output));
    const ProgramResult reached =
        build(factory, {"verify.min_recall=0.95", "index.search=" + parts[3].str()}, output);
    ASSERT_EQ(reached.exit_code, 0) << factory << reached.err;
    EXPECT_GE(told(reached).at("recall_at_10").get<double>(), 0.95) << factory;
    EXPECT_EQ(std::to_string(told(reached).at("search").at("value").get<int>()), parts[3]);
  }
}

TEST_F(SearchEffortOnTheSample, AutoReachesTheRecallAndASearchMakesUseOfIt) {
  const ProgramResult exact = build("Flat", {"verify.min_recall=null"}, "flat.index");
  ASSERT_EQ(exact.exit_code, 0) << exact.err;
  const std::vector<std::int64_t> truth = found((folder_ / "flat.index").string());
  const auto recall = [&](const std::vector<std::string>& settings) {
    const ProgramResult run = build("IVF64,Flat", settings);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const std::vector<std::int64_t> ids = found((folder_ / "x.index").string());
    std::size_t hits = 0;
    for (std::size_t q = 0; q < truth.size(); q += 10)
      for (std::size_t i = q; i < q + 10; ++i)
        hits += std::count(truth.begin() + static_cast<std::ptrdiff_t>(q),
                           truth.begin() + static_cast<std::ptrdiff_t>(q + 10), ids[i]) > 0;
    return static_cast<double>(hits) / static_cast<double>(truth.size());
  };
  EXPECT_LT(recall({"verify.min_recall=null"}), 0.85) << "with FAISS's default, one list";
  EXPECT_GT(recall({"verify.min_recall=0.95", "index.search=auto"}), 0.92) << "of all rows, equal ones apart";
  const auto manifest = Manifest::read(manifest_beside(folder_ / "x.index"));
  EXPECT_EQ(manifest.result().at("search").at("parameter"), "nprobe");
  EXPECT_EQ(told(build("IVF64,Flat", {"verify.min_recall=0.95", "index.search=auto"})).at("skipped"), true);
  EXPECT_EQ(told(build("IVF64,Flat", {"verify.min_recall=0.90", "index.search=auto"})).at("skipped"), false);
}

TEST_F(SearchEffortOnTheSample, ARecallThatIsJustReachedIsToldWithWhatWouldBeSafer) {
  const Json first = told(build("IVF64,Flat", {"verify.min_recall=0", "index.search=12"}));
  const double recall = first.at("recall_at_10");
  const ProgramResult run =
      build("IVF64,Flat", {"verify.min_recall=" + std::to_string(recall - 0.002), "index.search=12"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(told(run).at("advice").get<std::string>(),
              ::testing::AllOf(HasSubstr("just reaches verify.min_recall"), HasSubstr("or auto")));
  EXPECT_THAT(run.err, HasSubstr("advice    recall at 10"));
  EXPECT_EQ(first.at("advice"), nullptr);
}

TEST_F(SearchEffortOnTheSample, PartsAreMeasuredAsAWhole) {
  const auto part = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"index", "configs/index_ivf.yaml", "--npz", sample_vectors, "--output",
                                 (folder_ / "parts.index").string(), "--json"});
    for (const char* setting : {"index.nprobe=null", "index.search=auto", "verify.min_recall=0.95"})
      flags.insert(flags.end(), {"--set", setting});
    return told(run_runner(flags, {.folder = RUNNER_SOURCE_DIR, .environment = {}}));
  };
  for (const char* number : {"0/2", "1/2"}) EXPECT_EQ(part({"--shard", number}).at("skipped"), false);
  const Json merged = part({"--merge"});
  EXPECT_GE(merged.at("recall_at_10").get<double>(), 0.96) << merged;
  EXPECT_GT(merged.at("search").at("value").get<int>(), 1);
}

TEST_F(SearchEffortOnTheSample, ContradictionsAreMistakesOfTheFile) {
  for (const auto& [settings, said] :
       {std::pair{std::vector<std::string>{"index.search=auto", "verify.min_recall=null"},
                  "needs verify.min_recall"},
        std::pair{std::vector<std::string>{"index.search=many"}, "auto or a whole number"},
        std::pair{std::vector<std::string>{"index.search=0"}, "auto or a whole number"}}) {
    const ProgramResult run = build("IVF64,Flat", settings);
    EXPECT_EQ(run.exit_code, 2) << said;
    EXPECT_THAT(run.err, HasSubstr(said));
  }
  EXPECT_THAT(build("Flat", {"index.search=4", "verify.min_recall=null"}).err,
              HasSubstr("has no meaning with factory: Flat"));
  EXPECT_THAT(build("SQ8", {"index.search=4"}).err,
              HasSubstr("index.search: a search of 'SQ8' has neither lists"));
  const ProgramResult both = run_runner({"index", "configs/index_ivf.yaml", "--set", "index.search=auto",
                                         "--output", (folder_ / "y.index").string()},
                                        {.folder = RUNNER_SOURCE_DIR, .environment = {}});
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_THAT(both.err, HasSubstr("give one of them"));
}

}  // namespace
}  // namespace runner::test
