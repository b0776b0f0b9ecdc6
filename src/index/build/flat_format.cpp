#include "index/build/flat_format.h"

#include <cstring>

#include "base/error.h"
#include "base/log.h"

namespace runner::ann {
namespace {

constexpr std::uint64_t header_bytes = 4 + 4 + 8 + 8 + 8 + 1 + 4;
// What FAISS calls them (faiss/MetricType.h).
constexpr std::int32_t metric_inner_product = 0, metric_l2 = 1;

template <class T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_header(std::string& bytes, const char* fourcc, const FlatLayout& layout) {
  bytes.append(fourcc, 4);
  put<std::int32_t>(bytes, static_cast<std::int32_t>(layout.width));
  put<std::int64_t>(bytes, layout.rows);
  put<std::int64_t>(bytes, 1 << 20);
  put<std::int64_t>(bytes, 1 << 20);
  put<std::uint8_t>(bytes, 1);
  put<std::int32_t>(bytes, layout.metric == Metric::l2 ? metric_l2 : metric_inner_product);
}

struct Header {
  std::string fourcc;
  std::int32_t width, metric;
  std::int64_t rows;
};

template <class T>
T get(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

Header read_header(const std::byte* at) {
  return {std::string(reinterpret_cast<const char*>(at), 4), get<std::int32_t>(at + 4),
          get<std::int32_t>(at + 33), get<std::int64_t>(at + 8)};
}

bool is_flat_fourcc(const std::string& fourcc) {
  return fourcc == "IxFI" || fourcc == "IxF2" || fourcc == "IxFl";
}

}  // namespace

FlatLayout flat_layout(Metric metric, std::int64_t rows, std::int64_t width, bool has_ids) {
  FlatLayout layout{metric, rows, width, has_ids, 0, 0, 0};
  layout.vectors_at = (has_ids ? 2 : 1) * header_bytes + sizeof(std::uint64_t);
  const std::uint64_t end = layout.vectors_at + static_cast<std::uint64_t>(rows) *
                                                    static_cast<std::uint64_t>(width) * sizeof(float);
  layout.ids_at = has_ids ? end + sizeof(std::uint64_t) : 0;
  layout.file_bytes = has_ids ? layout.ids_at + static_cast<std::uint64_t>(rows) * sizeof(std::int64_t) : end;
  return layout;
}

std::string flat_head(const FlatLayout& layout) {
  std::string bytes;
  if (layout.has_ids) put_header(bytes, "IxM2", layout);
  put_header(bytes, layout.metric == Metric::l2 ? "IxF2" : "IxFI", layout);
  put<std::uint64_t>(bytes, static_cast<std::uint64_t>(layout.rows * layout.width));
  return bytes;
}

std::string flat_ids_head(const FlatLayout& layout) {
  std::string bytes;
  put<std::uint64_t>(bytes, static_cast<std::uint64_t>(layout.rows));
  return bytes;
}

std::optional<FlatLayout> parse_flat(const std::byte* head, std::uint64_t head_bytes,
                                     std::uint64_t file_bytes, const std::string& place) {
  if (head_bytes < header_bytes + sizeof(std::uint64_t)) return std::nullopt;
  Header header = read_header(head);
  const bool has_ids = header.fourcc == "IxM2" || header.fourcc == "IxMp";
  if (has_ids) {
    if (head_bytes < 2 * header_bytes + sizeof(std::uint64_t)) return std::nullopt;
    const Header outer = header;
    header = read_header(head + header_bytes);
    if (!is_flat_fourcc(header.fourcc)) return std::nullopt;
    if (outer.rows != header.rows || outer.width != header.width)
      throw DataError(fmt::format("damaged index: {} ids of width {} around {} vectors of width {}",
                                  outer.rows, outer.width, header.rows, header.width),
                      place);
  }
  if (!is_flat_fourcc(header.fourcc)) return std::nullopt;
  const std::int32_t metric = header.fourcc == "IxFI"   ? metric_inner_product
                              : header.fourcc == "IxF2" ? metric_l2
                                                        : header.metric;
  if (metric != metric_inner_product && metric != metric_l2) return std::nullopt;
  constexpr std::int64_t most = std::int64_t{1} << 40;  // FAISS's own limit of elements in an array
  if (header.width <= 0 || header.rows < 0 || header.rows > most / header.width)
    throw DataError(fmt::format("damaged index: {} vectors of width {}", header.rows, header.width), place);
  const FlatLayout layout = flat_layout(metric == metric_l2 ? Metric::l2 : Metric::inner_product, header.rows,
                                        header.width, has_ids);
  const auto floats = get<std::uint64_t>(head + layout.vectors_at - sizeof(std::uint64_t));
  if (floats != static_cast<std::uint64_t>(header.rows * header.width) || layout.file_bytes != file_bytes)
    throw DataError(fmt::format("damaged index: {} bytes, where {} vectors of width {} take {}", file_bytes,
                                header.rows, header.width, layout.file_bytes),
                    place);
  return layout;
}

}  // namespace runner::ann
