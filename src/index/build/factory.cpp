#include "index/build/factory.h"

#include <faiss/IVFlib.h>
#include <faiss/IndexFlatCodes.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/index_factory.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "index/build/faiss_watch.h"
#include "index/recall/effort.h"

namespace runner::ann {
namespace {

template <class T>
const T* as(const faiss::Index& index) {
  return dynamic_cast<const T*>(&index);
}

// FAISS orders code books for polysemous search unless told not to ("PQ64np"): minutes of annealing that only
// a search type chosen by hand makes use of. The codes' scores are the same without.
void skip_polysemous_order(faiss::Index* index) {
  if (auto* chain = dynamic_cast<faiss::IndexPreTransform*>(index)) index = chain->index;
  if (auto* refine = dynamic_cast<faiss::IndexRefine*>(index)) index = refine->base_index;
  if (auto* codes = dynamic_cast<faiss::IndexPQ*>(index)) codes->do_polysemous_training = false;
  if (auto* lists = dynamic_cast<faiss::IndexIVFPQ*>(index)) lists->do_polysemous_training = false;
}

}  // namespace

std::string without_id_map(const std::string& factory, bool* had) {
  for (const char* prefix : {"IDMap2,", "IDMap,"})
    if (factory.starts_with(prefix)) {
      if (had != nullptr) *had = true;
      return factory.substr(std::string(prefix).size());
    }
  if (had != nullptr) *had = false;
  return factory;
}

bool is_flat(const std::string& factory) {
  return without_id_map(factory) == "Flat";
}

std::unique_ptr<faiss::Index> make_index(const BuildSettings& settings, std::int64_t width) {
  const std::string factory = without_id_map(settings.factory);
  std::unique_ptr<faiss::Index> index;
  try {
    index.reset(
        faiss::index_factory(static_cast<int>(width), factory.c_str(),
                             settings.metric == Metric::l2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT));
  } catch (const std::exception& error) {
    throw UsageError(
        fmt::format("'{}' for vectors of width {} and metric {} is no index that FAISS makes ({})",
                    settings.factory, width, to_word(settings.metric), faiss_reason(error)),
        "index.factory");
  }
  skip_polysemous_order(index.get());
  if ((settings.effort || settings.goal) && !effort_of(*index))
    throw UsageError(
        fmt::format("a search of '{}' has neither lists nor a graph to look at more or less of, so "
                    "this has no meaning; leave it out",
                    settings.factory),
        "index.search");
  if (settings.effort) set_effort(*index, *settings.effort);
  if (!settings.nprobe) return index;
  faiss::IndexIVF* lists = faiss::ivflib::try_extract_index_ivf(index.get());
  if (lists == nullptr)
    throw UsageError(
        fmt::format("'{}' has no inverted lists, so nprobe has no meaning; leave it out", settings.factory),
        "index.nprobe");
  lists->nprobe = static_cast<std::size_t>(*settings.nprobe);
  return index;
}

double bytes_per_row(const faiss::Index& index) {
  if (const auto* map = as<faiss::IndexIDMap>(index)) return 8 + bytes_per_row(*map->index);
  if (const auto* chain = as<faiss::IndexPreTransform>(index)) return bytes_per_row(*chain->index);
  if (const auto* refine = as<faiss::IndexRefine>(index))
    return bytes_per_row(*refine->base_index) + bytes_per_row(*refine->refine_index);
  // Links: 2M at the ground level, M for a share of 1/M on each level above; and the level of each row.
  if (const auto* graph = as<faiss::IndexHNSW>(index))
    return bytes_per_row(*graph->storage) + (graph->hnsw.nb_neighbors(0) + 2) * 4.0 + 16;
  if (const auto* lists = as<faiss::IndexIVF>(index)) return static_cast<double>(lists->code_size) + 8;
  if (const auto* codes = as<faiss::IndexFlatCodes>(index)) return static_cast<double>(codes->code_size);
  return index.d * 4.0;  // as large as the vector itself: no known type takes more
}

double fixed_bytes(const faiss::Index& index) {
  if (const auto* map = as<faiss::IndexIDMap>(index)) return fixed_bytes(*map->index);
  if (const auto* chain = as<faiss::IndexPreTransform>(index))
    return fixed_bytes(*chain->index) + 4.0 * chain->d * chain->index->d;
  if (const auto* lists = as<faiss::IndexIVF>(index))
    return static_cast<double>(lists->nlist) * (index.d * 4.0 + 64) + 1e6;
  return 4.0 * 256 * index.d;  // the code books of a product quantizer
}

std::int64_t rows_to_train(const faiss::Index& index, std::int64_t rows,
                           const std::optional<std::int64_t>& wanted) {
  if (index.is_trained) return 0;
  if (wanted) return std::min(rows, *wanted);
  std::int64_t useful = 65536;  // 256 rows for each of 256 centroids of a code book: FAISS uses no more
  if (const faiss::IndexIVF* lists = faiss::ivflib::try_extract_index_ivf(&index))
    useful = std::max<std::int64_t>(useful, 256 * static_cast<std::int64_t>(lists->nlist));
  return std::min(rows, useful);
}

}  // namespace runner::ann
