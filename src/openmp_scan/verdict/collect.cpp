#include "openmp_scan/verdict/collect.h"

#include "openmp_scan/binaries/library_names.h"
#include "openmp_scan/verdict/advice.h"
#include "openmp_scan/verdict/verdict.h"

namespace runner::runtime {

namespace {

std::string real_path(const LoadedFile& file) {
  if (!file.file) return file.path;  // not found: as asked for
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(file.path, error);
  return error ? file.path : real.string();
}

// What could not be read, or is not there, still has a name.
bool known_by_name_only(const LoadedFile& file) {
  return file.image == nullptr && (!file.file || file.file->images.empty());
}

void add_runtime(const Closure& closure, int index, const RuntimeMark& mark, ScanResult& result) {
  const LoadedFile& file = closure.files[static_cast<std::size_t>(index)];
  Runtime r;
  r.kind = mark.kind;
  r.path = real_path(file);
  r.name = file.image ? file.image->name : leaf(file.path);
  r.version = mark.version;
  r.is_static = mark.is_static;
  r.preloaded = file.preloaded;
  r.found = file.file != nullptr;
  r.needed_by = closure.chain_to(index);
  result.runtimes.push_back(std::move(r));
}

void add_blas(const Closure& closure, int index, const BlasMark& mark, ScanResult& result) {
  const LoadedFile& file = closure.files[static_cast<std::size_t>(index)];
  BlasPool pool;
  pool.kind = mark.kind;
  pool.threads = mark.threads;
  pool.path = real_path(file);
  pool.name = file.image ? file.image->name : leaf(file.path);
  pool.version = mark.version;
  pool.is_static = mark.is_static;
  pool.knows_avx512 = mark.knows_avx512;
  pool.needed_by = closure.chain_to(index);
  result.blas.push_back(std::move(pool));
}

}  // namespace

void collect(const Closure& closure, const ScanOptions& options, ScanResult& result) {
  for (int i = 0; i < static_cast<int>(closure.files.size()); ++i) {
    const LoadedFile& file = closure.files[static_cast<std::size_t>(i)];
    if (file.image && file.image->runtime) add_runtime(closure, i, *file.image->runtime, result);
    if (file.image && file.image->blas) add_blas(closure, i, *file.image->blas, result);
    if (!known_by_name_only(file)) continue;
    if (const auto kind = runtime_by_name(leaf(file.path)))
      add_runtime(closure, i, {*kind, false, ""}, result);
    if (const auto mark = blas_by_name(leaf(file.path))) add_blas(closure, i, *mark, result);
  }
  if (!closure.arch.empty())
    result.target = (closure.format == BinaryFormat::elf ? "linux " : "macos ") + closure.arch;
  const Surroundings around = surroundings(options, closure.format == BinaryFormat::macho);
  result.verdict = judge(result.runtimes, result.blas, around);
  result.files = closure.files.size();
  for (const LoadedFile& file : closure.files) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(file.path, error);
    if (!error) result.bytes += bytes;
  }
  for (const Runtime& r : result.runtimes)
    result.from_preload = result.from_preload || (r.preloaded && result.verdict >= Verdict::mixed);
  result.advice = advise(result, around);
}

ScanResult scan_with(FileStore& store, const std::vector<std::filesystem::path>& members,
                     const ScanOptions& options) {
  ScanResult result;
  for (const auto& member : members) result.members.push_back(member.string());
  const Closure closure = resolve(members, options, store);
  result.problems = closure.problems;
  collect(closure, options, result);
  return result;
}

}  // namespace runner::runtime
