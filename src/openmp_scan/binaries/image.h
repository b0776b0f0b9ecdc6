#pragma once
// What the scan knows of one binary file: read without loading it, for one architecture (a fat file has
// several).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace runner::runtime {

enum class RuntimeKind { libomp, libiomp5, libgomp };
const char* to_string(RuntimeKind kind);

enum class BlasKind { openblas, mkl, blis, accelerate };
const char* to_string(BlasKind kind);

// Whose threads a BLAS computes with.
enum class BlasThreads { serial, pthread, openmp, tbb, system, chosen_at_run_time };
const char* to_string(BlasThreads threads);

enum class BinaryFormat { elf, macho };

struct RuntimeMark {
  RuntimeKind kind = RuntimeKind::libgomp;
  bool is_static = false;  // linked into a library that is something else
  std::string version;     // "" where the file does not tell
};

struct BlasMark {
  BlasKind kind = BlasKind::openblas;
  BlasThreads threads = BlasThreads::serial;
  bool is_static = false;
  std::string version;
  bool knows_avx512 = true;  // the file holds AVX-512 kernels (its own list of cores)
};

struct Need {
  std::string name;       // as written: "libgomp.so.1", "@rpath/libomp.dylib", "/opt/x/libomp.dylib"
  bool optional = false;  // LC_LOAD_WEAK_DYLIB: absence is no error
};

// One architecture of one file.
struct Image {
  BinaryFormat format = BinaryFormat::elf;
  std::string arch;  // "x86_64", "arm64", "arm64e", "aarch64", "i386", …
  bool is_program = false;
  std::string name;  // DT_SONAME or LC_ID_DYLIB; "" when absent
  std::vector<Need> needed;
  std::vector<std::string> rpath;    // DT_RPATH, or LC_RPATH
  std::vector<std::string> runpath;  // DT_RUNPATH (DT_RPATH is then ignored, as the loader does)
  std::optional<RuntimeMark> runtime;
  std::optional<BlasMark> blas;
};

// A file on disk: its images, or why there are none.
struct BinaryFile {
  std::vector<Image> images;
  std::string problem;     // "" when all of it could be read
  bool is_binary = false;  // neither ELF nor Mach-O: not a binary, and no problem when found in a folder
};

}  // namespace runner::runtime
