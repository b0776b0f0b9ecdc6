// What is predicted, and from what.
#include "jobs/predict/predict_runs.h"

namespace runner::test {
namespace {

using testing::HasSubstr;

// Rows that end five rows of one article, from the file's own article numbers.
std::vector<std::int64_t> expected_rows(std::int64_t length) {
  const auto articles = data::read_integers(data::Npz(small_vectors).array("article_indices"));
  std::vector<std::int64_t> rows;
  std::int64_t run = 0;
  for (std::int64_t row = 0; row < static_cast<std::int64_t>(articles.size()); ++row) {
    if (row > 0 && articles[static_cast<std::size_t>(row)] != articles[static_cast<std::size_t>(row - 1)])
      run = row;
    if (row - run + 1 >= length) rows.push_back(row);
  }
  return rows;
}

TEST(Predict, EveryContextOfEveryArticleAndItsOpenEndHasAPrediction) {
  const TemporaryFolder folder;
  small_model(folder);
  const Json result = predict(folder, {"latest", "--npz", small_vectors, "--output", "p.npz"});
  const std::string output = folder / "p.npz";
  const auto rows = expected_rows(5);
  EXPECT_EQ(integers_of(output, "last_row"), rows);
  const auto articles = data::read_integers(data::Npz(small_vectors).array("article_indices"));
  std::vector<std::int64_t> wanted;
  for (const std::int64_t row : rows) wanted.push_back(articles[static_cast<std::size_t>(row)]);
  EXPECT_EQ(integers_of(output, "article"), wanted);
  EXPECT_EQ(data::Npz(output).array("predictions").header.shape,
            (std::vector<std::int64_t>{static_cast<std::int64_t>(rows.size()), 8}));
  EXPECT_EQ(result.at("predictions"), rows.size());
  EXPECT_EQ(result.at("context"), 5);
  const auto predictions = floats_of(output, "predictions");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    double squares = 0;
    for (std::size_t d = 0; d < 8; ++d) squares += std::pow(predictions[i * 8 + d], 2);
    EXPECT_NEAR(squares, 1, 1e-5);
  }
}

TEST(Predict, ReadyContextsGiveWhatTheirVectorsGive) {
  const TemporaryFolder folder;
  small_model(folder);
  predict(folder, {"latest", "--npz", small_vectors, "--output", "p.npz"});
  ASSERT_EQ(
      runner_in(folder.path(), {"sequences", "sequences_ctx5", "--npz", small_vectors, "--output", "w.npz"})
          .exit_code,
      0);
  predict(folder, {"latest", "--npz", "w.npz", "--output", "q.npz"});
  const auto all = floats_of(folder / "p.npz", "predictions"),
             some = floats_of(folder / "q.npz", "predictions");
  const auto rows = integers_of(folder / "p.npz", "last_row");
  const auto articles = integers_of(folder / "p.npz", "article");
  // Windows are the contexts with a row after them in the same article.
  std::size_t window = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool open_end = i + 1 == rows.size() || articles[i + 1] != articles[i];
    if (open_end) continue;
    for (std::size_t d = 0; d < 8; ++d) EXPECT_NEAR(all[i * 8 + d], some[window * 8 + d], 1e-6) << i;
    ++window;
  }
  EXPECT_EQ(window * 8, some.size());
  const auto numbers = integers_of(folder / "q.npz", "last_row");
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], static_cast<std::int64_t>(i));
  EXPECT_EQ(integers_of(folder / "q.npz", "article"), integers_of(folder / "w.npz", "article_ids"));
}

TEST(Predict, AModelIsAFolderItsFilesOrANameAmongTheModels) {
  const TemporaryFolder folder;
  const std::string run = small_model(folder);
  predict(folder, {run, "--npz", small_vectors, "--output", "p.npz"});
  const auto wanted = floats_of(folder / "p.npz", "predictions");
  for (const std::string& model :
       {std::string("run"), std::string("latest"), run + "/best_model.pt", run + "/model.safetensors"}) {
    predict(folder, {model, "--npz", small_vectors, "--output", "q.npz"});
    EXPECT_EQ(floats_of(folder / "q.npz", "predictions"), wanted) << model;
  }
  // Alone, as people hand them on.
  std::filesystem::create_directory(folder / "alone");
  for (const char* name : {"best_model.pt", "model.safetensors", "config.json"})
    std::filesystem::copy(run + "/" + name, folder / "alone" / name);
  for (const char* name : {"alone", "alone/best_model.pt", "alone/model.safetensors"}) {
    predict(folder, {name, "--npz", small_vectors, "--output", "q.npz"});
    EXPECT_EQ(floats_of(folder / "q.npz", "predictions"), wanted) << name;
  }
}

