// What does not fit is refused, naming the file and the key, and what was there stays.
#include "jobs/predict/predict_runs.h"

namespace runner::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class PredictRefuses : public testing::Test {
 protected:
  void SetUp() override { run_ = small_model(folder); }

  void write_vectors(const std::string& name, std::int64_t rows, std::int64_t width, float bad = 1) {
    std::vector<float> values(static_cast<std::size_t>(rows * width), 0.5f);
    values[values.size() / 2] = bad;
    data::NpzWriter writer(folder / name);
    writer.write("vectors", data::DType::f32, {rows, width}, values.data());
    writer.finish();
  }
  void expect(const Words& words, int exit_code, const testing::Matcher<std::string>& message) {
    Words all = {"predict"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"--device", "cpu", "--output", "p.npz"});
    folder.write("p.npz", "the last good one");
    const ProgramResult run = runner_in(folder.path(), all);
    EXPECT_EQ(run.exit_code, exit_code) << run.err;
    EXPECT_THAT(run.err, message);
    EXPECT_EQ(file_contents(folder / "p.npz"), "the last good one");
  }

  TemporaryFolder folder;
  std::string run_;
};

TEST_F(PredictRefuses, VectorsOfAnotherWidth) {
  write_vectors("wide.npz", 20, 12);
  expect({"latest", "--npz", "wide.npz"}, 3,
         AllOf(HasSubstr("wide.npz: vectors of width 12"), HasSubstr("model.safetensors reads 8")));
}

TEST_F(PredictRefuses, ContextsOfAnotherLength) {
  const std::vector<float> values(3 * 4 * 8, 0.5f);
  data::NpzWriter writer(folder / "four.npz");
  writer.write("context_sequences", data::DType::f32, {3, 4, 8}, values.data());
  writer.finish();
  expect({"latest", "--npz", "four.npz"}, 3,
         AllOf(HasSubstr("four.npz: array context_sequences: contexts of 4 vectors"), HasSubstr("reads 5"),
               HasSubstr("key context")));
  expect({"latest", "--npz", small_vectors, "--set", "context=4"}, 2,
         AllOf(HasSubstr("context"), HasSubstr("model.safetensors")));
}

TEST_F(PredictRefuses, AnIndexOfAnotherWidthBeforeAnythingIsComputed) {
  write_vectors("wide.npz", 20, 12);
  ASSERT_EQ(runner_in(folder.path(), {"index", "index_flat_ip", "--npz", "wide.npz", "--output", "wide.index",
                                      "--quiet", "--set", "verify.min_self_recall=0"})
                .exit_code,
            0);
  expect({"latest", "--npz", small_vectors, "--index", "wide.index"}, 3,
         AllOf(HasSubstr("wide.index: holds vectors of width 12"), HasSubstr("predicts 8")));
  expect({"latest", "--npz", small_vectors, "--index", small_vectors}, 3, HasSubstr("no FAISS index"));
}

TEST_F(PredictRefuses, ValuesThatAreNoNumbers) {
  write_vectors("nan.npz", 20, 8, std::numeric_limits<float>::quiet_NaN());
  expect({"latest", "--npz", "nan.npz"}, 3, AllOf(HasSubstr("nan.npz"), HasSubstr("row 10")));
}

TEST_F(PredictRefuses, AnInputWithoutAContext) {
  write_vectors("short.npz", 4, 8);
  expect({"latest", "--npz", "short.npz"}, 3, HasSubstr("no context of 5 rows"));
  data::NpzWriter writer(folder / "none.npz");
  writer.write("ids", std::vector<std::int64_t>{1, 2, 3});
  writer.finish();
  expect({"latest", "--npz", "none.npz"}, 3,
         AllOf(HasSubstr("neither vectors"), HasSubstr("the file has ids")));
}

TEST_F(PredictRefuses, AModelThatIsNotThereOrNotWhole) {
  expect({"nothing", "--npz", small_vectors}, 2, AllOf(HasSubstr("model"), HasSubstr("nothing")));
  expect({"--npz", small_vectors}, 2, HasSubstr("model: missing"));
  std::filesystem::create_directory(folder / "bare");
  std::filesystem::copy_file(run_ + "/model.safetensors", folder / "bare/model.safetensors");
  expect({"bare/model.safetensors", "--npz", small_vectors}, 3,
         AllOf(HasSubstr("bare/model.safetensors"), HasSubstr("config.json")));
  std::string weights = file_contents(run_ + "/model.safetensors");
  weights.resize(weights.size() - 100);
  folder.write("bare/model.safetensors", weights);
  std::filesystem::copy_file(run_ + "/config.json", folder / "bare/config.json");
  expect({"bare", "--npz", small_vectors}, 3, HasSubstr("bare/model.safetensors"));
}

}  // namespace
}  // namespace runner::test
