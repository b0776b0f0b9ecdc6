#include "index/reading/search.h"

#include <faiss/IndexIDMap.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/status.h"
#include "data/content_hash.h"
#include "index/build/faiss_watch.h"
#include "index/reading/mapped_index.h"
#include "index/reading/trusted_read.h"

namespace runner::ann {
namespace {

constexpr std::int64_t queries_a_batch = 1024;

Neighbours search_with_faiss(const faiss::Index& index, const float* queries, std::int64_t n, std::int64_t k,
                             const std::function<void(std::int64_t)>& progress) {
  Neighbours found{n, k, std::vector<float>(static_cast<std::size_t>(n * k)),
                   std::vector<std::int64_t>(static_cast<std::size_t>(n * k))};
  for (std::int64_t first = 0; first < n; first += queries_a_batch) {
    if (const int signal = stop_signal()) throw Interrupted(signal, "stopped while searching");
    const std::int64_t count = std::min(queries_a_batch, n - first);
    index.search(count, queries + first * index.d, k, found.scores.data() + first * k,
                 found.ids.data() + first * k);
    status::beat();
    if (progress) progress(index.ntotal * passes(first + count));
  }
  return found;
}

}  // namespace

std::int64_t OpenIndex::rows() const {
  return mapped_ ? mapped_->rows() : faiss_->ntotal;
}

std::int64_t OpenIndex::total_rows() const {
  return mapped_ ? mapped_->layout().rows : faiss_->ntotal;
}

bool OpenIndex::has_ids() const {
  return mapped_ ? mapped_->layout().has_ids
                 : dynamic_cast<const faiss::IndexIDMap*>(faiss_.get()) != nullptr;
}

std::int64_t OpenIndex::width() const {
  return mapped_ ? mapped_->width() : faiss_->d;
}

Metric OpenIndex::metric() const {
  if (mapped_) return mapped_->layout().metric;
  return faiss_->metric_type == faiss::METRIC_INNER_PRODUCT ? Metric::inner_product : Metric::l2;
}

void OpenIndex::expect_unchanged() const {
  // By the name that it had behind all links: a new version under the same link is no change of this one.
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path_, error);
  if (error) return;  // removed: its bytes stay while they are mapped
  if (bytes != bytes_ || std::filesystem::last_write_time(path_, error) != written_)
    throw DataError("it was changed while it was searched, so what was found may be a mixture: search again",
                    path_);
}

Neighbours OpenIndex::search(const float* queries, std::int64_t n, std::int64_t k,
                             const std::function<void(std::int64_t)>& progress) const {
  if (mapped_) {
    Neighbours found = exact_search(*mapped_, mapped_->layout().metric, queries, n, k, progress);
    for (std::int64_t& id : found.ids)
      if (id >= 0) id = mapped_->id(id);
    return found;
  }
  const FaissWatch watch;
  try {
    bound_search(*faiss_, k);
    return search_with_faiss(*faiss_, queries, n, k, progress);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    rethrow_as_stop("stopped while searching");
    throw DataError(fmt::format("FAISS cannot search this index: {}", faiss_reason(error)), path_);
  }
}

OpenIndex open_index(const std::filesystem::path& path, const std::optional<Shard>& part) {
  OpenIndex open;
  std::error_code error;
  const std::filesystem::path file =
      std::filesystem::canonical(path, error);  // versions never change under their name
  open.path_ = error ? path.string() : file.string();
  if (!error) {
    ::close(data::open_input(path));  // refuses what is no regular file
    open.bytes_ = std::filesystem::file_size(file);
    open.written_ = std::filesystem::last_write_time(file);
  }
  expect_size_of_manifest(open.path_);
  if (auto mapped = MappedIndex::open(open.path_)) {
    status::set_input(open.path_, InputUse::mapped);
    if (part) {
      const auto [first, count] = rows_of(*part, mapped->rows());
      mapped->keep_rows(first, count);
    }
    mapped->bring_in();
    open.mapped_ = std::make_shared<MappedIndex>(std::move(*mapped));
    return open;
  }
  if (part)
    throw UsageError(
        "only a Flat index can be searched by parts of its rows; of another type search the folder of its "
        "parts (publish.keep_shards), or give each task some of the queries",
        path.string());
  open.faiss_ = read_checked_index(open.path_);
  return open;
}

}  // namespace runner::ann
