// Inverted files: an index of centres, and a list of rows for each.
#include "index/reading/index_walk.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "data/mapped_file.h"

namespace runner::ann {
namespace {

constexpr std::uint64_t unknown_size =
    std::numeric_limits<std::uint64_t>::max();  // InvertedLists::INVALID_CODE_SIZE

struct Pair {
  std::int64_t first, second;
};

// Row numbers that were met, each at most once.
class Rows {
 public:
  // Each has 8 bytes at least in `bytes`: what a file cannot hold is refused before room is made for it.
  Rows(std::int64_t count, bool wanted, std::uint64_t bytes, const IndexBytes& in) : count_(count) {
    in.expect(static_cast<std::uint64_t>(count) <= bytes / sizeof(std::int64_t),
              "{} rows in lists of {} bytes", count, bytes);
    if (wanted) met_.resize(static_cast<std::size_t>(count));
  }

  void meet(const PackedArray<std::int64_t>& ids, const IndexBytes& in) {
    if (met_.empty()) return;
    for (std::uint64_t i = 0; i < ids.size(); ++i) {
      const std::int64_t id = ids[i];
      in.expect(id >= 0 && id < count_, "a list holds row {} of {}", id, count_);
      in.expect(!met_[static_cast<std::size_t>(id)], "row {} is in the lists twice", id);
      met_[static_cast<std::size_t>(id)] = true;
    }
  }