TEST(Predict, ContextsAreAsLongAsTheModels) {
  const TemporaryFolder folder;
  const std::string run = small_model(folder, {"data.context=3"});
  for (const std::string& model : {run, run + "/best_model.pt"}) {
    EXPECT_EQ(predict(folder, {model, "--npz", small_vectors, "--output", "p.npz"}).at("context"), 3);
    EXPECT_EQ(integers_of(folder / "p.npz", "last_row"), expected_rows(3));
  }
}

TEST(Predict, TheOldTrainersModelTellsNoContextAndTakesFiveOrWhatIsAsked) {
  const TemporaryFolder folder;
  const std::string old = RUNNER_SOURCE_DIR "/tests/fixtures/old_model/best_model_torch215_numpy_scalars.pt";
  const std::string articles = RUNNER_SOURCE_DIR "/tests/fixtures/parity/cat_articles.npz";
  EXPECT_EQ(predict(folder, {old, "--npz", articles, "--output", "p.npz"}).at("context"), 5);
  EXPECT_EQ(
      predict(folder, {old, "--npz", articles, "--output", "q.npz", "--set", "context=4"}).at("context"), 4);
  EXPECT_GT(integers_of(folder / "q.npz", "last_row").size(),
            integers_of(folder / "p.npz", "last_row").size());
}

TEST(Predict, VectorsAreBroughtToLengthOneWhereTrainingDid) {
  const TemporaryFolder folder;
  small_model(folder, {"data.normalize=true"});
  auto vectors = floats_of(small_vectors, "vectors");
  for (const char* name : {"once.npz", "thrice.npz"}) {
    data::NpzWriter writer(folder / name);
    writer.write("vectors", data::DType::f32, {120, 8}, vectors.data());
    writer.finish();
    for (float& value : vectors) value *= 3;
  }
  predict(folder, {"latest", "--npz", "once.npz", "--output", "p.npz"});
  predict(folder, {"latest", "--npz", "thrice.npz", "--output", "q.npz"});
  const auto once = floats_of(folder / "p.npz", "predictions"),
             thrice = floats_of(folder / "q.npz", "predictions");
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_NEAR(once[i], thrice[i], 1e-5);
}

TEST(Predict, ManyMoreRowsNeedNoMoreMemory) {
  const TemporaryFolder folder;
  small_model(folder);
  const auto vectors = floats_of(small_vectors, "vectors");
  const auto peak = [&](std::int64_t copies) {
    data::NpzWriter writer(folder / "many.npz");
    writer.begin("vectors", data::DType::f32, {120 * copies, 8});
    for (std::int64_t i = 0; i < copies; ++i) writer.append(vectors.data(), vectors.size() * sizeof(float));
    writer.end();
    writer.finish();
    return predict(folder, {"latest", "--npz", "many.npz", "--output", "p.npz"}).at("rss_mb").get<double>();
  };
  const double few = peak(20), many = peak(2000);  // 240,000 predictions: 7.7 MB, with row numbers 11.5 MB
  EXPECT_LT(many, few + 9) << few;  // chunk numbers and articles of a vectors file are 16 bytes a row
}

TEST(Predict, AConfigDoesWhatTheFlagsDo) {
  const TemporaryFolder folder;
  small_model(folder);
  folder.write("p.yaml", "job: predict\nmodel: latest\ninput: {vectors: " + small_vectors +
                             "}\ndevice: cpu\noutput: p.npz\n");
  for (const Words& words :
       {Words{"run", "p.yaml"}, Words{"predict", "p.yaml"}, Words{"config", "check", "p.yaml"}}) {
    const ProgramResult run = runner_in(folder.path(), words);
    EXPECT_EQ(run.exit_code, 0) << words[0] << run.err;
  }
  predict(folder, {"latest", "--npz", small_vectors, "--output", "q.npz"});
  EXPECT_EQ(file_contents(folder / "p.npz"), file_contents(folder / "q.npz"));
  const ProgramResult schema = runner_in(folder.path(), {"config", "schema", "predict"});
  EXPECT_THAT(schema.out, HasSubstr("exclude_context"));
  const ProgramResult plan = runner_in(folder.path(), {"plan", "p.yaml", "--json"});
  EXPECT_EQ(last_line(plan.out).at("predictions"), expected_rows(5).size()) << plan.err;
}

}  // namespace
}  // namespace runner::test
