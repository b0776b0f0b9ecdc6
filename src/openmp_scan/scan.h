#pragma once
// Which OpenMP runtimes and BLAS thread pools would meet in a process, found before anything is loaded: the
// dependency closure as the loader would resolve it. docs/openmp.md says what each verdict means.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/openmp_policy.h"
#include "base/words.h"
#include "openmp_scan/binaries/image.h"

namespace runner::runtime {

// In order of severity.
enum class Verdict { none, one, slow, mixed, duplicate };
const char* to_string(Verdict verdict);

struct Runtime {
  RuntimeKind kind = RuntimeKind::libgomp;
  std::string path;                    // real path of the file that holds it
  std::string name;                    // soname or install name
  std::string version;                 // "" where the file does not tell
  std::vector<std::string> needed_by;  // the chain, from the member down to the file that asks for it
  bool is_static = false;              // linked into `path`, which is another library
  bool preloaded = false;              // came by LD_PRELOAD or DYLD_INSERT_LIBRARIES
  bool found = true;                   // false: asked for, but not on this machine; known by its name only
};

struct BlasPool {
  BlasKind kind = BlasKind::openblas;
  BlasThreads threads = BlasThreads::serial;
  std::string path, name, version;
  std::vector<std::string> needed_by;
  bool is_static = false;
  bool knows_avx512 = true;
};

struct ScanResult {
  std::vector<std::string> members;
  std::string target;  // "linux x86_64", "macos arm64": what the set is for
  std::vector<Runtime> runtimes;
  std::vector<BlasPool> blas;
  Verdict verdict = Verdict::none;
  bool from_preload = false;          // a preloaded runtime takes part in a verdict of mixed or duplicate
  std::vector<std::string> advice;    // what happens, what it costs, the fix as commands
  std::vector<std::string> problems;  // one line each: unreadable, truncated, missing, wrong architecture …
  std::size_t files = 0;              // files in the closure
  std::uint64_t bytes = 0;            // of them
};

using Environment = std::map<std::string, std::string>;
Environment current_environment();

struct ScanOptions {
  Environment environment = current_environment();  // the process's, as it will be after the bootstrap
  std::filesystem::path executable;  // the main program, if known: its run path serves everything it loads
  std::filesystem::path root;        // another system's tree: absolute paths are looked up below it
  std::string arch;                  // which part of a fat file; "": this machine's, else arm64, else x86_64
  std::filesystem::path
      cache_folder;             // "": RUNNER_CACHE_DIR, else $XDG_CACHE_HOME/runner, else ~/.cache/runner
  bool use_cache = true;        // by path, mtime and inode; never an error when it cannot be written
  bool cpu_has_avx512 = false;  // for OPENBLAS_CORETYPE; see cpu_has_avx512()
  bool under_bootstrap = true;  // the launcher corrects OMP_DYNAMIC and the wait policy for this process
};
bool cpu_has_avx512();

// The process that loads `members`, in this order. Throws nothing for bad files: each is a line in
// `problems`.
ScanResult scan(const std::vector<std::filesystem::path>& members, const ScanOptions& options);

// One object of the `sets` of `runner doctor --json`.
Json to_json(const ScanResult& result);

std::string leaf(const std::string& path);  // what stands behind its last slash

}  // namespace runner::runtime