 private:
  std::int64_t count_;
  std::vector<bool> met_;
};

}  // namespace

IndexWalk::Lists IndexWalk::inverted_file_head(const IndexShape& shape) {
  Lists lists{shape, in_.number<std::uint64_t>("the number of lists")};
  const auto probe = in_.number<std::uint64_t>("nprobe");
  in_.expect(lists.count >= 1 && probe >= 1, "{} lists, of which {} are searched", lists.count, probe);
  const IndexShape centres = index(Ids::rows);
  in_.expect(static_cast<std::uint64_t>(centres.rows) == lists.count && centres.width == shape.width,
             "{} lists of width {}, and {} centres of width {}", lists.count, shape.width, centres.rows,
             centres.width);
  in_.expect(shape.metric == 0 || shape.metric == 1, "metric {} of inverted lists", shape.metric);
  const auto map = in_.number<std::int8_t>("the direct map");
  in_.expect(map >= 0 && map <= 2, "a direct map of kind {}", map);
  in_.array<std::int64_t>("the direct map");
  if (map == 2) in_.array<Pair>("the direct map");
  return lists;
}

void IndexWalk::inverted_file(const IndexShape& shape, Ids ids) {
  const std::string& type = shape.type;
  const auto floats = static_cast<std::uint64_t>(shape.width) * sizeof(float);
  const auto is = [&](std::initializer_list<const char*> types) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  if (!is({"IwFl", "IwFd", "IwSq", "IwSQ", "IwPQ", "IwQR", "IwPf", "IwLS", "IwRQ", "IwPL", "IwPR", "IVLf",
           "IVRf", "NPLf", "NPRf"}))
    throw UnknownType{type};
  const Lists lists = inverted_file_head(shape);
  if (is({"IwFl", "IwFd"})) {
    if (type == "IwFd") {
      const auto pairs = in_.array<std::int64_t>("the duplicates");
      in_.expect(pairs.size() % 2 == 0, "{} numbers of pairs", pairs.size());
      // Rows that equal another one are in no list.
      Lists fewer = lists;
      fewer.shape.rows -= static_cast<std::int64_t>(pairs.size() / 2);
      in_.expect(ids == Ids::any && fewer.shape.rows >= 0, "{} duplicates of {} rows", pairs.size() / 2,
                 shape.rows);
      return inverted_lists(fewer, floats, ids);
    }
    return inverted_lists(lists, floats, ids);
  }
  if (is({"IwSq", "IwSQ"})) {
    const Codes codes = scalar_quantizer(shape.width);
    const auto size = in_.number<std::uint64_t>("the size of a code");
    in_.expect(size == codes.size, "codes of {} bytes, where the quantizer makes {}", size, codes.size);
    if (type == "IwSq") in_.flag("by_residual");
    return inverted_lists(lists, size, ids);
  }
  if (is({"IwPQ", "IwQR"})) {
    in_.flag("by_residual");
    const auto size = in_.number<std::uint64_t>("the size of a code");
    const Codes codes = product_quantizer(shape.width);
    in_.expect(size == codes.size, "codes of {} bytes, where the quantizer makes {}", size, codes.size);
    inverted_lists(lists, size, type == "IwQR" ? Ids::rows : ids);
    if (type == "IwPQ") return;
    const Codes refined = product_quantizer(shape.width);
    in_.array<std::uint8_t>(static_cast<std::uint64_t>(shape.rows) * refined.size, "codes");
    const auto factor = in_.number<float>("k_factor");
    in_.expect(factor >= 1 && factor <= 1e6F, "k_factor {}", factor);
    return;
  }
  if (type == "IwPf") {
    in_.flag("by_residual");
    const auto size = in_.number<std::uint64_t>("the size of a code");
    FastScan block{in_.number<std::int32_t>("the block size"), in_.number<std::uint64_t>("M2")};
    fast_scan_way();
    queries_of_a_list();
    const Codes codes = product_quantizer(shape.width);
    in_.expect(
        codes.bits == 4 * codes.parts && size == codes.size && block.parts == (codes.parts + 1) / 2 * 2,
        "{} sub-codes of {} bits together in codes of {} bytes", codes.parts, codes.bits, size);
    return inverted_lists(lists, unknown_size, ids, block);
  }
  if (type.starts_with("Iw")) {
    const auto size = in_.number<std::uint64_t>("the size of a code");
    const Codes codes = additive_quantizer_of(type, shape.width);
    in_.expect(size == codes.size, "codes of {} bytes, where the quantizer makes {}", size, codes.size);
    in_.flag("by_residual");
    in_.number<std::int32_t>("use_precomputed_table");
    return inverted_lists(lists, size, ids);
  }
  const Codes codes = additive_quantizer_of(type, shape.width);
  in_.flag("by_residual");
  fast_scan_way();
  FastScan block{in_.number<std::int32_t>("the block size"), 0};
  in_.number<std::int32_t>("the queries of a block");
  const auto parts = in_.number<std::uint64_t>("the sub-codes"),
             bits = in_.number<std::uint64_t>("their bits"),
             values = in_.number<std::uint64_t>("their values"),
             size = in_.number<std::uint64_t>("the size of a code");
  queries_of_a_list();
  block.parts = in_.number<std::uint64_t>("M2");
  in_.expect(bits == 4 && values == 16 && parts >= codes.parts && parts <= codes.parts + 2 &&
                 size == (parts + 1) / 2 && block.parts == (parts + 1) / 2 * 2,
             "{} sub-codes of {} bits and {} bytes, where {} belong", parts, bits, size, codes.parts);
  in_.flag("rescale_norm");
  in_.number<std::int32_t>("the norm's scale");
  in_.number<std::uint64_t>("the training rows");
  inverted_lists(lists, unknown_size, ids, block);
}

// 0: as many as FAISS likes, which are the most that its kernels take.
void IndexWalk::queries_of_a_list() {
  const auto queries = in_.number<std::uint64_t>("the queries of a list");
  in_.expect(queries <= 11, "{} queries of a list at a time", queries);
}

void IndexWalk::inverted_lists(const Lists& of, std::uint64_t code_size, Ids ids, FastScan block) {
  const std::string kind = in_.letters();
  in_.expect(kind != "il00", "the inverted lists were not saved with the index");
  if (kind == "ilbl") {
    in_.expect(block.block > 0 && block.block % 32 == 0 && block.block <= 1 << 16, "blocks of {}",
               block.block);
    return block_lists(of, ids, block);
  }
  if (block.block != 0 || (kind != "ilar" && kind != "ilod")) throw UnknownType{"lists " + kind};
  const auto count = in_.number<std::uint64_t>("the number of lists"),
             size = in_.number<std::uint64_t>("the size of a code");
  in_.expect(count == of.count && size == code_size, "{} lists of codes of {} bytes, where {} of {} belong",
             count, size, of.count, code_size);
  if (kind == "ilar")
    array_lists(of, code_size, ids);
  else
    lists_elsewhere(of, code_size, ids);
}

void IndexWalk::array_lists(const Lists& of, std::uint64_t code_size, Ids ids) {
  const std::string kind = in_.letters();
  in_.expect(kind == "full" || kind == "sprs", "sizes of lists of kind \"{}\"", kind);
  const auto sizes = in_.array<std::uint64_t>("sizes of lists");
  const bool full = kind == "full";  // else: number of a list, its size
  in_.expect(full ? sizes.size() == of.count : sizes.size() % 2 == 0, "{} sizes of {} lists", sizes.size(),
             of.count);
  Rows rows(of.shape.rows, ids == Ids::rows, in_.left(), in_);
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < sizes.size(); i += full ? 1 : 2) {
    in_.expect(full || (sizes[i] < of.count && (i == 0 || sizes[i] > sizes[i - 2])),
               "list {} of {} does not follow", sizes[i], of.count);
    const std::uint64_t size = full ? sizes[i] : sizes[i + 1];
    in_.expect(size <= in_.left() / (code_size + sizeof(std::int64_t)),
               "list {} of {} rows, where {} bytes are left", full ? i : sizes[i], size, in_.left());
    in_.elements<std::uint8_t>(size * code_size, "codes");
    rows.meet(in_.elements<std::int64_t>(size, "ids"), in_);
    total += size;
  }
  in_.expect(total == static_cast<std::uint64_t>(of.shape.rows), "lists of {} rows together, where {} belong",
             total, of.shape.rows);
}

