// Ten and more bad data files: each is refused by name, with exit code 3, and nothing is left behind.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/json.h"
#include "data/formats/numpy/npz_writer.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;
using data::DType;
using data::NpzWriter;

constexpr std::int64_t rows = 64, width = 8;

// Vectors of four articles of 16 rows, none of them special.
std::vector<float> good_vectors() {
  std::vector<float> values(rows * width);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i) * 0.37F + 0.1F);
  return values;
}

std::vector<std::int64_t> good_articles() {
  std::vector<std::int64_t> articles(rows);
  for (std::size_t i = 0; i < articles.size(); ++i) articles[i] = static_cast<std::int64_t>(i / 16);
  return articles;
}

void write_npz(const fs::path& path, const std::vector<float>& values,
               const std::vector<std::int64_t>& articles, const std::string& name = "vectors") {
  NpzWriter writer(path);
  writer.write(name, DType::f32, {static_cast<std::int64_t>(values.size()) / width, width}, values.data());
  writer.write("article_indices", articles);
  writer.finish();
}

void write_with_bad_value(const fs::path& path, std::size_t row, float value) {
  auto values = good_vectors();
  values[row * width + 3] = value;
  write_npz(path, values, good_articles());
}

struct BadData {
  const char* name;
  std::function<void(const fs::path&)> write;
  std::vector<std::string> messages;
};

class BadDataFiles : public testing::TestWithParam<BadData> {};

TEST_P(BadDataFiles, AreRefusedByName) {
  const TemporaryFolder folder;
  const fs::path file = folder / "bad.npz";
  GetParam().write(file);
  const ProgramResult result =
      run_runner({"train", std::string(RUNNER_SOURCE_DIR) + "/configs/p6b_v23.yaml", "--npz", file.string(),
                  "--output", (folder / "run").string(), "--epochs", "1", "--json"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  for (const std::string& message : GetParam().messages)
    EXPECT_NE(result.err.find(message), std::string::npos)
        << "expected: " << message << "\ngot: " << result.err;
  EXPECT_NE(result.out.find("\"code\":3"), std::string::npos) << result.out;
  EXPECT_FALSE(fs::exists(folder / "run" / "best_model.pt"));
}

INSTANTIATE_TEST_SUITE_P(
    Train, BadDataFiles,
    testing::Values(
        BadData{
            "NotANumber",
            [](const fs::path& p) { write_with_bad_value(p, 17, std::numeric_limits<float>::quiet_NaN()); },
            {"bad.npz", "row 17"}},
        BadData{
            "Infinite",
            [](const fs::path& p) { write_with_bad_value(p, 40, std::numeric_limits<float>::infinity()); },
            {"bad.npz", "row 40"}},
        BadData{"RowOfZeros",
                [](const fs::path& p) {
                  auto values = good_vectors();
                  std::fill_n(values.begin() + 5 * width, width, 0.0F);
                  write_npz(p, values, good_articles());
                },
                {"bad.npz", "row 5"}},
        BadData{"Truncated",
                [](const fs::path& p) {
                  write_npz(p, good_vectors(), good_articles());
                  fs::resize_file(p, fs::file_size(p) / 2);
                },
                {"bad.npz"}},
        BadData{"Empty", [](const fs::path& p) { std::ofstream{p}; }, {"bad.npz"}},
        BadData{"NotAZip",
                [](const fs::path& p) { std::ofstream(p) << "these are not vectors at all\n"; },
                {"bad.npz"}},
        BadData{"NoVectors",
                [](const fs::path& p) { write_npz(p, good_vectors(), good_articles(), "something_else"); },
                {"bad.npz", "vectors", "something_else"}},
        BadData{"OneDimensional",
                [](const fs::path& p) {
                  NpzWriter writer(p);
                  writer.write("vectors", good_vectors());
                  writer.finish();
                },
                {"bad.npz", "vectors"}},
        BadData{"ArticlesOfAnotherLength",
                [](const fs::path& p) { write_npz(p, good_vectors(), std::vector<std::int64_t>(7, 1)); },
                {"bad.npz", "article_indices", "7"}},
        BadData{"WholeNumbers",
                [](const fs::path& p) {
                  NpzWriter writer(p);
                  const std::vector<std::int64_t> values(rows * width, 1);
                  writer.write("vectors", DType::i64, {rows, width}, values.data());
                  writer.finish();
                },
                {"bad.npz", "vectors", "<i8"}},
        BadData{"Pickled",
                [](const fs::path& p) {
                  NpzWriter writer(p);
                  writer.write_object("vectors", {rows, width}, std::string("\x80\x02]q\x00.", 6));
                  writer.finish();
                },
                {"bad.npz", "vectors"}},
        BadData{"ArticlesTooShortForAWindow",
                [](const fs::path& p) {
                  std::vector<std::int64_t> articles(rows);
                  for (std::size_t i = 0; i < articles.size(); ++i)
                    articles[i] = static_cast<std::int64_t>(i / 3);
                  write_npz(p, good_vectors(), articles);
                },
                {"window"}},
        BadData{"DamagedBytes",
                [](const fs::path& p) {
                  write_npz(p, good_vectors(), good_articles());
                  std::fstream file(p, std::ios::in | std::ios::out | std::ios::binary);
                  file.seekp(400);
                  file.put('\x55');
                },
                {"bad.npz", "CRC"}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace runner::test
