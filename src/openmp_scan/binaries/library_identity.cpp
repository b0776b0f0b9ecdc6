#include "openmp_scan/binaries/library_identity.h"

#include <algorithm>
#include <cctype>

#include "openmp_scan/binaries/library_names.h"

namespace runner::runtime {

namespace {

constexpr std::array<std::string_view, 14> telling = {
    "__kmpc_fork_call",
    "GOMP_parallel",
    "GOMP_parallel_start",
    "omp_get_num_threads",
    "openblas_get_config",
    "openblas_get_config64_",
    "scipy_openblas_get_config",
    "scipy_openblas_get_config64_",
    "MKL_Get_Version",
    "mkl_get_version",
    "MKL_Set_Num_Threads",
    "mkl_serv_get_max_threads",
    "bli_thread_set_num_threads",
    "bli_info_get_version_str",
};

// "5.0.20140926" out of "LLVM OMP version: 5.0.20140926…": digits and dots after the text.
std::string number_after(std::string_view text, std::size_t skip) {
  text.remove_prefix(std::min(skip, text.size()));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::size_t n = 0;
  while (n < text.size() && (std::isdigit(static_cast<unsigned char>(text[n])) != 0 || text[n] == '.')) ++n;
  while (n > 0 && text[n - 1] == '.') --n;
  return std::string(text.substr(0, n));
}

// Which family a file with __kmpc symbols belongs to, and its version, from the banner that KMP_VERSION
// prints.
void look_into_kmp(RuntimeMark& mark, bool named_intel, const MarkerSearch& search) {
  static constexpr std::array<std::string_view, 4> markers = {
      "Intel(R) OMP", "LLVM OMP ", "performance library (dynamic) ver. ", "OMP version: "};
  bool intel = false, llvm = false;
  search(markers, [&](std::size_t which, std::string_view text) {
    if (which == 0) intel = true;
    if (which == 1) llvm = true;
    if (which >= 2 && mark.version.empty()) mark.version = number_after(text, markers[which].size());
  });
  mark.kind = intel || (named_intel && !llvm) ? RuntimeKind::libiomp5 : RuntimeKind::libomp;
}

// A runtime linked in with its symbols hidden shows only in its constants. These texts are in no caller; here
// they are written backwards, so that the runner's own library does not hold what it looks for.
std::optional<RuntimeMark> hidden_runtime(const MarkerSearch& search) {
  std::string texts[] = {"d%_BIL_DERETSIGER_PMK__", " :pmogbil", "TNUOCNIPS_PMOG"};
  for (std::string& text : texts) std::reverse(text.begin(), text.end());
  // The whole text of libgomp's own, its end included: longer ones stand before it, and in who only looks for
  // its messages.
  texts[1].push_back('\0');
  const std::string_view markers[] = {texts[0], texts[1], texts[2]};
  bool hit[3] = {};
  search(markers, [&](std::size_t which, std::string_view) { hit[which] = true; });
  if (!hit[0] && !(hit[1] && hit[2])) return std::nullopt;
  RuntimeMark mark;
  mark.kind = hit[0] ? RuntimeKind::libomp : RuntimeKind::libgomp;
  mark.is_static = true;
  return mark;
}

void identify_runtime(Image& image, const SymbolFacts& facts, std::optional<RuntimeKind> by_name,
                      const std::string& symbol_version, const MarkerSearch& search) {
  const bool defines = facts.kmpc || (facts.gomp && facts.omp);
  if (!defines) {
    // A broken or stripped file that is called libomp is one as far as anybody can tell.
    if (by_name)
      image.runtime = RuntimeMark{*by_name, false, ""};
    else if (facts.uses_pthread ||
             (image.is_program && image.needed.empty()))  // the latter: all linked into it
      image.runtime = hidden_runtime(search);
    return;
  }
  RuntimeMark mark;
  // A runtime's own library defines little else; a library with a static copy mostly defines its own things.
  mark.is_static = !by_name && facts.defined_openmp * 2 < facts.defined;
  if (facts.kmpc) {
    look_into_kmp(mark, by_name == RuntimeKind::libiomp5, search);
  } else {
    mark.kind = RuntimeKind::libgomp;
    mark.version = symbol_version;
  }
  image.runtime = mark;
}

BlasThreads threads_of(const SymbolFacts& facts) {
  if (facts.uses_gomp || facts.uses_kmpc || facts.gomp || facts.kmpc) return BlasThreads::openmp;
  return facts.uses_pthread ? BlasThreads::pthread : BlasThreads::serial;
}

BlasMark openblas(const SymbolFacts& facts, bool is_static, const MarkerSearch& search) {
  BlasMark mark;
  mark.kind = BlasKind::openblas;
  mark.threads = threads_of(facts);
  mark.is_static = is_static;
  static constexpr std::array<std::string_view, 2> markers = {"OpenBLAS 0.", "SkylakeX"};
  bool skylake = false;
  search(markers, [&](std::size_t which, std::string_view text) {
    if (which == 1) skylake = true;
    if (which != 0) return;
    mark.version = number_after(text, std::string_view("OpenBLAS").size());
    // Its own description; elsewhere the word stands in a warning of builds without OpenMP.
    if (text.substr(0, text.find('\0')).find("USE_OPENMP") != std::string_view::npos)
      mark.threads = BlasThreads::openmp;
  });
  mark.knows_avx512 = skylake;
  return mark;
}

void identify_blas(Image& image, const SymbolFacts& facts, const std::string& file_name,
                   const MarkerSearch& search) {
  if (facts.openblas) {
    image.blas = openblas(facts, file_name.find("blas") == std::string::npos, search);
  } else if (auto named = blas_by_name(file_name)) {
    image.blas = named;
  } else if (facts.mkl && !file_name.starts_with("libmkl_")) {
    image.blas = BlasMark{BlasKind::mkl, threads_of(facts), true, "", true};
  } else if (facts.blis) {
    image.blas = BlasMark{BlasKind::blis, threads_of(facts), !file_name.starts_with("libblis"), "", true};
  }
}

}  // namespace

std::span<const std::string_view> telling_symbols() {
  return telling;
}

void note_defined(SymbolFacts& facts, std::string_view name) {
  if (name == "__kmpc_fork_call")
    facts.kmpc = true;
  else if (name == "GOMP_parallel" || name == "GOMP_parallel_start")
    facts.gomp = true;
  else if (name == "omp_get_num_threads")
    facts.omp = true;
  else if (name.find("openblas_get_config") != std::string_view::npos)
    facts.openblas = true;
  else if (name.starts_with("MKL_") || name.starts_with("mkl_"))
    facts.mkl = facts.mkl || std::find(telling.begin(), telling.end(), name) != telling.end();
  else if (name == "bli_thread_set_num_threads" || name == "bli_info_get_version_str")
    facts.blis = true;
}

void note_undefined(SymbolFacts& facts, std::string_view name) {
  if (name == "pthread_create")
    facts.uses_pthread = true;
  else if (name.starts_with("__kmpc_"))
    facts.uses_kmpc = true;
  else if (name.starts_with("GOMP_"))
    facts.uses_gomp = true;
}

bool is_openmp_name(std::string_view name) {
  for (const std::string_view prefix : {"omp_", "GOMP_", "__kmp", "kmp_", "kmpc_", "GOACC_", "acc_", "ompt_",
                                        "ompc_", "OMP_", "OACC_", "ompx_", "__tgt", "llvm_omp"})
    if (name.starts_with(prefix)) return true;
  return false;
}

void identify(Image& image, const SymbolFacts& facts, const std::string& file_name,
              const std::string& symbol_version, const MarkerSearch& search) {
  const auto base = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  auto by_name = runtime_by_name(base(file_name));
  if (!by_name) by_name = runtime_by_name(base(image.name));
  identify_runtime(image, facts, by_name, symbol_version, search);
  identify_blas(image, facts, base(file_name), search);
}

}  // namespace runner::runtime
