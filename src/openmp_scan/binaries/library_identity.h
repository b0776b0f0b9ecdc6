#pragma once
// Tells OpenMP runtimes and BLAS thread pools by their symbols, names and constant texts, whatever file holds
// them and under whatever name. Knows nothing of file formats.

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "openmp_scan/binaries/image.h"

namespace runner::runtime {

// What the readers gather from a symbol table. Names come without Mach-O's leading underscore.
struct SymbolFacts {
  bool kmpc = false, gomp = false, omp = false;      // defined: LLVM/Intel entry, GNU entry, the standard API
  bool openblas = false, mkl = false, blis = false;  // defined
  bool uses_kmpc = false, uses_gomp = false, uses_pthread = false;  // undefined: wanted from elsewhere
  std::size_t defined = 0, defined_openmp = 0;  // how much of the file is an OpenMP runtime
};

// The defined symbols that matter, for readers that can look a name up instead of listing all.
std::span<const std::string_view> telling_symbols();
void note_defined(SymbolFacts& facts, std::string_view name);  // one of telling_symbols(), else ignored
void note_undefined(SymbolFacts& facts, std::string_view name);
bool is_openmp_name(std::string_view name);  // omp_…, GOMP_…, __kmp…, kmp_…, GOACC_…, ompt_…, ompc_…

// Searches the constants for texts (byte_source.h: find_markers).
using MarkerSearch = std::function<void(std::span<const std::string_view>,
                                        const std::function<void(std::size_t, std::string_view)>&)>;

// Fills in image.runtime and image.blas. `file_name`: how the file is called on disk (may be empty).
// `version`: the highest symbol version the file defines ("GOMP_5.0.1"), "" when it has none.
void identify(Image& image, const SymbolFacts& facts, const std::string& file_name,
              const std::string& symbol_version, const MarkerSearch& search);

}  // namespace runner::runtime
