#pragma once
// An ELF file's dynamic symbols, as far as they identify OpenMP runtimes and BLAS.

#include <string>

#include "openmp_scan/binaries/elf_layout.h"
#include "openmp_scan/binaries/library_identity.h"

namespace runner::runtime {

// Looks the telling symbols up in the GNU hash table where there is one: libtorch_cpu has 180,000 symbols,
// and listing them costs more than the rest of the scan.
SymbolFacts read_elf_symbols(const BinaryBytes& source, const ElfLayout& elf);

// The highest GOMP_… version that the file defines ("GOMP_5.0.1"); "" when none.
std::string highest_gomp_version(const BinaryBytes& source, const ElfLayout& elf);

}  // namespace runner::runtime
