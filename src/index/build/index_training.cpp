#include "index/build/index_training.h"

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexIVFPQR.h>
#include <faiss/IndexNSG.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/ProductAdditiveQuantizer.h>
#include <faiss/impl/ResidualQuantizer.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>

#include "base/log.h"
#include "base/progress.h"
#include "base/status.h"

namespace runner::ann {
namespace {

// FAISS's advice (ClusteringParameters::min_points_per_centroid).
constexpr std::int64_t rows_a_centre = 39;

// The index that k-means assigns rows with: one search a pass.
class Counted final : public faiss::IndexFlat {
 public:
  Counted(std::int64_t width, faiss::MetricType metric, std::function<void()> count)
      : IndexFlat(width, metric), count_(std::move(count)) {}
  void search(std::int64_t n, const float* x, std::int64_t k, float* distances, std::int64_t* labels,
              const faiss::SearchParameters* params = nullptr) const override {
    IndexFlat::search(n, x, k, distances, labels, params);
    count_();
  }

 private:
  std::function<void()> count_;
};

// Lends counted indexes to the parts of an index; takes them back at its end.
class Watch {
 public:
  ~Watch() {
    for (faiss::Index** place : lent_) *place = nullptr;
    for (faiss::OPQMatrix* rotation : rotations_) rotation->pq = nullptr;
  }

  void look_at(faiss::Index* index) {
    if (auto* map = dynamic_cast<faiss::IndexIDMap*>(index)) return look_at(map->index);
    if (auto* chain = dynamic_cast<faiss::IndexPreTransform*>(index)) {
      for (faiss::VectorTransform* step : chain->chain)
        if (auto* rotation = dynamic_cast<faiss::OPQMatrix*>(step)) add(*rotation);
      return look_at(chain->index);
    }
    if (auto* refine = dynamic_cast<faiss::IndexRefine*>(index)) {
      look_at(refine->base_index);
      return look_at(refine->refine_index);
    }
    if (auto* graph = dynamic_cast<faiss::IndexHNSW*>(index)) return look_at(graph->storage);
    if (auto* graph = dynamic_cast<faiss::IndexNSG*>(index)) return look_at(graph->storage);
    if (auto* lists = dynamic_cast<faiss::IndexIVF*>(index)) return add(*lists);
    if (auto* codes = dynamic_cast<faiss::IndexPQ*>(index)) return add(codes->pq);
    if (auto* codes = dynamic_cast<faiss::IndexPQFastScan*>(index)) return add(codes->pq);
    if (auto* cells = dynamic_cast<faiss::MultiIndexQuantizer*>(index)) return add(cells->pq);
    if (auto* codes = dynamic_cast<faiss::IndexResidualQuantizer*>(index)) return add(codes->rq);
    if (auto* codes = dynamic_cast<faiss::IndexProductResidualQuantizer*>(index)) return add(codes->prq);
  }

  std::int64_t passes() const { return passes_; }
  std::int64_t centres() const { return centres_; }
  void count_to(Progress& progress) { progress_ = &progress; }

 private:
  void add(faiss::IndexIVF& lists) {
    if (lists.quantizer_trains_alone == 1) {
      look_at(lists.quantizer);
    } else {
      const auto metric = lists.quantizer_trains_alone == 0 ? lists.quantizer->metric_type : faiss::METRIC_L2;
      add(lists.cp, static_cast<std::int64_t>(lists.nlist), 1);
      if (lists.clustering_index == nullptr) lend(lists.clustering_index, lists.d, metric);
    }
    if (auto* codes = dynamic_cast<faiss::IndexIVFPQ*>(&lists)) add(codes->pq);
    if (auto* codes = dynamic_cast<faiss::IndexIVFPQR*>(&lists)) add(codes->refine_pq);
    if (auto* codes = dynamic_cast<faiss::IndexIVFPQFastScan*>(&lists)) add(codes->pq);
    if (auto* codes = dynamic_cast<faiss::IndexIVFResidualQuantizer*>(&lists)) add(codes->rq);
    if (auto* codes = dynamic_cast<faiss::IndexIVFProductResidualQuantizer*>(&lists)) add(codes->prq);
  }
  void add(faiss::ProductQuantizer& codes) {
    add(codes.cp, static_cast<std::int64_t>(codes.ksub), static_cast<std::int64_t>(codes.M));
    if (codes.assign_index == nullptr)
      lend(codes.assign_index, static_cast<std::int64_t>(codes.dsub), faiss::METRIC_L2);
  }
  void add(faiss::OPQMatrix& rotation) {
    if (rotation.pq != nullptr) return;
    // What it would make itself.
    auto& codes = quantizers_.emplace_back(static_cast<std::size_t>(rotation.d_out),
                                           static_cast<std::size_t>(rotation.M), 8);
    add(codes);
    passes_ += std::int64_t{rotation.M} *
               (rotation.niter_pq_0 + (rotation.niter - 1) * rotation.niter_pq - codes.cp.niter);
    rotation.pq = &codes;
    rotations_.push_back(&rotation);
  }
  // These assign rows with indexes of their own: their passes are not counted.
  void add(faiss::ResidualQuantizer& codes) {
    for (const std::size_t bits : codes.nbits) add(codes.cp, std::int64_t{1} << bits, 0);
  }
  void add(faiss::ProductResidualQuantizer& codes) {
    for (faiss::AdditiveQuantizer* part : codes.quantizers)
      if (auto* residual = dynamic_cast<faiss::ResidualQuantizer*>(part)) add(*residual);
  }
  void add(faiss::ClusteringParameters& settings, std::int64_t centres, std::int64_t times) {
    settings.min_points_per_centroid = 1;  // said once, by us
    centres_ = std::max(centres_, centres);
    passes_ += times * settings.niter * settings.nredo;
  }
  void lend(faiss::Index*& place, std::int64_t width, faiss::MetricType metric) {
    place = counted_.emplace_back(std::make_unique<Counted>(width, metric, [this] { count(); })).get();
    lent_.push_back(&place);
  }
  void count() {
    status::beat();
    if (progress_ != nullptr) progress_->update(std::min(++done_, passes_));
  }

  std::deque<std::unique_ptr<Counted>> counted_;
  std::deque<faiss::ProductQuantizer> quantizers_;
  std::vector<faiss::Index**> lent_;
  std::vector<faiss::OPQMatrix*> rotations_;
  std::int64_t passes_ = 0, centres_ = 0, done_ = 0;
  Progress* progress_ = nullptr;
};

}  // namespace

void train_watched(faiss::Index& index, std::int64_t n, const float* rows) {
  Watch watch;
  watch.look_at(&index);
  if (n < rows_a_centre * watch.centres())
    spdlog::warn(
        "{} training rows for {} centres (of lists, or of each part of a code): {} or more are advised; with "
        "fewer, take fewer lists or codes of fewer bits (PQ96x6)",
        n, watch.centres(), rows_a_centre * watch.centres());
  Progress progress("train", watch.passes(), "passes");
  watch.count_to(progress);
  index.train(n, rows);
}

}  // namespace runner::ann
