#include "worker/exec/other_programs.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "openmp_scan/scan.h"
#include "worker/launch/libraries.h"
#include "worker/processes/process.h"

namespace runner::runtime {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

bool is_blas(const fs::path& file) {
  const std::string name = file.filename().string();
  return (name.starts_with("libopenblas") || name.starts_with("libscipy_openblas")) &&
         (name.find(".so") != std::string::npos || name.find(".dylib") != std::string::npos);
}

// PREFIX/lib/pythonX.Y/site-packages/numpy.libs/libscipy_openblas64_-6bb31eeb.so, or PREFIX/lib of conda.
void add_from_prefix(const fs::path& prefix, std::vector<fs::path>& found) {
  const auto add_folder = [&found](const fs::path& folder) {
    for (const fs::path& file : entries(folder))
      if (is_blas(file)) found.push_back(file);
  };
  add_folder(prefix / "lib");
  for (const fs::path& python : entries(prefix / "lib")) {
    if (!python.filename().string().starts_with("python")) continue;
    for (const char* package : {"numpy.libs", "scipy.libs", "numpy/.dylibs"})
      add_folder(python / "site-packages" / package);
  }
}

// PREFIX of PREFIX/bin/PROGRAM: as it is called, and where its links lead (a Python with packages of its
// own).
std::vector<fs::path> prefixes_of(const std::string& program, const Environment& environment) {
  if (program.empty()) return {};
  const fs::path called = find_program(program, environment);
  if (called.empty()) return {};
  std::error_code error;
  std::vector<fs::path> prefixes = {
      fs::absolute(called, error).lexically_normal().parent_path().parent_path()};
  const fs::path real = fs::canonical(called, error);
  if (!error && real.parent_path().parent_path() != prefixes.front())
    prefixes.push_back(real.parent_path().parent_path());
  return prefixes;
}

// The first BLAS with threads of its own: libgomp comes with torch, faiss or scikit-learn sooner or later.
std::string likely_second_pool(const Environment& inherited, const std::string& program) {
  ScanOptions options;
  options.environment = inherited;
  std::vector<fs::path> candidates = likely_blas(inherited, program);
  if (program.find('/') != std::string::npos && fs::exists(program))
    candidates.insert(candidates.begin(), program);
  for (const fs::path& candidate : candidates)
    for (const BlasPool& blas : scan({candidate}, options).blas)
      if (blas.threads == BlasThreads::pthread)
        return fmt::format("{}-{} ({})", to_string(blas.kind), to_string(blas.threads), blas.path);
  return "";
}

// 'text' with its quotes escaped.
std::string quoted(const std::string& text, const std::string& escaped_quote) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? escaped_quote : std::string(1, c);
  return result + "'";
}

}  // namespace

std::vector<fs::path> likely_blas(const Environment& environment, const std::string& program,
                                  const fs::path& root) {
  std::vector<fs::path> found;
  for (const fs::path& prefix : prefixes_of(program, environment)) add_from_prefix(prefix, found);
  for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"})
    if (const auto prefix = environment.find(variable);
        prefix != environment.end() && !prefix->second.empty())
      add_from_prefix(prefix->second, found);
  std::error_code ignored;
  for (const char* folder : {"usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib"})
    for (const char* name : {"libblas.so.3", "libopenblas.so.0"})
      if (const fs::path file = root / folder / name; fs::exists(file, ignored)) found.push_back(file);
  return found;
}

std::vector<Decision> decide_for_foreign(const Environment& inherited, const ForeignOptions& options) {
  BootstrapFacts facts;
  facts.share = thread_share(cpu_facts(inherited));
  facts.device = options.device;
#ifdef __APPLE__
  facts.macos = true;
#endif
  facts.foreign = true;
  facts.second_pool = likely_second_pool(inherited, options.program);
  facts.cpu_has_avx512 = cpu_has_avx512();
  return decide_environment(inherited, {options.threads, options.keep}, facts);
}

std::string export_lines(const std::vector<Decision>& decisions, const std::string& shell) {
  if (shell != "sh" && shell != "fish" && shell != "python")
    throw UsageError("unknown shell " + shell + ", expected sh, fish or python", "--shell");
  std::string text =
      shell == "python" ? "import os  # before numpy, torch, faiss or numba are imported\n" : "";
  for (const Decision& d : decisions) {
    if (d.action != Decision::Action::set && d.action != Decision::Action::overridden) continue;
    if (shell == "sh") text += fmt::format("export {}={};\n", d.name, quoted(d.value, "'\\''"));
    if (shell == "fish") text += fmt::format("set -gx {} {};\n", d.name, quoted(d.value, "\\'"));
    if (shell == "python") text += fmt::format("os.environ['{}'] = {}\n", d.name, quoted(d.value, "\\'"));
  }
  return text;
}

}  // namespace runner::runtime
