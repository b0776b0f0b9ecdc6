#include "data/samples/window_samples.h"

#include "data/samples/detect.h"

namespace runner::data {
namespace {

class WindowSamples final : public SampleSource {
 public:
  WindowSamples(std::shared_ptr<const Vectors> vectors, const WindowOptions& options)
      : vectors_(std::move(vectors)), windows_(*vectors_, options) {
    tell(windows_.order(), *vectors_, options.within_article);
  }

  std::int64_t size() const override { return windows_.size(); }
  std::int64_t context() const override { return windows_.context(); }
  std::int64_t width() const override { return vectors_->width(); }

  // Copies T+1 rows a sample out of the file; nothing is kept.
  void gather(const std::int64_t* ids, std::int64_t n, float* contexts, float* targets) const override {
    std::vector<std::int64_t> rows;
    if (contexts != nullptr) {
      for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = 0; j < context(); ++j) rows.push_back(windows_.context_row(ids[i], j));
      vectors_->gather(rows.data(), n * context(), contexts);
    }
    if (targets != nullptr) {
      rows.clear();
      for (std::int64_t i = 0; i < n; ++i) rows.push_back(windows_.target_row(ids[i]));
      vectors_->gather(rows.data(), n, targets);
    }
  }

  bool has_articles() const override { return vectors_->has_articles(); }
  std::int64_t article(std::int64_t id) const override {
    return has_articles() ? vectors_->articles()[static_cast<std::size_t>(target_row(id))] : 0;
  }
  std::int64_t target_chunk(std::int64_t id) const override {
    return vectors_->chunks()[static_cast<std::size_t>(target_row(id))];
  }
  std::int64_t target_row(std::int64_t id) const override { return windows_.target_row(id); }
  std::int64_t context_row(std::int64_t id, std::int64_t j) const override {
    return windows_.context_row(id, j);
  }
  std::int64_t last_context_article(std::int64_t id) const override {
    const std::int64_t row = windows_.context_row(id, context() - 1);
    return has_articles() ? vectors_->articles()[static_cast<std::size_t>(row)] : 0;
  }
  void release() const override { vectors_->release(0, vectors_->rows()); }
  const Vectors* vectors() const override { return vectors_.get(); }
  ValueCheck check_values() const override { return vectors_->check_values(); }

 private:
  std::shared_ptr<const Vectors> vectors_;
  Windows windows_;
};

}  // namespace

std::unique_ptr<SampleSource> open_windows(std::shared_ptr<const Vectors> vectors,
                                           const WindowOptions& options) {
  return std::make_unique<WindowSamples>(std::move(vectors), options);
}

}  // namespace runner::data
