#include "cli/version_command.h"

#include <set>
#include <string>
#include <vector>

#include "base/cpu_features.h"
#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/version.h"
#include "cli/build_facts.h"
#include "cli/doctor_plugins.h"
#include "cli/help/command_line.h"
#include "cli/help/help_text.h"
#include "cli/help/wrap.h"

namespace runner::cli {
namespace {

constexpr std::size_t fact_column = 10;

std::string units() {
  const lvm::cpu::CpuFeatures& cpu = lvm::cpu::cpu_features();
  std::vector<std::string> names;
  if (cpu.avx2) names.emplace_back("AVX2");
  if (cpu.avx512) names.emplace_back("AVX-512");
  if (cpu.avx512_bf16) names.emplace_back("AVX-512 BF16");
  if (cpu.amx_bf16) names.emplace_back("AMX BF16");
  if (cpu.neon) names.emplace_back("NEON");
  if (cpu.neon_bf16) names.emplace_back("NEON BF16");
  return names.empty() ? "none that the kernels make use of" : fmt::format("{}", fmt::join(names, ", "));
}

template <class Library>
std::string named(const Library& library) {
  return library.name + (library.version.empty() ? "" : " " + library.version) + " (" + library.path + ")";
}

// What the plug-ins would load here, each file once.
struct Found {
  std::set<std::string> openmp, blas;
};
Found libraries_here() {
  Found found;
  for (const runtime::ScanResult& plugin : scan_plugins("", {}).sets.sets) {
    for (const runtime::Runtime& runtime : plugin.runtimes) found.openmp.insert(named(runtime));
    for (const runtime::BlasPool& pool : plugin.blas) found.blas.insert(named(pool));
  }
  return found;
}

std::string all_of(const std::set<std::string>& names) {
  return names.empty() ? "none found" : fmt::format("{}", fmt::join(names, "\n"));
}

void print_json(bool verbose) {
  Json told = {{"version", version()}};
  if (verbose) {
    const Found found = libraries_here();
    told.update(Json{{"commit", build_facts::commit},
                     {"compiler", build_facts::compiler},
                     {"build_type", build_facts::build_type},
                     {"libtorch", build_facts::libtorch},
                     {"faiss", build_facts::faiss},
                     {"openmp", found.openmp},
                     {"blas", found.blas},
                     {"cpu_units", units()}});
  }
  fmt::print("{}\n", json_text(told));
}

void print_facts() {
  const Found found = libraries_here();
  const auto line = [](const char* what, const std::string& text) {
    // No wrapping: these lines are pasted into reports.
    say("{}\n", beside(what, text, fact_column, std::string::npos));
  };
  line("commit", build_facts::commit);
  line("built", fmt::format("{}, {}", build_facts::compiler, build_facts::build_type));
  line("libtorch", build_facts::libtorch);
  line("FAISS", build_facts::faiss);
  line("OpenMP", all_of(found.openmp));
  line("BLAS", all_of(found.blas));
  line("CPU", units());
}

}  // namespace

int version_command(int argc, char** argv) {
  bool verbose = false, json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word != "--verbose" && word != "--json")
      throw UsageError("takes --verbose and --json and nothing else, got '" + word + "'", argv[0]);
    (word == "--json" ? json : verbose) = true;
  }
  if (json) {
    print_json(verbose);
    return 0;
  }
  fmt::print("runner {}\n", version());
  if (verbose) print_facts();
  return 0;
}

}  // namespace runner::cli
