#include "index/reading/index_walk.h"

#include <algorithm>
#include <cctype>

namespace runner::ann {
namespace {

constexpr int deepest = 16;  // an index in an index; real ones nest three or four deep
constexpr std::int64_t widest = 1 << 24, most_rows = std::int64_t{1} << 40;

bool is_metric(std::int32_t metric) {
  return (metric >= 0 && metric <= 4) || (metric >= 20 && metric <= 25);  // faiss/MetricType.h
}

bool is_name(const std::string& type) {
  return std::all_of(type.begin(), type.end(),
                     [](unsigned char letter) { return std::isalnum(letter) != 0; });
}

}  // namespace

IndexShape IndexWalk::whole() {
  IndexShape shape = index(Ids::any);
  in_.expect(in_.left() == 0, "{} bytes follow the end of the index", in_.left());
  return shape;
}

IndexShape IndexWalk::header(const std::string& type) {
  IndexShape shape{type, in_.number<std::int32_t>("the width"),
                   in_.number<std::int64_t>("the number of vectors"), 0};
  in_.elements<std::int64_t>(2, "the header");  // no longer used
  const bool trained = in_.flag("is_trained");
  shape.metric = in_.number<std::int32_t>("the metric");
  in_.expect(shape.width > 0 && shape.width <= widest && shape.rows >= 0 && shape.rows <= most_rows,
             "{} vectors of width {}", shape.rows, shape.width);
  in_.expect(is_metric(shape.metric), "metric {}", shape.metric);
  in_.expect(trained, "it says that it is not trained");
  if (shape.metric > 1) in_.number<float>("the metric's argument");
  return shape;
}

void IndexWalk::same(const IndexShape& outer, const IndexShape& inner) {
  in_.expect(outer.rows == inner.rows && outer.width == inner.width && outer.metric == inner.metric,
             "{} vectors of width {} and metric {} ({}) around {} of width {} and metric {} ({})", outer.rows,
             outer.width, outer.metric, outer.type, inner.rows, inner.width, inner.metric, inner.type);
}

IndexShape IndexWalk::index(Ids ids) {
  struct Level {
    int& depth;
    explicit Level(int& d) : depth(d) { ++depth; }
    ~Level() { --depth; }
  } level(depth_);
  in_.expect(depth_ <= deepest, "more than {} indexes inside each other", deepest);
  const std::string type = in_.letters();
  const auto is = [&](std::initializer_list<const char*> types) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  if (depth_ == 1 && !type.starts_with("I"))
    throw DataError("no FAISS index: it begins otherwise", in_.place());
  in_.expect(is_name(type), "what should be a type of index is none");
  in_.expect(type != "null", "an index is missing inside another one");
  if (type.starts_with("IB"))
    throw DataError(
        fmt::format("an index of binary vectors (\"{}\"); runner search reads those of float vectors", type),
        in_.place());
  const bool graph = is({"IHNf", "IHNp", "IHNs", "IHNc"}),
             lists = type.starts_with("Iw") || is({"IVLf", "IVRf", "NPLf", "NPRf"});
  const bool known =
      graph || lists || is({"IxFI", "IxF2", "IxFl", "IxHe", "IxPQ", "IxPo", "IxPq", "IxRq", "IxLS",
                            "IxPR", "IxPL", "ImRQ", "IxSQ", "IxPT", "Imiq", "IxRF", "IxMp", "IxM2",
                            "INSf", "INSp", "INSs", "INNf", "IPfs", "ILfs", "IRfs", "IPRf", "IPLf"});
  if (!known) throw UnknownType{type};
  IndexShape shape = header(type);
  if (lists)
    inverted_file(shape, ids);
  else if (graph)
    hnsw(shape);
  else if (is({"INSf", "INSp", "INSs"}))
    nsg(shape);
  else if (type == "INNf")
    nn_descent(shape);
  else if (type.starts_with("IxF"))
    flat(shape);
  else if (type == "IxHe")
    lsh(shape);
  else if (is({"IxPQ", "IxPo", "IxPq"}))
    product_codes(shape);
  else if (type == "IxSQ")
    scalar_codes(shape);
  else if (is({"IxRq", "IxLS", "IxPR", "IxPL"}))
    additive_codes(shape);
  else if (is({"IPfs", "ILfs", "IRfs", "IPRf", "IPLf"}))
    fast_scan_codes(shape);
  else if (type == "IxPT")
    pre_transform(shape, ids);
  else if (type == "IxRF")
    refine(shape);
  else if (type == "Imiq")
    multi_index(shape);
  else if (type == "ImRQ")
    residual_coarse(shape);
  else
    id_map(shape);
  return shape;
}

}  // namespace runner::ann
