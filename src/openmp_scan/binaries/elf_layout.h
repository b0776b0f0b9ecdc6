#pragma once
// Where things lie in an ELF file: header, segments, dynamic section. 32 and 64 bit, both byte orders.

#include <string>
#include <vector>

#include "openmp_scan/binaries/binary_bytes.h"

namespace runner::runtime {

struct ElfSegment {
  std::uint32_t flags = 0;  // PF_X 1, PF_W 2, PF_R 4
  std::uint64_t address = 0, offset = 0, file_bytes = 0;
};

struct ElfLayout {
  bool is64 = true, swapped = false, is_program = false;
  std::string arch;
  std::vector<ElfSegment> loads;
  std::uint64_t symbols = 0;  // DT_SYMTAB, file offset; 0: none
  std::uint64_t strings = 0, strings_bytes = 0;
  std::uint64_t gnu_hash = 0, sysv_hash = 0;  // file offsets; 0: none
  std::uint64_t version_definitions = 0, version_definition_count = 0;
  std::vector<std::uint64_t> needed, rpath, runpath;  // offsets into the string table
  std::optional<std::uint64_t> soname;
  std::string problem;  // the first thing found wrong; what was read until then is valid

  // File offset of a virtual address; nothing when no segment holds it.
  std::optional<std::uint64_t> offset_of(std::uint64_t address) const;
};

bool looks_like_elf(const BinaryBytes& source);
ElfLayout read_elf_layout(const BinaryBytes& source);

}  // namespace runner::runtime
