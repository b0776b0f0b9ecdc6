#pragma once
// What a score means.

#include <string>

namespace runner::ann {

enum class Metric {
  inner_product,  // greater is nearer; the cosine when rows have length 1
  l2,             // squared distance, smaller is nearer, as FAISS gives it
};

// "inner_product" | "l2". Throws UsageError.
Metric parse_metric(const std::string& text);
const char* to_string(Metric metric);
inline bool nearer(Metric metric, float a, float b) {
  return metric == Metric::inner_product ? a > b : a < b;
}

}  // namespace runner::ann
