#include "index/reading/trusted_read.h"

#include <faiss/IVFlib.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexNNDescent.h>
#include <faiss/IndexNSG.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "base/json_file.h"
#include "base/log.h"
#include "base/status.h"
#include "data/mapped_file.h"
#include "index/build/faiss_watch.h"
#include "index/reading/index_walk.h"

namespace runner::ann {
namespace {

// What is left unsaid by a file of an unknown type may take this much more than it: decoding tables.
constexpr std::uint64_t tables = std::uint64_t{4} << 30;

// Hands FAISS a file's bytes; each piece counts as progress.
class BytesReader final : public faiss::IOReader {
 public:
  explicit BytesReader(const data::MappedFile& file) : file_(file) { name = file.path(); }
  std::size_t operator()(void* out, std::size_t size, std::size_t count) override {
    status::beat();
    const std::uint64_t whole = size == 0 ? 0 : std::min<std::uint64_t>(count, (file_.size() - at_) / size);
    if (whole > 0) std::memcpy(out, file_.data() + at_, whole * size);
    at_ += whole * size;
    return whole;
  }

 private:
  const data::MappedFile& file_;
  std::uint64_t at_ = 0;
};

// While it lives, this process gets no more than so many further bytes of memory: FAISS then throws instead
// of taking what a damaged length asks for.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t more) {
#ifdef __linux__
    std::ifstream in("/proc/self/statm");
    std::uint64_t pages = 0;
    for (int field = 0; field < 6 && in >> pages; ++field) {
    }  // the sixth: data and stack
    ::getrlimit(RLIMIT_DATA, &before_);
    rlimit now = before_;
    now.rlim_cur = std::min<rlim_t>(before_.rlim_cur,
                                    pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + more);
    ::setrlimit(RLIMIT_DATA, &now);
#else
    static_cast<void>(more);
#endif
  }
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;
  ~MemoryBudget() {
#ifdef __linux__
    ::setrlimit(RLIMIT_DATA, &before_);
#endif
  }

 private:
#ifdef __linux__
  rlimit before_{};
#endif
};

// Nothing: FAISS must be trusted. Else whether lists lie in a file of their own.
std::optional<bool> lists_elsewhere(const data::MappedFile& file) {
  IndexWalk walk(IndexBytes(file.data(), file.size(), file.path()));
  try {
    walk.whole();
    return !walk.list_files().empty();
  } catch (const UnknownType& unknown) {
    spdlog::warn("{}: \"{}\" is a type whose structure cannot be checked here; FAISS reads it on trust",
                 file.path(), unknown.type);
    return std::nullopt;
  }
}

std::shared_ptr<faiss::Index> read(const data::MappedFile& file, std::optional<bool> elsewhere) {
  if (elsewhere)
    // A file of lists is opened for reading alone, and mapped by FAISS only where it is not told to map this
    // one.
    return std::shared_ptr<faiss::Index>(
        faiss::read_index(file.path().c_str(), *elsewhere ? faiss::IO_FLAG_READ_ONLY : faiss::IO_FLAG_MMAP));
  const MemoryBudget budget(4 * file.size() + tables);
  BytesReader reader(file);
  return std::shared_ptr<faiss::Index>(faiss::read_index(&reader, 0));
}

}  // namespace

std::shared_ptr<faiss::Index> read_checked_index(const std::filesystem::path& path) {
  const data::MappedFile file(path);
  const std::optional<bool> elsewhere = lists_elsewhere(file);
  status::set_input(file.path(), elsewhere ? InputUse::parsed : InputUse::trusted);
  std::shared_ptr<faiss::Index> index;
  try {
    index = read(file, elsewhere);
  } catch (const std::bad_alloc&) {
    throw DataError(
        fmt::format("FAISS wants far more memory for it than its {} bytes can need: it is damaged",
                    file.size()),
        path.string());
  } catch (const std::exception& error) {
    throw DataError(fmt::format("FAISS cannot read it as an index: {}", faiss_reason(error)), path.string());
  }
  if (index == nullptr) throw DataError("there is no index in it", path.string());
  return index;
}

void bound_search(faiss::Index& index, std::int64_t k) {
  const auto rows = static_cast<int>(std::min<std::int64_t>(index.ntotal, INT32_MAX));
  if (auto* map = dynamic_cast<faiss::IndexIDMap*>(&index)) return bound_search(*map->index, k);
  if (auto* chain = dynamic_cast<faiss::IndexPreTransform*>(&index)) return bound_search(*chain->index, k);
  if (auto* refine = dynamic_cast<faiss::IndexRefine*>(&index)) {
    const std::int64_t most = std::max<std::int64_t>(1, index.ntotal / k);
    refine->k_factor = std::min(refine->k_factor, static_cast<float>(std::min<std::int64_t>(most, 1 << 20)));
    return bound_search(*refine->base_index, k);
  }
  if (auto* lists = dynamic_cast<faiss::IndexIVF*>(&index)) {
    lists->nprobe = std::min(lists->nprobe, lists->nlist);
    return bound_search(*lists->quantizer, static_cast<std::int64_t>(lists->nprobe));
  }
  if (auto* graph = dynamic_cast<faiss::IndexHNSW*>(&index))
    graph->hnsw.efSearch = std::min(graph->hnsw.efSearch, rows);
  if (auto* graph = dynamic_cast<faiss::IndexNSG*>(&index))
    graph->nsg.search_L = std::min(graph->nsg.search_L, rows);
  if (auto* graph = dynamic_cast<faiss::IndexNNDescent*>(&index)) {
    graph->nndescent.search_L = std::min(graph->nndescent.search_L, rows - 1);
    if (k >= rows)
      throw UsageError(fmt::format("an NNDescent graph of {} rows finds fewer than {}", rows, rows), "k");
  }
}

void expect_size_of_manifest(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path version = std::filesystem::canonical(path, error);
  if (error) return;
  const Json manifest = read_json_file_if_valid(version.string() + ".manifest.json");
  const Json& bytes = member_in(member_in(manifest, "result"), "bytes");
  const auto size = std::filesystem::file_size(version, error);
  if (!error && bytes.is_number_unsigned() && bytes.get<std::uintmax_t>() != size)
    throw DataError(
        fmt::format(
            "{} bytes, and {} when it was built (its manifest says so): it was copied in part or changed",
            size, bytes.get<std::uintmax_t>()),
        path.string());
}

}  // namespace runner::ann
