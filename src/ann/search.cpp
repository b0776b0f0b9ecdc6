#include "ann/search.h"

#include <faiss/Index.h>
#include <faiss/index_io.h>

#include <algorithm>
#include <limits>

#include "ann/faiss_watch.h"
#include "ann/mapped_index.h"
#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/status.h"

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

std::int64_t OpenIndex::width() const {
  return mapped_ ? mapped_->width() : faiss_->d;
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
    return search_with_faiss(*faiss_, queries, n, k, progress);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    rethrow_as_stop("stopped while searching");
    throw RunError(fmt::format("FAISS cannot search this index: {}", error.what()));
  }
}

OpenIndex open_index(const std::filesystem::path& path) {
  OpenIndex open;
  if (auto mapped = MappedIndex::open(path)) {
    mapped->bring_in();
    open.mapped_ = std::make_shared<MappedIndex>(std::move(*mapped));
    return open;
  }
  try {
    open.faiss_.reset(faiss::read_index(path.c_str(), faiss::IO_FLAG_MMAP));
  } catch (const std::exception& error) {
    throw DataError(fmt::format("FAISS cannot read it as an index: {}", error.what()), path.string());
  }
  return open;
}

}  // namespace runner::ann
