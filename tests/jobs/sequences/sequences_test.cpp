#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "config/resolve.h"
#include "config/values.h"
#include "data/make_files.h"
#include "data/samples/metadata.h"
#include "data/samples/samples.h"
#include "jobs/job_type.h"
#include "jobs/sequences/coherence.h"
#include "jobs/sequences/options.h"
#include "jobs/sequences/run.h"
#include "support/test_name.h"

namespace runner::jobs {
namespace {
using ::testing::HasSubstr;

const std::string input = test::fixtures + "/sequences/input.npz";

JobContext context_of(const std::string& yaml) {
  JobContext context;
  context.job = "sequences";
  JobOptionsOf<SequencesOptions> options;
  config::Binder binder;
  options.declare_all(binder);
  config::throw_if_any(config::resolve(binder, "job: sequences\nname: test\n" + yaml, "test", {}));
  context.values = config::values_of(binder);
  return context;
}

JobResult run(const std::string& yaml) {
  const JobContext context = context_of(yaml);
  JobResult result;
  run_sequences(context, result);
  return result;
}

std::vector<float> values_of(const std::string& path, const std::string& name) {
  const std::string bytes = data::read_bytes(data::Npz(path).array(name));
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::vector<std::int64_t> integers_of(const std::string& path, const std::string& name) {
  return data::read_integers(data::Npz(path).array(name));
}

struct Recorded {
  const char* file;
  const char* settings;
};

class LegacySequences : public ::testing::TestWithParam<Recorded> {};

TEST_P(LegacySequences, HoldTheArraysOfTheOriginalToolBitForBit) {
  const test::TemporaryFolder folder;
  const std::string output = folder / "x.npz", theirs = test::fixtures + "/sequences/" + GetParam().file;
  const JobResult result = run("input: {vectors: " + input + "}\nwithin_article: false\noutput: " + output +
                               "\n" + GetParam().settings);
  for (const char* name : {"context_sequences", "target_vectors"})
    EXPECT_EQ(values_of(output, name), values_of(theirs, name)) << name;
  for (const char* name : {"article_ids", "target_indices", "last_context_article"})
    EXPECT_EQ(integers_of(output, name), integers_of(theirs, name)) << name;
  EXPECT_EQ(result.result["sequences"], integers_of(theirs, "article_ids").size());
}

INSTANTIATE_TEST_SUITE_P(
    Recorded, LegacySequences,
    ::testing::Values(Recorded{"classic.npz", ""}, Recorded{"excluded.npz", "exclude_articles: [41-61]"},
                      Recorded{"p6_classic.npz", "target_offset: 2\ncompress: true"},
                      Recorded{"p6_excluded.npz", "target_offset: 2\nexclude_articles: [41-61]"}),
    [](const auto& info) { return test::test_name(info.param.file); });

TEST(Sequences, WriteTheMetadataTheOldToolsRead) {
  const test::TemporaryFolder folder;
  const std::string output = folder / "x.npz", theirs = test::fixtures + "/sequences/old_metadata.npz";
  run("input: {vectors: " + input +
      "}\nwithin_article: false\ntarget_offset: 2\nexclude_articles: [41-61]\n" +
      "legacy_metadata: true\noutput: " + output);
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  const std::string script = "a, b = np.load('" + output + "', allow_pickle=True), np.load('" + theirs +
                             "', allow_pickle=True)\n"
                             "keys = ['article_index', 'last_context_article', 'target_chunk_index', "
                             "'crosses_article', 'p6_offset']\n"
                             "rows = lambda z: [[m[k] for k in keys] for m in z['metadata']]\n"
                             "print(rows(a) == rows(b), [int(a[k]) == int(b[k]) for k in ('context_length', "
                             "'num_sequences', 'p6_offset', 'p6_mode')])";
  EXPECT_EQ(test::run_numpy(folder.path(), script), "True [True, True, True, True]\n");
}

TEST(Sequences, ConvertOldMetadataToPlainArrays) {
  const test::TemporaryFolder folder;
  const std::string output = folder / "x.npz", theirs = test::fixtures + "/sequences/";
  run("input: {vectors: " + theirs + "old_metadata.npz}\noutput: " + output);
  EXPECT_EQ(integers_of(output, "article_ids"), integers_of(theirs + "p6_excluded.npz", "article_ids"));
  EXPECT_EQ(integers_of(output, "target_indices"), integers_of(theirs + "p6_excluded.npz", "target_indices"));
  EXPECT_EQ(values_of(output, "context_sequences"),
            values_of(theirs + "p6_excluded.npz", "context_sequences"));
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  EXPECT_EQ(test::run_numpy(folder.path(), "z = np.load('x.npz')\nprint(*z, z['article_ids'].dtype)"),
            "context_sequences target_vectors article_ids target_indices context target_offset int64\n");
}

TEST(Sequences, WindowsStayInsideArticlesByDefault) {
  const test::TemporaryFolder folder;
  const std::string output = folder / "x.npz";
  const JobResult result = run("input: {vectors: " + input + "}\noutput: " + output);
  const auto lengths = {13, 10, 9, 6, 9, 3, 8, 3, 5, 12, 10, 13, 9, 10};  // rows of the 14 articles
  std::int64_t windows = 0;
  for (const int n : lengths) windows += std::max(0, n - 5);
  EXPECT_EQ(result.result["sequences"], windows);
  EXPECT_GT(result.result["coherence"]["mean"], -1.0);
  EXPECT_TRUE(std::filesystem::exists(output + ".manifest.json"));
}

// Windows follow the article and chunk numbers, wherever in the file the rows stand.
TEST(Sequences, OfAShuffledFileAreThoseOfTheSortedOne) {
  const test::TemporaryFolder folder;
  const std::vector<float> vectors = values_of(input, "vectors");
  const std::vector<std::int64_t> articles = integers_of(input, "article_indices");
  const std::size_t rows = articles.size(), width = vectors.size() / rows;
  std::vector<std::int64_t> chunks(rows);
  for (std::size_t i = 1; i < rows; ++i) chunks[i] = articles[i] == articles[i - 1] ? chunks[i - 1] + 1 : 0;
  const auto write = [&](const std::string& name, const std::vector<std::size_t>& order) {
    std::vector<float> values;
    std::vector<std::int64_t> own_articles, own_chunks;
    for (const std::size_t row : order) {
      const auto at = vectors.begin() + static_cast<std::ptrdiff_t>(row * width);
      values.insert(values.end(), at, at + static_cast<std::ptrdiff_t>(width));
      own_articles.push_back(articles[row]);
      own_chunks.push_back(chunks[row]);
    }
    data::NpzWriter writer(folder / name);
    writer.write("vectors", data::DType::f32,
                 {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(width)}, values.data());
    writer.write("article_indices", own_articles);
    writer.write("chunk_indices", own_chunks);
    writer.finish();
    const std::string output = folder / ("of_" + name);
    run("input: {vectors: " + (folder / name).string() + "}\noutput: " + output);
    return output;
  };
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return articles[a] < articles[b]; });
  const std::string sorted = write("sorted.npz", order);
  std::shuffle(order.begin(), order.end(), std::mt19937(7));
  const std::string shuffled = write("shuffled.npz", order);
  EXPECT_EQ(test::file_contents(sorted), test::file_contents(shuffled));
  EXPECT_GT(integers_of(sorted, "article_ids").size(), 40U);
}

TEST(Sequences, UnderANewNameCountOnAndSaySo) {
  const test::TemporaryFolder folder;
  folder.write("x_1.npz", "of another run");
  JobContext context =
      context_of("input: {vectors: " + input + "}\noutput: " + (folder / "x_1.npz").string() + "\n");
  context.arguments.new_output = true;
  JobResult result;
  run_sequences(context, result);
  const std::string output = folder / "x_1_2.npz";
  EXPECT_EQ(result.result["output"], output);
  EXPECT_EQ(test::file_contents(folder / "x_1.npz"), "of another run");
  EXPECT_FALSE(integers_of(output, "article_ids").empty());
  const Json manifest = Json::parse(test::file_contents(output + ".manifest.json"));
  EXPECT_EQ(manifest["result"]["output"], output);
  EXPECT_THAT(manifest["config"].get<std::string>(), HasSubstr("output: " + output));
}

TEST(Sequences, NothingLeftIsAnErrorThatSaysWhy) {
  const test::TemporaryFolder folder;
  const std::string yaml =
      "input: {vectors: " + input + "}\ncontext: 50\noutput: " + (folder / "x.npz").string();
  EXPECT_THAT(test::message_of<DataError>([&] { run(yaml); }), HasSubstr("no sequences come out of it"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Sequences, ThePlanSaysWhatWillBeWritten) {
  const test::TemporaryFolder folder;
  const std::string output = folder / "x.npz";
  JobContext context = context_of("input: {vectors: " + input + "}\noutput: " + output);
  context.arguments.dry_run = true;
  JobResult plan, real;
  run_sequences(context, plan);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  context.arguments.dry_run = false;
  run_sequences(context, real);
  EXPECT_EQ(plan.result["sequences"], real.result["sequences"]);
  EXPECT_NEAR(plan.result["disk_bytes"].get<double>(), real.result["bytes"].get<double>(), 4096);
  EXPECT_TRUE(plan.result["fits"]);
}

TEST(Sequences, OptionsThatContradictAreFound) {
  SequencesOptions options;
  options.method = SequenceMethod::neighbors;
  options.target_offset = 2;
  options.exclude_articles = {"9-3"};
  options.output = "x.npy";
  std::vector<std::string> keys;
  for (const auto& problem : check(options)) keys.push_back(problem.key);
  EXPECT_THAT(keys, ::testing::UnorderedElementsAre("target_offset", "exclude_articles", "output"));
}

TEST(Coherence, IsTheMeanCosineOfAdjacentVectors) {
  const float contexts[] = {1, 0, 0, 2, 0, 3, /* 0 and 1 */ 1, 0, 3, 0, 5, 0 /* 1 and 1 */};
  Coherence coherence;
  coherence.add(contexts, 2, 3, 2);
  EXPECT_NEAR(coherence.mean(), 0.75, 1e-6);
  EXPECT_EQ(coherence.report()["0.45_to_0.55"], 0.5);
  EXPECT_EQ(coherence.report()["above_0.55"], 0.5);
}

}  // namespace
}  // namespace runner::jobs
