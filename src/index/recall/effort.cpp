#include "index/recall/effort.h"

#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexNSG.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>

#include <algorithm>

namespace runner::ann {
namespace {

constexpr std::int64_t most_candidates = 1 << 14;
constexpr std::int64_t neighbours_asked_for = 10;  // by a recall at 10
constexpr double recall_margin = 0.01;

// Calls `found` with the name, the number itself, and the least and the most that it can be.
template <class Found>
void visit_effort(faiss::Index& index, const Found& found) {
  const std::int64_t candidates = std::clamp<std::int64_t>(index.ntotal, 1, most_candidates);
  const std::int64_t least = std::min(neighbours_asked_for, candidates);
  if (auto* map = dynamic_cast<faiss::IndexIDMap*>(&index))
    visit_effort(*map->index, found);
  else if (auto* chain = dynamic_cast<faiss::IndexPreTransform*>(&index))
    visit_effort(*chain->index, found);
  else if (auto* refine = dynamic_cast<faiss::IndexRefine*>(&index))
    visit_effort(*refine->base_index, found);
  else if (auto* lists = dynamic_cast<faiss::IndexIVF*>(&index))
    found("nprobe", lists->nprobe, 1, static_cast<std::int64_t>(lists->nlist));
  else if (auto* graph = dynamic_cast<faiss::IndexHNSW*>(&index))
    found("efSearch", graph->hnsw.efSearch, least, candidates);
  else if (auto* links = dynamic_cast<faiss::IndexNSG*>(&index))
    found("search_L", links->nsg.search_L, least, candidates);
}

}  // namespace

std::optional<Effort> effort_of(faiss::Index& index) {
  std::optional<Effort> effort;
  visit_effort(index, [&](const char* name, auto& number, std::int64_t least, std::int64_t most) {
    effort = Effort{name, static_cast<std::int64_t>(number), least, most};
  });
  return effort;
}

void set_effort(faiss::Index& index, std::int64_t value) {
  visit_effort(index, [&](const char*, auto& number, std::int64_t, std::int64_t) {
    number = static_cast<std::remove_reference_t<decltype(number)>>(value);
  });
}

FoundEffort find_effort(const Effort& effort, double wanted,
                        const std::function<double(std::int64_t)>& recall_with) {
  std::int64_t below = effort.least - 1, value = effort.least;
  double recall = recall_with(value);
  while (recall < wanted && value < effort.most) {
    below = value;
    value = std::min(2 * value, effort.most);
    recall = recall_with(value);
  }
  if (recall < wanted) return {value, recall, false};
  while (value - below > std::max<std::int64_t>(1, value / 16)) {
    const std::int64_t middle = below + (value - below) / 2;
    const double there = recall_with(middle);
    if (there < wanted) {
      below = middle;
    } else {
      value = middle;
      recall = there;
    }
  }
  return {value, recall, true};
}

double aimed_recall(double wanted) {
  return std::min(1.0, wanted + recall_margin);
}

}  // namespace runner::ann
