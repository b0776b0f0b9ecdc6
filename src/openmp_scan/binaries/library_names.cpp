#include "openmp_scan/binaries/library_names.h"

#include <cctype>
#include <string_view>

namespace runner::runtime {

namespace {

bool is_hex(std::string_view text) {
  for (const char c : text)
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return false;
  return !text.empty();
}

// What follows the library's own name: nothing, a version, or the hash that wheel repair tools put in.
// "libomp" + ".so.5", "-14.so.5", "5.so", "-a34b3233.so.1", "140.dylib", "_copy.so" — but not "target.so".
bool is_same_library(std::string_view rest) {
  while (!rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) != 0) rest.remove_prefix(1);
  if (rest.empty() || rest.front() == '.') return true;
  if (rest.front() != '-' && rest.front() != '_') return false;
  rest.remove_prefix(1);
  const std::string_view word = rest.substr(0, rest.find('.'));
  return is_hex(word) || word == "copy";
}

}  // namespace

std::optional<RuntimeKind> runtime_by_name(const std::string& file_name) {
  struct Row {
    std::string_view stem;
    RuntimeKind kind;
  };
  for (const Row& row : {Row{"libiomp", RuntimeKind::libiomp5}, Row{"libomp", RuntimeKind::libomp},
                         Row{"libgomp", RuntimeKind::libgomp}})
    if (file_name.starts_with(row.stem) &&
        is_same_library(std::string_view(file_name).substr(row.stem.size())))
      return row.kind;
  return std::nullopt;
}

std::optional<BlasMark> blas_by_name(const std::string& file_name) {
  const auto begins = [&](std::string_view stem) { return file_name.starts_with(stem); };
  BlasMark mark;
  if (begins("libmkl_")) {
    mark.kind = BlasKind::mkl;
    if (begins("libmkl_rt"))
      mark.threads = BlasThreads::chosen_at_run_time;
    else if (begins("libmkl_intel_thread") || begins("libmkl_gnu_thread"))
      mark.threads = BlasThreads::openmp;
    else if (begins("libmkl_tbb_thread"))
      mark.threads = BlasThreads::tbb;
    else if (!begins("libmkl_sequential"))
      return std::nullopt;  // kernels, not the threading layer
    return mark;
  }
  if (file_name == "Accelerate" || file_name == "vecLib") {
    mark.kind = BlasKind::accelerate;
    mark.threads = BlasThreads::system;
    return mark;
  }
  return std::nullopt;
}

}  // namespace runner::runtime
