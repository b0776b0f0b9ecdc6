#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/formats/pickle/pickle.h"
#include "data/samples/metadata.h"
#include "make_files.h"

namespace runner::data {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Pickle read(const std::string& bytes) {
  return Pickle(bytes, "x.pkl");
}
std::string pickle_refusal(const std::string& bytes) {
  return test::message_of<DataError>([&] { read(bytes); });
}
std::string literal(std::string_view bytes) {
  return std::string(bytes);
}

TEST(Pickle, ReadsContainersAndNumbers) {
  using namespace std::string_view_literals;
  // {'a': [1, -2, 2.5, None, True], 'b': ('x', b'y')} with a memo and a mark
  const Pickle pickle =
      read(literal("\x80\x03}q\x00(X\x01\x00\x00\x00"
                   "a](K\x01J\xfe\xff\xff\xffG\x40\x04\x00\x00\x00\x00\x00\x00N\x88"
                   "eX\x01\x00\x00\x00"
                   "bX\x01\x00\x00\x00xC\x01y\x86u."sv));
  const Value& root = pickle.root();
  const Value* a = root.find("a");
  ASSERT_NE(a, nullptr);
  ASSERT_EQ(a->size(), 5u);
  EXPECT_EQ((*a->items)[1]->integer, -2);
  EXPECT_EQ((*a->items)[2]->real, 2.5);
  EXPECT_TRUE((*a->items)[3]->is(Value::Kind::none));
  const Value* b = root.find("b");
  EXPECT_TRUE(b->is(Value::Kind::tuple));
  EXPECT_EQ(*(*b->items)[1]->text, "y");
  EXPECT_EQ(root.find("c"), nullptr);
}

TEST(Pickle, RefusesEverythingElseByName) {
  EXPECT_THAT(pickle_refusal("\x80\x02"
                             "cos\nsystem\n(X\x02\x00\x00\x00lstR."),
              HasSubstr("x.pkl: this pickle asks for os.system"));
  EXPECT_THAT(pickle_refusal("\x80\x02"
                             "c__builtin__\neval\n."),
              HasSubstr("__builtin__.eval"));
  EXPECT_THAT(pickle_refusal("\x80\x04\x8c\x08"
                             "builtins\x8c\x04"
                             "exec\x93."),
              HasSubstr("builtins.exec"));
  EXPECT_THAT(pickle_refusal("\x80\x02"
                             "ctorch\nload\n."),
              HasSubstr("torch.load"));
  EXPECT_THAT(pickle_refusal("\x80\x02"
                             "cnumpy\nndarray\n)R."),
              HasSubstr("numpy.ndarray(…)"));
}

TEST(Pickle, RefusesWhatIsDamaged) {
  for (const char* text : {"", "\x80", "\x80\x02", "\x80\x09N.", "\x80\x02.", "\x80\x02N",
                           "\x80\x02X\xff\xff\xff\x7f"
                           "a.",
                           "\x80\x02t.", "\x80\x02Na.", "\x80\x02h\x07.", "\x80\x02Nr\xff\xff\xff\x7f.",
                           "\x80\x02\x82\x01.", "\x80\x02(Nd.", "\x80\x02NNR."})
    EXPECT_THAT(pickle_refusal(text), HasSubstr("damaged pickle")) << text;
}

TEST(Pickle, ReadsWhatPythonWrites) {
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  const test::TemporaryFolder folder;
  ASSERT_EQ(
      test::run_numpy(
          folder.path(),
          "import pickle, collections\n"
          "v = {'i': 2**40, 'n': -2**70, 'f': np.float32(0.5), 'd': np.float64(0.25), 'k': np.int32(-7),\n"
          "     'b': np.bool_(True), 'o': collections.OrderedDict([('x', b'\\xe9\\x00a')]),\n"
          "     'u': 'h\\u00e9', 's': {1, 2}, 'a': np.array([{'p': 1}, None], dtype=object),\n"
          "     'm': np.arange(6, dtype=np.int16).reshape(2, 3), 'e': [], 'big': list(range(3000))}\n"
          "for p in (2, 3, 4):\n  pickle.dump(v, open(f'{p}.pkl', 'wb'), protocol=p)\n"
          "del v['m'], v['a']\npickle.dump(v, open('5.pkl', 'wb'), protocol=5)"),
      "");
  for (const std::string protocol : {"2", "3", "4", "5"}) {
    const Pickle pickle = read(test::file_contents(folder / (protocol + ".pkl")));
    const Value& root = pickle.root();
    EXPECT_EQ(root.find("i")->integer, std::int64_t{1} << 40);
    EXPECT_EQ(root.find("n")->number(), -1180591620717411303424.0);
    EXPECT_EQ(root.find("f")->number(), 0.5);
    EXPECT_EQ(root.find("d")->number(), 0.25);
    EXPECT_EQ(root.find("k")->integer, -7);
    EXPECT_EQ(root.find("b")->integer, 1);
    EXPECT_EQ(*root.find("o")->find("x")->text, std::string_view("\xe9\0a", 3));
    EXPECT_EQ(*root.find("u")->text, "h\xc3\xa9");
    EXPECT_EQ(root.find("s")->size(), 2u);
    EXPECT_EQ((*root.find("big")->items)[2999]->integer, 2999);
    if (protocol == "5") continue;
    EXPECT_EQ((*root.find("a")->array->items)[0]->find("p")->integer, 1);
    EXPECT_THAT(root.find("m")->array->shape, ElementsAre(2, 3));
    EXPECT_EQ(root.find("m")->array->bytes.size(), 12u);
  }
}

TEST(Metadata, ReadsTheOldToolsDicts) {
  const Npz file(test::fixtures + "/sequences/old_metadata.npz");
  const SequenceMarks marks = read_sequence_marks(file, 84);
  EXPECT_EQ(marks.articles.size(), 84u);
  EXPECT_EQ(marks.articles[0], 1);
  EXPECT_EQ(marks.chunks[0], 6);
  EXPECT_THAT(test::message_of<DataError>([&] { read_sequence_marks(file, 83); }),
              HasSubstr("84 rows where 83"));
}

TEST(Metadata, NumPyReadsWhatWePickle) {
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  const test::TemporaryFolder folder;
  NpzWriter writer(folder / "x.npz");
  writer.write_object("metadata", {2}, pickle_metadata({{7, 7, 3}, {5'000'000'000, 7, 0}}, 1));
  writer.finish();
  EXPECT_EQ(test::run_numpy(folder.path(),
                            "m = np.load('x.npz', allow_pickle=True)['metadata']\n"
                            "print(m.dtype, m.shape)\nfor d in m: print(d)"),
            "object (2,)\n"
            "{'article_index': 7, 'last_context_article': 7, 'target_chunk_index': 3, 'crosses_article': "
            "False, 'p6_offset': 1}\n"
            "{'article_index': 5000000000, 'last_context_article': 7, 'target_chunk_index': 0, "
            "'crosses_article': True, 'p6_offset': 1}\n");
  const SequenceMarks marks = read_sequence_marks(Npz(folder / "x.npz"), 2);
  EXPECT_THAT(marks.articles, ElementsAre(7, 5'000'000'000));
  EXPECT_THAT(marks.chunks, ElementsAre(3, 0));
}

}  // namespace
}  // namespace runner::data
