#include "jobs/sequences/neighbor_samples.h"

namespace runner::jobs {
namespace {

class NeighborSamples final : public data::SampleSource {
 public:
  NeighborSamples(std::shared_ptr<const data::Vectors> vectors, NeighborRows rows)
      : vectors_(std::move(vectors)), rows_(std::move(rows)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(rows_.targets.size()); }
  std::int64_t context() const override { return rows_.context; }
  std::int64_t width() const override { return vectors_->width(); }

  void gather(const std::int64_t* ids, std::int64_t n, float* contexts, float* targets) const override {
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; contexts != nullptr && j < context(); ++j) {
        const std::int64_t row = context_row(ids[i], j);
        vectors_->gather(&row, 1, contexts + (i * context() + j) * width());
      }
      const std::int64_t target = target_row(ids[i]);
      if (targets != nullptr) vectors_->gather(&target, 1, targets + i * width());
    }
  }

  bool has_articles() const override { return vectors_->has_articles(); }
  std::int64_t article(std::int64_t id) const override { return article_of(target_row(id)); }
  std::int64_t last_context_article(std::int64_t id) const override {
    return article_of(context_row(id, context() - 1));
  }
  std::int64_t target_chunk(std::int64_t id) const override {
    return vectors_->chunks()[static_cast<std::size_t>(target_row(id))];
  }
  std::int64_t target_row(std::int64_t id) const override {
    return rows_.targets[static_cast<std::size_t>(id)];
  }
  const data::Vectors* vectors() const override { return vectors_.get(); }
  void release() const override { vectors_->release(0, vectors_->rows()); }
  data::ValueCheck check_values() const override { return vectors_->check_values(); }

 private:
  std::int64_t context_row(std::int64_t id, std::int64_t j) const override {
    return rows_.contexts[static_cast<std::size_t>(id * context() + j)];
  }
  std::int64_t article_of(std::int64_t row) const {
    return has_articles() ? vectors_->articles()[static_cast<std::size_t>(row)] : 0;
  }

  std::shared_ptr<const data::Vectors> vectors_;
  NeighborRows rows_;
};

}  // namespace

std::unique_ptr<data::SampleSource> open_neighbors(std::shared_ptr<const data::Vectors> vectors,
                                                   NeighborRows rows) {
  return std::make_unique<NeighborSamples>(std::move(vectors), std::move(rows));
}

}  // namespace runner::jobs
