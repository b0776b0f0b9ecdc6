// A search's result for people: tables, titles.

#include "data/formats/numpy/npy.h"
#include "jobs/index/index_runs.h"

namespace runner::test {
namespace {
using ::testing::HasSubstr;

class SearchFormats : public IndexRuns {
 protected:
  void SetUp() override {
    IndexRuns::SetUp();
    ASSERT_EQ(index().exit_code, 0);
    std::string lines;
    for (std::int64_t row = 0; row < rows; ++row) lines += "row " + std::to_string(row) + "\n";
    folder_.write("titles.txt", lines);
    write_queries();
  }
  // Two rows of a.npz themselves: each finds itself first.
  void write_queries() {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<std::size_t>(2 * width));
    for (float& value : values) value = normal(random);
    data::NpzWriter writer(folder_ / "q.npz");
    writer.write("vectors", data::DType::f32, {2, width}, values.data());
    writer.finish();
  }
  ProgramResult search(std::vector<std::string> flags) const {
    flags.insert(flags.begin(),
                 {"search", "out/x.index", "--queries", "q.npz", "--k", "2", "--set", "normalize=true"});
    return run_runner(flags, options_);
  }
  // Four letters and an accent each, as NumPy saves a str array.
  void write_texts(const std::string& name, std::int64_t count) const {
    std::string bytes("\x93NUMPY\x01\x00", 8),
        text = "{'descr': '<U8', 'fortran_order': False, 'shape': (" + std::to_string(count) + ",), }";
    text.append(63 - (10 + text.size()) % 64, ' ').push_back('\n');
    bytes += static_cast<char>(text.size() & 0xff);
    bytes += static_cast<char>(text.size() >> 8);
    bytes += text;
    for (std::int64_t i = 0; i < count; ++i) {
      std::u32string title = U"é" + std::u32string(1, U'a' + static_cast<char32_t>(i % 26));
      title.resize(8, U'\0');
      bytes.append(reinterpret_cast<const char*>(title.data()), 32);
    }
    folder_.write(name, bytes);
  }
};

TEST_F(SearchFormats, ATableIsAlignedAndHasTitles) {
  const ProgramResult run = search({"--format", "table", "--titles", "titles.txt"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out,
              ::testing::ContainsRegex("^query  rank +id +score  title\n    0     1 +0  1.0000  row 0\n"));
  EXPECT_THAT(run.out, ::testing::ContainsRegex("\n    1     1 +1  1.0000  row 1\n"));
}

TEST_F(SearchFormats, JsonIsOneListAndTsvHasATitleAColumn) {
  const ProgramResult json = search({"--format", "json", "--titles", "titles.txt"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  const Json list = Json::parse(json.out);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[1]["query"], 1);
  EXPECT_EQ(list[1]["ids"][0], 1);
  EXPECT_EQ(list[1]["titles"][0], "row 1");
  EXPECT_EQ(list[1]["titles"].size(), 2U);
  const ProgramResult tsv = search({"--format", "tsv", "--titles", "titles.txt"});
  EXPECT_THAT(tsv.out, ::testing::StartsWith("query\trank\tid\tscore\ttitle\n0\t1\t0\t"));
  EXPECT_THAT(tsv.out, HasSubstr("\trow 1\n"));
  ASSERT_EQ(search({"--output", "n.json"}).exit_code, 0);
  EXPECT_EQ(Json::parse(file_contents(folder_ / "n.json")).size(), 2U);
  EXPECT_THAT(file_contents(folder_ / "n.json"), ::testing::Not(HasSubstr("titles")));
}

TEST_F(SearchFormats, TitlesMayBeAnArrayOfTexts) {
  write_texts("t.npy", rows);
  ASSERT_EQ(
      run_program({"sh", "-c",
                   "mkdir z && mv t.npy z/names.npy && cp z/names.npy t.npy && cd z && "
                   "python3 -c \"import zipfile; zipfile.ZipFile('../t.npz', 'w').write('names.npy')\""},
                  options_)
          .exit_code,
      0);
  for (const char* named : {"t.npy", "t.npz:names"}) {
    const ProgramResult run = search({"--format", "tsv", "--titles", named});
    ASSERT_EQ(run.exit_code, 0) << named << run.err;
    EXPECT_THAT(run.out, HasSubstr("\n1\t1\t1\t")) << run.out;
    EXPECT_THAT(run.out, HasSubstr("\téb\n")) << run.out;
  }
  EXPECT_THAT(search({"--format", "tsv", "--titles", "t.npz"}).err,
              HasSubstr("there is no such array; the file has names"));
}

TEST_F(SearchFormats, ATitleStaysInItsCell) {
  std::string lines = "tab\there \x1b[31m\n";
  for (std::int64_t row = 1; row < rows; ++row) lines += "\n";
  folder_.write("odd.txt", lines);
  EXPECT_THAT(search({"--format", "tsv", "--titles", "odd.txt"}).out, HasSubstr("\ttab here \x1b[31m\n"));
  EXPECT_THAT(search({"--format", "table", "--titles", "odd.txt"}).out, ::testing::Not(HasSubstr("\x1b")));
}

TEST_F(SearchFormats, WrongTitlesAreRefusedByName) {
  folder_.write("few.txt", "one\ntwo\n");
  write_texts("few.npy", 3);
  const auto refused = [&](const std::vector<std::string>& flags, int code, const std::string& said) {
    const ProgramResult run = search(flags);
    EXPECT_EQ(run.exit_code, code) << run.err;
    EXPECT_THAT(run.err, HasSubstr(said));
    EXPECT_EQ(run.out, "");
  };
  refused({"--format", "tsv", "--titles", "few.txt"}, 3,
          "few.txt: 2 titles, and out/x.index holds 4000 vectors: one title a row is expected");
  refused({"--format", "tsv", "--titles", "few.npy"}, 3, "few.npy: 3 titles, and");
  refused({"--format", "tsv", "--titles", "a.npz:vectors"}, 3,
          "a one-dimensional array of texts is expected");
  refused({"--format", "tsv", "--titles", "nothing"}, 2,
          "--titles nothing: there is no such file, nor an array");
  refused({"--titles", "titles.txt"}, 2, "titles: are for text");
  refused({"--titles", "titles.txt", "--output", "titles.txt", "--format", "tsv"}, 2,
          "the titles are read from");
}

// Numbers of their own have the title of that number.
TEST_F(SearchFormats, IdsOfTheirOwnCountTitles) {
  std::vector<std::int64_t> ids(rows);
  for (std::int64_t row = 0; row < rows; ++row) ids[static_cast<std::size_t>(row)] = row % 10 + 5;
  data::NpzWriter writer(folder_ / "ids.npz");
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(rows * width));
  for (float& value : values) value = normal(random);
  writer.write("vectors", data::DType::f32, {rows, width}, values.data());
  writer.write("names", ids);
  writer.finish();
  ASSERT_EQ(index({"--npz", "ids.npz", "--set", "input.ids=names"}).exit_code, 0);
  EXPECT_THAT(search({"--format", "tsv", "--titles", "titles.txt"}).out,
              ::testing::ContainsRegex("\n0\t1\t5\t[^\t]*\trow 5\n"));
  folder_.write("few.txt", "a\nb\n");
  const ProgramResult run = search({"--format", "tsv", "--titles", "few.txt"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("a neighbour has the id"));
}

}  // namespace
}  // namespace runner::test
