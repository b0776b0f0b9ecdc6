#include "index/build/metric.h"

#include "base/error.h"

namespace runner::ann {

Metric parse_metric(const std::string& text) {
  if (text == "inner_product") return Metric::inner_product;
  if (text == "l2") return Metric::l2;
  throw UsageError("metric '" + text + "': expected inner_product or l2", "index.metric");
}

const char* to_string(Metric metric) {
  return metric == Metric::inner_product ? "inner_product" : "l2";
}

}  // namespace runner::ann
