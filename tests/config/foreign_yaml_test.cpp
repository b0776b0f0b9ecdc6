// YAML that somebody else wrote, and ours as others read it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/json_text.h"
#include "config/dump.h"
#include "config/example_options.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::config::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ForeignYaml, AnAliasInsideOfItselfIsRefused) {
  for (const char* text : {"loss: &a {phases: [*a]}\n", "loss: {phases: &a [*a]}\n",
                           "train: &a\n  epochs: *a\n", "train: &a {x: &b {y: [*b]}}\n"})
    EXPECT_THAT(problems_of(text), HasSubstr("an alias inside of what it stands for")) << text;
  EXPECT_THAT(problems_of("", {{"loss.phases", "&a [*a]", "--set loss.phases"}}),
              StartsWith("--set loss.phases:1:5: loss.phases: not valid YAML: an alias inside"));
}

TEST(ForeignYaml, AliasesMayNotMultiply) {
  std::string list = "x0: &x0 [a]\n", map = "y0: &y0 {a: 1}\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = std::to_string(i - 1), now = std::to_string(i);
    list += "x" + now + ": &x" + now + " [*x" + before + ", *x" + before + ", *x" + before + "]\n";
    map += "y" + now + ": &y" + now + " {a: *y" + before + ", b: *y" + before + "}\n";
  }
  EXPECT_THAT(problems_of(list), HasSubstr("x.yaml:11:")) << "each line triples the one before";
  EXPECT_THAT(problems_of(map), HasSubstr("more than 100000 values, counting what aliases stand for"));
  Example o;
  EXPECT_EQ(problems_of("train: {epochs: &n 3}\ndata: {vectors: []}\noptimizer: {lr: *n}\n", {}, &o), "");
  EXPECT_EQ(o.lr, 3.0) << "an alias as such is fine";
}

TEST(ForeignYaml, DepthHasALimit) {
  for (const std::string& text :
       {std::string(100000, '['), "a: " + std::string(100000, '['), "- " + std::string(500, '{')})
    EXPECT_THAT(problems_of(text), HasSubstr("more than 64 levels"));
}

TEST(ForeignYaml, ASecondDocumentIsNamed) {
  EXPECT_THAT(problems_of("train: {epochs: 3}\n---\ntrain: {epochs: 4}\n"),
              StartsWith("x.yaml:2:1: not valid YAML: a second document begins here"));
  EXPECT_THAT(problems_of("train: {epochs: 3}\n...\n---\n- broken: [\n"), StartsWith("x.yaml:3:1: "));
  EXPECT_EQ(problems_of("%YAML 1.2\n---\ntrain: {epochs: 3}\n...\n"), "");
}

TEST(ForeignYaml, ATabIsCalledATab) {
  EXPECT_THAT(problems_of("train:\n\tepochs: 3\n"), StartsWith("x.yaml:2:1: not valid YAML: a tab"));
  EXPECT_THAT(problems_of("train:\n  epochs: 3\n  \tshuffle: true\n"),
              StartsWith("x.yaml:3:3: not valid YAML: a tab"));
  EXPECT_THAT(problems_of("\tdevice: cpu\n"), HasSubstr("a tab at the line's beginning"));
  EXPECT_EQ(problems_of("device:\tcpu\n"), "");
}

TEST(ForeignYaml, ATextWithBracesIsToldToTakeQuotes) {
  EXPECT_THAT(problems_of("data: {vectors: [a.npz, runs/{name}_{time}.npz]}\n"),
              StartsWith("x.yaml:1:30: not valid YAML: a text with braces needs quotes: "
                         "\"runs/{name}_{time}.npz\"\n"));
  EXPECT_THAT(problems_of("data: {vectors: runs/{name}}\n"), HasSubstr("needs quotes: \"runs/{name}\"\n"));
  EXPECT_THAT(problems_of("device: {name}/x\n"), HasSubstr("needs quotes: \"{name}/x\"\n"));
  EXPECT_THAT(
      problems_of("device: {name}\n"),
      StartsWith("x.yaml:1:9: device: expected a text, got a mapping; a text with braces needs quotes: "
                 "\"{name}\"\n"));
  EXPECT_THAT(problems_of("data: {vectors: [a.npz, {name}]}\n"), HasSubstr("needs quotes: \"{name}\"\n"));
  EXPECT_THAT(problems_of("train: {epochs: [3\n"), testing::Not(HasSubstr("needs quotes")));
}

TEST(ForeignYaml, ALongLineIsShownInPart) {
  EXPECT_LT(problems_of("device: {" + std::string(100000, 'x') + "\n").size(), 400U);
}

// What a path may hold that means something to YAML.
const char* const odd_paths[] = {
    "run #3/v.npz", "a: b", "{x}.npz", "[x.npz",  "*v.npz", "&v.npz",   "!v.npz",        "'v'.npz",
    "\"v\".npz",    " v",   "v ",      "~",       "null",   "@v",       "`v`",           "%v",
    "| v",          "> v",  "- v",     "? v",     "a,b",    "on",       "0x10",          "line\nbreak",
    "\x1b[31m",     "\xFF", "=",       "\\udcff", "tab\tx", "\xC3\xA9", "\xEF\xBB\xBFx", "1e3"};

