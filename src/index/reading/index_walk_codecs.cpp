// What turns vectors into codes or other vectors.
#include "index/reading/index_walk.h"

#include <faiss/Index.h>

#include <algorithm>

namespace runner::ann {
namespace {

// faiss/impl/AdditiveQuantizer.h: bits that the norm of a vector takes behind its code.
std::uint64_t norm_bits(std::int32_t search) {
  switch (search) {
    case 3:  // ST_norm_float
      return 32;
    case 4:  // ST_norm_qint8
    case 6:  // ST_norm_cqint8
    case 8:  // ST_norm_lsq2x4
    case 9:  // ST_norm_rq2x4
      return 8;
    case 5:  // ST_norm_qint4
    case 7:  // ST_norm_cqint4
      return 4;
    default:
      return 0;
  }
}

std::uint64_t bytes_of(std::uint64_t bits) {
  return (bits + 7) / 8;
}

// Bits of one value; 0: not known here. faiss/impl/ScalarQuantizer.h
std::uint64_t scalar_bits(std::int32_t type) {
  constexpr std::uint64_t bits[] = {8, 4, 8, 4, 16, 8, 6, 16, 8};
  constexpr std::int32_t here =
      FAISS_VERSION_MAJOR * 100 + FAISS_VERSION_MINOR >= 109 ? 8 : 6;  // bf16, signed: 1.9
  return type >= 0 && type <= here ? bits[type] : 0;
}

// Learned ranges: two numbers a dimension, or two in all, or none.
std::uint64_t scalar_ranges(std::int32_t type, std::uint64_t width) {
  if (type == 0 || type == 1 || type == 6) return 2 * width;
  return type == 2 || type == 3 ? 2 : 0;
}

}  // namespace

IndexWalk::Codes IndexWalk::product_quantizer(std::int64_t width) {
  const auto d = in_.number<std::uint64_t>("the quantizer's width"),
             parts = in_.number<std::uint64_t>("its parts"), bits = in_.number<std::uint64_t>("its bits");
  in_.expect(d == static_cast<std::uint64_t>(width) && parts >= 1 && parts <= d && d % parts == 0 &&
                 bits >= 1 && bits <= 24,
             "a product quantizer of width {}, {} parts and {} bits for vectors of width {}", d, parts, bits,
             width);
  in_.array<float>(d << bits, "centroids");
  return {bytes_of(parts * bits), parts * bits, parts};
}

IndexWalk::Codes IndexWalk::scalar_quantizer(std::int64_t width) {
  const auto type = in_.number<std::int32_t>("the quantizer's type"),
             statistic = in_.number<std::int32_t>("its range");
  in_.number<float>("its range's argument");
  const auto d = in_.number<std::uint64_t>("its width"),
             size = in_.number<std::uint64_t>("the size of a code");
  const std::uint64_t bits = scalar_bits(type);
  in_.expect(bits > 0, "scalar quantizer {}, which is unknown to FAISS {}.{}", type, FAISS_VERSION_MAJOR,
             FAISS_VERSION_MINOR);
  in_.expect(statistic >= 0 && statistic <= 3, "a range of kind {}", statistic);
  in_.expect(d == static_cast<std::uint64_t>(width) && size == bytes_of(d * bits),
             "a scalar quantizer of width {} with codes of {} bytes for vectors of width {}", d, size, width);
  in_.array<float>(scalar_ranges(type, d), "ranges");
  return {size, d * bits, d};
}

IndexWalk::Codes IndexWalk::additive_quantizer(std::int64_t width, std::uint64_t splits) {
  const auto d = in_.number<std::uint64_t>("the quantizer's width"),
             parts = in_.number<std::uint64_t>("its code books");
  in_.expect(d == static_cast<std::uint64_t>(width) && parts >= 1 && parts <= 1 << 16,
             "an additive quantizer of width {} and {} code books for vectors of width {}", d, parts, width);
  const auto bits = in_.array<std::uint64_t>(parts, "the bits of each code book");
  Codes codes{0, 0, parts};
  std::uint64_t entries = 0;
  for (std::uint64_t i = 0; i < parts; ++i) {
    in_.expect(bits[i] >= 1 && bits[i] <= 24, "a code book of {} bits", bits[i]);
    codes.bits += bits[i];
    entries += std::uint64_t{1} << bits[i];
  }
  in_.expect(in_.flag("is_trained"), "a quantizer says that it is not trained");
  const auto books = in_.array<float>("the code books");
  // A product of quantizers is told by the caller only afterwards: its books hold the parts' own widths.
  in_.expect(
      books.size() == entries * d || (splits == 0 && books.size() > 0 && entries * d % books.size() == 0),
      "code books of {} numbers, where {} entries of width {} belong", books.size(), entries, d);
  const auto search = in_.number<std::int32_t>("the type of search");
  in_.elements<float>(2, "the norms' range");
  in_.expect(search >= 0 && search <= 9, "type of search {}", search);
  if (search >= 6 && search <= 9) {
    const auto norms = in_.array<float>("the norms");
    in_.expect(norms.size() >= (search == 7 ? 16U : search == 6 ? 256U : 0U), "{} norms", norms.size());
  }
  if (search == 8 || search == 9)
    in_.expect(in_.array<float>("the table of norms").size() >= 32, "the table of norms is too short");
  codes.size = bytes_of(codes.bits + norm_bits(search));
  return codes;
}

IndexWalk::Codes IndexWalk::residual_quantizer(std::int64_t width) {
  const Codes codes = additive_quantizer(width, 1);
  in_.number<std::int32_t>("the type of training");
  const auto beam = in_.number<std::int32_t>("the beam");
  in_.expect(beam >= 1 && beam <= 1 << 16, "a beam of {}", beam);
  return codes;
}

IndexWalk::Codes IndexWalk::local_search_quantizer(std::int64_t width) {
  const Codes codes = additive_quantizer(width, 1);
  in_.elements<std::uint64_t>(5, "the numbers of training");
  in_.elements<float>(2, "the temperature");
  in_.number<std::uint64_t>("the chunk size");
  in_.number<std::int32_t>("the seed");
  in_.number<std::uint64_t>("the perturbations");
  in_.flag("update_codebooks_with_double");
  return codes;
}

IndexWalk::Codes IndexWalk::additive_quantizer_of(const std::string& type, std::int64_t width) {
  const auto any = [&](std::initializer_list<const char*> types) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  const bool local = any({"IxLS", "ILfs", "IVLf", "IwLS", "IxPL", "IPLf", "NPLf", "IwPL"});
  if (!any({"IxPR", "IPRf", "NPRf", "IwPR", "IxPL", "IPLf", "NPLf", "IwPL"}))
    return local ? local_search_quantizer(width) : residual_quantizer(width);
  const Codes all = additive_quantizer(width, 0);
  const auto splits = in_.number<std::uint64_t>("the number of parts");
  in_.expect(splits >= 1 && splits <= all.parts && static_cast<std::uint64_t>(width) % splits == 0,
             "{} parts of width {} and {} code books", splits, width, all.parts);
  std::uint64_t bits = 0, parts = 0;
  for (std::uint64_t i = 0; i < splits; ++i) {
    const std::int64_t each = width / static_cast<std::int64_t>(splits);
    const Codes part = local ? local_search_quantizer(each) : residual_quantizer(each);
    bits += part.bits;
    parts += part.parts;
  }
  in_.expect(bits == all.bits && parts == all.parts, "parts of {} code books together, where {} belong",
             parts, all.parts);
  return all;
}

void IndexWalk::linear_transform(bool pca, const std::string& type) {
  if (pca) {
    in_.number<float>("eigen_power");
    if (type == "Pcam") in_.number<float>("epsilon");
    in_.flag("random_rotation");
    if (type != "PCAm") in_.number<std::int32_t>("balanced_bins");
    in_.array<float>("the mean");
    in_.array<float>("the eigenvalues");
    in_.array<float>("the eigenvectors");
  } else if (type == "Viqm") {
    in_.elements<std::int32_t>(2, "the numbers of training");
  }
}

std::int64_t IndexWalk::transform(std::int64_t width, bool used) {
  const std::string type = in_.letters();
  const bool pca = type == "PCAm" || type == "PcAm" || type == "Pcam";
  std::uint64_t matrix = 0, bias = 0, mean = 0, map = 0;
  std::int64_t first = width;  // width that goes in where there is more than one step
  std::int32_t highest = -1;
  const bool linear = pca || type == "rrot" || type == "LTra" || type == "Viqm";
  bool has_bias = false;
  if (linear) {
    linear_transform(pca, type);
    has_bias = in_.flag("have_bias");
    matrix = in_.array<float>("a matrix").size();
    bias = in_.array<float>("a bias").size();
  } else if (type == "RmDT") {
    const auto from = in_.array<std::int32_t>("a map of dimensions");
    map = from.size();
    for (std::uint64_t i = 0; i < map; ++i) highest = std::max(highest, from[i]);
  } else if (type == "VNrm") {
    in_.number<float>("a norm");
  } else if (type == "VCnt" || type == "Viqt") {
    mean = in_.array<float>("a mean").size();
    if (type == "Viqt") {
      in_.expect(++depth_ <= 16, "transforms inside each other");
      in_.flag("do_pca");
      // The first is part of the second, which alone is used.
      transform(0);
      first = transform(width);
      --depth_;
    }
  } else {
    throw UnknownType{"transform " + type};
  }
  const auto in = in_.number<std::int32_t>("a width"), out = in_.number<std::int32_t>("a width");
  const bool trained = in_.flag("is_trained");
  const auto from = static_cast<std::uint64_t>(in), to = static_cast<std::uint64_t>(out);
  in_.expect(in > 0 && out > 0 && out <= 1 << 24 && (width == 0 || in == width) && (trained || !used),
             "a transform from width {} to {}, where {} comes in", in, out, width);
  in_.expect(!linear || !used || (matrix >= from * to && (!has_bias || bias >= to)),
             "a matrix of {} numbers from width {} to {}", matrix, in, out);
  in_.expect(type != "RmDT" || (map == to && highest < in), "a map of {} dimensions up to {}", map, highest);
  in_.expect(type != "VNrm" || in == out, "a norm from width {} to {}", in, out);
  in_.expect((type != "VCnt" && type != "Viqt") || mean == from, "a mean of {} numbers", mean);
  in_.expect(type != "VCnt" || in == out, "a centering from width {} to {}", in, out);
  in_.expect(type != "Viqt" || first == out, "a transform to width {} inside one to {}", first, out);
  return out;
}

}  // namespace runner::ann
