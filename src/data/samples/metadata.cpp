#include "data/samples/metadata.h"

#include <algorithm>
#include <initializer_list>

#include "base/error.h"
#include "base/log.h"
#include "data/formats/pickle/pickle.h"

namespace runner::data {
namespace {

// Bytes: some 1.5 million samples, and no more than 16 KB each.
std::uint64_t pickle_limit(std::int64_t samples) {
  return std::min<std::uint64_t>(128 << 20, (1 << 20) + 16384 * static_cast<std::uint64_t>(samples));
}
constexpr std::size_t most_keys = 100'000'000;  // looked at: one dict may stand for many rows

// The old trainers take either name; a NumPy array of one number counts as the number.
bool find_number(const Value& row, std::initializer_list<const char*> names, std::int64_t& number) {
  for (const char* name : names) {
    const Value* value = row.find(name);
    if (value == nullptr || !value->is_number()) continue;
    number = static_cast<std::int64_t>(value->number());
    return true;
  }
  return false;
}

SequenceMarks read_metadata(const Array& array, std::int64_t samples) {
  if (array.header.dtype != DType::object)
    throw DataError(fmt::format("{} where a pickled array of dicts is expected", array.header.descr),
                    array.place);
  const Pickle pickle(read_bytes(array, pickle_limit(samples)), array.place);
  const Value& root = pickle.root();
  const Value::Items* rows = nullptr;
  if (root.is(Value::Kind::array)) rows = root.array->items;
  if (root.is(Value::Kind::list)) rows = root.items;
  if (rows == nullptr || static_cast<std::int64_t>(rows->size()) != samples)
    throw DataError(fmt::format("{} rows where {} samples are", rows == nullptr ? 0 : rows->size(), samples),
                    array.place);
  SequenceMarks marks;
  std::size_t keys = 0;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    keys += (*rows)[i]->is(Value::Kind::dict) ? (*rows)[i]->size() : 0;
    if (keys > most_keys)
      throw DataError("more than 100 million keys: damaged, or made to take for ever", array.place);
    std::int64_t article = 0, chunk = 0;
    if (!find_number(*(*rows)[i], {"article_index", "article_id"}, article))
      throw DataError("no dict with a number article_index (or article_id)",
                      fmt::format("{}, row {}", array.place, i));
    marks.articles.push_back(article);
    if (find_number(*(*rows)[i], {"target_chunk_index", "target_idx"}, chunk)) marks.chunks.push_back(chunk);
  }
  if (marks.chunks.size() != marks.articles.size()) marks.chunks.clear();
  return marks;
}

// Writes opcodes (Lib/pickletools.py).
class PickleText {
 public:
  PickleText& raw(std::string_view bytes) {
    text_ += bytes;
    return *this;
  }
  PickleText& global(const char* module, const char* name) {
    text_ += fmt::format("c{}\n{}\n", module, name);
    return *this;
  }
  PickleText& u32(std::uint32_t value) {
    for (int i = 0; i < 4; ++i) text_.push_back(static_cast<char>(value >> 8 * i & 0xff));
    return *this;
  }
  PickleText& string(std::string_view value) {
    text_.push_back('X');
    return u32(static_cast<std::uint32_t>(value.size())).raw(value);
  }
  PickleText& integer(std::int64_t value) {
    if (value >= INT32_MIN && value <= INT32_MAX) {
      text_.push_back('J');
      return u32(static_cast<std::uint32_t>(value));
    }
    text_ += "\x8a\x08";
    u32(static_cast<std::uint32_t>(value));
    return u32(static_cast<std::uint32_t>(value >> 32));
  }
  // A key: spelled the first time and remembered, then recalled.
  PickleText& key(std::uint8_t number, const char* name, bool first) {
    if (first) return string(name).raw("q").byte(number);
    return raw("h").byte(number);
  }
  PickleText& byte(std::uint8_t value) {
    text_.push_back(static_cast<char>(value));
    return *this;
  }
  std::string take() { return std::move(text_); }
  void reserve(std::size_t size) { text_.reserve(size); }

 private:
  std::string text_;
};

}  // namespace

SequenceMarks read_sequence_marks(const Npz& file, std::int64_t samples) {
  SequenceMarks marks;
  const auto articles = file.first_of({"article_ids", "article_indices"});
  if (articles) {
    marks.articles = read_integers(file.array(*articles), samples);
    if (file.has("target_indices")) marks.chunks = read_integers(file.array("target_indices"), samples);
    return marks;
  }
  if (file.has("metadata")) return read_metadata(file.array("metadata"), samples);
  return marks;
}

std::string pickle_metadata(const std::vector<MetadataRow>& rows, std::int64_t p6_offset) {
  PickleText p;
  p.reserve(64 + rows.size() * 40);
  p.raw("\x80\x03").global("numpy.core.multiarray", "_reconstruct").global("numpy", "ndarray");
  p.raw("K").byte(0).raw("\x85").raw("C\x01").raw("b").raw("\x87R");  // (ndarray, (0,), b'b')
  p.raw("(K\x01").integer(static_cast<std::int64_t>(rows.size())).raw("\x85");
  p.global("numpy", "dtype").string("O8").raw("\x89\x88\x87R");  // dtype('O8', False, True)
  p.raw("(K\x03").string("|").raw("NNN").integer(-1).integer(-1).raw("K\x3ftb\x89](");
  bool first = true;
  for (const MetadataRow& row : rows) {
    p.raw("}(").key(0, "article_index", first).integer(row.article);
    p.key(1, "last_context_article", first).integer(row.last_context_article);
    p.key(2, "target_chunk_index", first).integer(row.chunk);
    p.key(3, "crosses_article", first).raw(row.article != row.last_context_article ? "\x88" : "\x89");
    p.key(4, "p6_offset", first).integer(p6_offset).raw("u");
    first = false;
  }
  p.raw("etb.");
  return p.take();
}

}  // namespace runner::data