TEST(ForeignYaml, ASettingForATextIsTakenAsItIs) {
  for (const std::string path : odd_paths) {
    Example o;
    // The file does not exist, which is said with its whole name.
    EXPECT_EQ(
        problems_of("", {{"data.vectors", path, "--set data.vectors"}, {"device", path, "--set device"}}, &o),
        "--set data.vectors: data.vectors: no such file: " + path + "\n");
    EXPECT_EQ(o.files, std::vector<std::string>{path});
    EXPECT_EQ(o.device, path);
  }
  Example o;
  problems_of("", {{"data.vectors", R"("run #3/\u0076.npz")", "--set"}, {"device", "'it''s'", "--set"}}, &o);
  EXPECT_EQ(o.files, std::vector<std::string>{"run #3/v.npz"});
  EXPECT_EQ(o.device, "it's");
  problems_of("", {{"data.vectors", "[a.npz, 'b #2.npz']", "--set data.vectors"}}, &o);
  EXPECT_EQ(o.files, (std::vector<std::string>{"a.npz", "b #2.npz"}));
}

// The texts of YAML 1.1 that are none, and numbers that are texts there.
TEST(WrittenYaml, ComesBackFromUsAndFromPyYamlAsItWas) {
  std::vector<std::string> texts(std::begin(odd_paths), std::end(odd_paths));
  for (const char* word : {"on",
                           "Off",
                           "yes",
                           "NO",
                           "y",
                           "N",
                           "true",
                           "False",
                           "Null",
                           "1_000",
                           "0o17",
                           "017",
                           "0b11",
                           "12:30:00",
                           "190:20:30",
                           "2026-11-29",
                           "2026-11-29 12:30:00",
                           "2001-12-14t21:59:43.10-05:00",
                           ".inf",
                           "-.INF",
                           ".NaN",
                           "+1",
                           "1.5",
                           "6.8523015e+5",
                           "685_230.15",
                           "<<",
                           "",
                           "---",
                           "...",
                           "x: ",
                           "x:",
                           "x #y",
                           "# x",
                           "-",
                           "--flag",
                           "a\\b",
                           "it's",
                           "{name}",
                           "[1, 2]",
                           "nul\x01",
                           "\xC2\x85",
                           "\xE2\x80\xA8",
                           "\xF0\x9F\x98\x80",
                           "~/data/v.npz",
                           "C:\\x",
                           "a:b",
                           "100%",
                           "None"})
    texts.emplace_back(word);
  Json expected = Json::array();
  const runner::test::TemporaryFolder folder;
  std::string all;
  for (const std::string& text : texts) {
    Example o, again;
    o.device = text;
    o.files = {text, "v.npz"};
    o.lr = 1e-8;
    o.min_cosine = -2.5e-20;
    o.phases = {{std::nullopt, 1e-7}};
    Binder binder;
    declare(binder, o);
    const std::string written = dump_yaml(binder, true);
    problems_of(written, {}, &again);
    EXPECT_EQ(again.device, text) << written;
    EXPECT_EQ(again.files, o.files) << written;
    EXPECT_EQ(again.lr, o.lr) << written;
    EXPECT_EQ(again.min_cosine, o.min_cosine) << written;
    EXPECT_EQ(again.phases[0].rho, 1e-7) << written;
    all += "---\n" + written;
    expected.push_back({text, {text, "v.npz"}, 1e-8, -2.5e-20, 1e-7});
  }
  folder.write("all.yaml", all);
  folder.write("expected.json", json_text(expected));
  const auto read = runner::test::run_program(
      {"python3", "-c",
       "import json, sys\ntry:\n  import yaml\nexcept ImportError:\n  sys.exit(77)\n"
       "want = json.load(open(sys.argv[2], encoding='utf-8'))\n"
       "got = [[d['device'], d['data']['vectors'], d['optimizer']['lr'], d['gates']['step']['min_cosine'],\n"
       "        d['loss']['phases'][0]['rho']] for d in yaml.safe_load_all(open(sys.argv[1], "
       "encoding='utf-8'))]\n"
       "for w, g in zip(want, got):\n  if w != g: print(ascii(w), 'became', ascii(g))\n"
       "print(len(got), 'of', len(want))",
       (folder / "all.yaml").string(), (folder / "expected.json").string()});
  if (read.exit_code == 77 || read.exit_code == 127) GTEST_SKIP() << "no PyYAML";
  const std::string count = std::to_string(texts.size());
  EXPECT_EQ(read.out, count + " of " + count + "\n") << read.err;
}

TEST(WrittenYaml, KeepsAFilesNameOutOfTheLines) {
  Example o;
  Binder binder;
  declare(binder, o);
  ASSERT_TRUE(resolve(binder, "train: {epochs: 3}\n", "x\nevil: 1\n.yaml", {}).empty());
  EXPECT_THAT(dump_yaml(binder, true), HasSubstr("  epochs: 3  # x\\nevil: 1\\n.yaml:1:17\n"));
}

TEST(WrittenYaml, ShowsANumberAsOneWhereATextMayBeOne) {
  std::string threads = "8";
  Binder binder;
  binder.option("threads", threads, "").matches([](const std::string&) { return std::string(); });
  EXPECT_EQ(dump_yaml(binder, false), "threads: 8\n");
}

}  // namespace
}  // namespace runner::config::test
