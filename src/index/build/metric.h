#pragma once
// What a score means.

#include <string>
#include <vector>

#include "base/words.h"

namespace runner::ann {

enum class Metric {
  inner_product,  // greater is nearer; the cosine when rows have length 1
  l2,             // squared distance, smaller is nearer, as FAISS gives it
};
inline std::vector<std::string> words_of(Metric) {
  return {"inner_product", "l2"};
}
inline bool nearer(Metric metric, float a, float b) {
  return metric == Metric::inner_product ? a > b : a < b;
}

}  // namespace runner::ann