void IndexWalk::block_lists(const Lists& of, Ids ids, FastScan block) {
  const auto count = in_.number<std::uint64_t>("the number of lists"),
             size = in_.number<std::uint64_t>("the size of a code"),
             rows_each = in_.number<std::uint64_t>("the rows of a block"),
             bytes = in_.number<std::uint64_t>("its bytes");
  const auto rows_wanted = static_cast<std::uint64_t>(block.block);
  in_.expect(count == of.count && rows_each == rows_wanted && bytes == rows_wanted * block.parts / 2,
             "{} lists of blocks of {} rows and {} bytes (codes of {}), where {} lists of {} rows belong",
             count, rows_each, bytes, size, of.count, rows_wanted);
  Rows rows(of.shape.rows, ids == Ids::rows, in_.left(), in_);
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto list = in_.array<std::int64_t>("ids");
    rows.meet(list, in_);
    in_.array<std::uint8_t>((list.size() + rows_each - 1) / rows_each * bytes, "codes");
    total += list.size();
  }
  in_.expect(total == static_cast<std::uint64_t>(of.shape.rows), "lists of {} rows together, where {} belong",
             total, of.shape.rows);
}

void IndexWalk::lists_elsewhere(const Lists& of, std::uint64_t code_size, Ids ids) {
  struct Place {
    std::uint64_t size, capacity, offset;  // rows, rows, bytes
  };
  const auto places = in_.array<Place>(of.count, "places of lists");
  in_.array<Pair>("free places");
  const auto name = in_.array<char>("the name of the lists' file");
  std::string path;
  for (std::uint64_t i = 0; i < name.size(); ++i) path += name[i];
  const auto bytes = in_.number<std::uint64_t>("the size of the lists' file");
  struct stat info {};
  if (path.find('\0') != std::string::npos || ::stat(path.c_str(), &info) != 0)
    throw DataError(
        fmt::format(
            "its inverted lists are in {}, which cannot be found ({}): copy that file too, to this place, "
            "or build the index without on-disk lists",
            path, std::strerror(errno)),
        in_.place());
  const data::MappedFile file{path};
  const auto one = code_size + sizeof(std::int64_t);
  if (file.size() < bytes)
    throw DataError(
        fmt::format("its inverted lists are in {}, which has {} bytes where {} belong: it was copied in part",
                    path, file.size(), bytes),
        in_.place());
  Rows rows(of.shape.rows, ids == Ids::rows, bytes, in_);
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < places.size(); ++i) {
    const Place place = places[i];
    in_.expect(
        place.size <= place.capacity && place.capacity <= bytes / one &&
            (place.capacity == 0 || (place.offset <= bytes && place.capacity * one <= bytes - place.offset)),
        "list {} has {} rows at byte {} of {}, which has {}", i, place.size, place.offset, path, bytes);
    total += place.size;
    if (place.size == 0) continue;
    rows.meet({file.data() + place.offset + place.capacity * code_size, place.size}, in_);
  }
  in_.expect(total == static_cast<std::uint64_t>(of.shape.rows), "lists of {} rows together, where {} belong",
             total, of.shape.rows);
  list_files_.push_back(path);
}

}  // namespace runner::ann
