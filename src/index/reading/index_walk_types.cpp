// Types that keep their rows one after the other, and those around another index.
#include "index/reading/index_walk.h"

#include <cmath>

namespace runner::ann {
namespace {

constexpr std::int32_t inner_product = 0, l2 = 1;  // faiss/MetricType.h
constexpr float most_refined = 1e6F;

}  // namespace

void IndexWalk::flat(const IndexShape& shape) {
  in_.expect(
      (shape.type != "IxFI" || shape.metric == inner_product) && (shape.type != "IxF2" || shape.metric == l2),
      "type {} with metric {}", shape.type, shape.metric);
  in_.array<float>(unsigned_of(shape.rows) * unsigned_of(shape.width), "vectors");
}

void IndexWalk::lsh(const IndexShape& shape) {
  const auto bits = in_.number<std::int32_t>("the bits");
  const bool rotate = in_.flag("rotate_data"), train = in_.flag("train_thresholds");
  in_.expect(bits > 0 && (rotate || bits <= shape.width), "{} bits of vectors of width {}", bits,
             shape.width);
  const auto thresholds = in_.array<float>("the thresholds");
  in_.expect(!train || thresholds.size() == unsigned_of(bits), "{} thresholds of {} bits", thresholds.size(),
             bits);
  const auto size = in_.number<std::int32_t>("the size of a code");
  in_.expect(size == bits / 8 + (bits % 8 != 0), "codes of {} bytes, of {} bits", size, bits);
  const std::int64_t out = transform(shape.width, rotate);
  in_.expect(out == bits, "a rotation to width {}, where {} bits are wanted", out, bits);
  in_.array<std::uint8_t>(unsigned_of(shape.rows) * unsigned_of(size), "codes");
}

void IndexWalk::product_codes(IndexShape& shape) {
  const Codes codes = product_quantizer(shape.width);
  in_.array<std::uint8_t>(unsigned_of(shape.rows) * codes.size, "codes");
  if (shape.type != "IxPq") shape.metric = l2;  // older files: whatever their header says
  if (shape.type == "IxPQ") return;
  const auto search = in_.number<std::int32_t>("the type of search");
  in_.flag("encode_signs");
  in_.number<std::int32_t>("the Hamming threshold");
  // 0: by distance. The others compare whole words of 8-bit codes.
  in_.expect(
      search == 0 || (search > 0 && search <= 5 && codes.bits == 8 * codes.parts && codes.size % 4 == 0),
      "type of search {} with codes of {} bytes", search, codes.size);
  in_.expect(shape.metric == l2 || shape.metric == inner_product, "metric {}", shape.metric);
}

void IndexWalk::scalar_codes(const IndexShape& shape) {
  const Codes codes = scalar_quantizer(shape.width);
  in_.expect(shape.metric == l2 || shape.metric == inner_product, "metric {}", shape.metric);
  in_.array<std::uint8_t>(unsigned_of(shape.rows) * codes.size, "codes");
}

void IndexWalk::additive_codes(const IndexShape& shape) {
  const Codes codes = additive_quantizer_of(shape.type, shape.width);
  const auto size = in_.number<std::uint64_t>("the size of a code");
  in_.expect(size == codes.size, "codes of {} bytes, where the code books make {}", size, codes.size);
  in_.expect(shape.metric == l2 || shape.metric == inner_product, "metric {}", shape.metric);
  in_.array<std::uint8_t>(unsigned_of(shape.rows) * size, "codes");
}

void IndexWalk::fast_scan_way() {
  const auto way = in_.number<std::int32_t>("the implementation");
  in_.expect(way >= 0 && way <= 16, "implementation {}", way);
}

// Codes of 4 bits, rows in blocks, sub-codes in pairs (faiss/IndexFastScan.h).
void IndexWalk::fast_scan_codes(const IndexShape& shape) {
  const bool product = shape.type == "IPfs";
  const Codes codes =
      product ? product_quantizer(shape.width) : additive_quantizer_of(shape.type, shape.width);
  fast_scan_way();
  const auto block = in_.number<std::int32_t>("the block size"),
             queries = in_.number<std::int32_t>("the queries of a block");
  in_.expect(block > 0 && block % 32 == 0 && block <= 1 << 16, "blocks of {}", block);
  in_.expect(queries >= 0, "{} queries of a block", queries);
  std::uint64_t parts = codes.parts;
  if (!product) {
    parts = in_.number<std::uint64_t>("the sub-codes");
    const auto bits = in_.number<std::uint64_t>("their bits"),
               values = in_.number<std::uint64_t>("their values"),
               size = in_.number<std::uint64_t>("the size of a code");
    in_.expect(bits == 4 && values == 16 && parts >= codes.parts && parts <= codes.parts + 2 &&
                   size == (parts + 1) / 2,
               "{} sub-codes of {} bits and {} bytes, where {} belong", parts, bits, size, codes.parts);
  } else {
    in_.expect(codes.bits == 4 * codes.parts, "{} sub-codes of {} bits together, and 4 belong in each",
               codes.parts, codes.bits);
  }
  const auto rows = in_.number<std::uint64_t>("the rows of all blocks"),
             pairs = in_.number<std::uint64_t>("M2");
  const auto wanted =
      (unsigned_of(shape.rows) + unsigned_of(block) - 1) / unsigned_of(block) * unsigned_of(block);
  in_.expect(rows == wanted && pairs == (parts + 1) / 2 * 2,
             "blocks of {} rows and {} sub-codes, where {} and {} belong", rows, pairs, shape.rows, parts);
  if (!product) {
    in_.flag("rescale_norm");
    in_.number<std::int32_t>("the norm's scale");
    in_.number<std::uint64_t>("the training rows");
  }
  in_.expect(shape.metric == l2 || shape.metric == inner_product, "metric {}", shape.metric);
  in_.array<std::uint8_t>(rows * pairs / 2, "codes");
}

void IndexWalk::id_map(const IndexShape& shape) {
  same(shape, index(Ids::rows));
  in_.array<std::int64_t>(unsigned_of(shape.rows), "ids");
}

void IndexWalk::refine(const IndexShape& shape) {
  same(shape, index(Ids::rows));
  same(shape, index(Ids::rows));
  in_.expect(shape.metric == l2 || shape.metric == inner_product, "metric {}", shape.metric);
  const auto factor = in_.number<float>("k_factor");
  in_.expect(factor >= 1 && factor <= most_refined, "k_factor {}", factor);
}

void IndexWalk::pre_transform(const IndexShape& shape, Ids ids) {
  const auto count = in_.number<std::int32_t>("the transforms");
  in_.expect(count >= 0 && count <= 64, "{} transforms", count);
  IndexShape inside = shape;
  for (std::int32_t i = 0; i < count; ++i) inside.width = transform(inside.width);
  same(inside, index(ids));
}

void IndexWalk::multi_index(const IndexShape& shape) {
  const Codes codes = product_quantizer(shape.width);
  in_.expect(codes.bits < 40 && shape.rows == std::int64_t{1} << codes.bits, "{} cells of codes of {} bits",
             shape.rows, codes.bits);
}

void IndexWalk::residual_coarse(const IndexShape& shape) {
  const Codes codes = residual_quantizer(shape.width);
  in_.expect(codes.bits < 40 && shape.rows == std::int64_t{1} << codes.bits, "{} cells of codes of {} bits",
             shape.rows, codes.bits);
  const auto beam = in_.number<float>("the beam factor");
  in_.expect(beam <= most_refined, "beam factor {}", beam);
}

}  // namespace runner::ann
