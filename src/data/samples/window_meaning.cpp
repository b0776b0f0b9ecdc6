#include "data/samples/window_meaning.h"

#include "base/error.h"
#include "base/log.h"
#include "data/formats/convert.h"
#include "data/samples/detect.h"

namespace runner::data {
namespace {

// The one number of an array; nothing when the file has no such array.
std::optional<std::int64_t> number(const Npz& file, const char* name, std::int64_t lowest) {
  if (!file.has(name)) return std::nullopt;
  const Array array = file.array(name);
  if (array.rank() == 3) return std::nullopt;  // contexts that go by the name `context`
  const DType type = array.header.dtype;
  if (array.header.count != 1 || !(is_integer(type) || type == DType::boolean))
    throw DataError(fmt::format("{} of shape {}; one whole number is expected", array.header.descr,
                                array.header.shape_text()),
                    array.place);
  std::int64_t value = 0;
  const std::string bytes = read_bytes(array);
  to_int64(type, reinterpret_cast<const std::byte*>(bytes.data()), 1, &value);
  if (value < lowest)
    throw DataError(fmt::format("is {}; {} or more is expected", value, lowest), array.place);
  return value;
}

WindowMeaning read(const std::string& path) {
  const Npz file(path);
  WindowMeaning meaning;
  meaning.context = number(file, "context", 1);
  if (meaning.context && *meaning.context != context_of(path))
    throw DataError(
        fmt::format("says {}, and the contexts are of {} vectors", *meaning.context, context_of(path)),
        path + ": array context");
  meaning.target_offset = number(file, "target_offset", 1);
  if (const auto p6 = number(file, "p6_offset", 0); p6 && !meaning.target_offset)
    meaning.target_offset = *p6 + 1;
  if (const auto within = number(file, "within_article", 0)) meaning.within_article = *within != 0;
  return meaning;
}

template <class T>
void expect_same(const std::optional<T>& first, const std::optional<T>& other, const char* name,
                 const std::vector<std::string>& paths, std::size_t i) {
  if (first == other) return;
  const auto text = [](const std::optional<T>& value) {
    return value ? fmt::format("is {}", *value) : std::string("is not told");
  };
  throw DataError(
      fmt::format("{}, and in {} it {}; files cut alike belong together", text(other), paths[0], text(first)),
      paths[i] + ": array " + name);
}

}  // namespace

std::int64_t context_of(const std::string& path) {
  const Npz file(path);
  const auto name = find_contexts(file);
  if (!name)
    throw DataError("no sequences: the file has " + fmt::format("{}", fmt::join(file.names(), ", ")), path);
  const Array array = file.array(*name);
  if (array.rank() != 3)
    throw DataError(fmt::format("shape {}; [M, T, D] is expected", array.header.shape_text()), array.place);
  return array.header.shape[1];
}

WindowMeaning read_window_meaning(const std::vector<std::string>& paths) {
  const WindowMeaning first = read(paths.at(0));
  for (std::size_t i = 1; i < paths.size(); ++i) {
    const WindowMeaning other = read(paths[i]);
    expect_same(first.context, other.context, "context", paths, i);
    expect_same(first.target_offset, other.target_offset, "target_offset", paths, i);
    expect_same(first.within_article, other.within_article, "within_article", paths, i);
  }
  return first;
}

void write_window_meaning(NpzWriter& writer, const WindowMeaning& meaning) {
  if (meaning.context) writer.write("context", DType::i64, {}, &*meaning.context);
  if (meaning.target_offset) writer.write("target_offset", DType::i64, {}, &*meaning.target_offset);
  if (meaning.within_article) writer.write("within_article", DType::boolean, {}, &*meaning.within_article);
}

}  // namespace runner::data
