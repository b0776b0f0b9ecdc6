#include "openmp_scan/binaries/elf_layout.h"

#include <spdlog/fmt/fmt.h>

#include <cstring>

namespace runner::runtime {

namespace {

constexpr std::uint32_t pt_load = 1, pt_dynamic = 2, pt_interp = 3;
constexpr std::uint16_t et_exec = 2, et_dyn = 3;
constexpr std::size_t most_segments = 4096, most_dynamic_entries = 1 << 17;

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case 3:
      return "i386";
    case 21:
      return "ppc64";
    case 22:
      return "s390x";
    case 40:
      return "arm";
    case 62:
      return "x86_64";
    case 183:
      return "aarch64";
    case 243:
      return "riscv64";
    case 258:
      return "loongarch64";
    default:
      return fmt::format("machine-{}", machine);
  }
}

struct DynamicTable {
  std::uint64_t offset = 0, bytes = 0;
  bool present = false, interpreter = false;
};

DynamicTable read_segments(const Fields& f, ElfLayout& elf) {
  DynamicTable dynamic;
  const std::uint64_t table = elf.is64 ? f.u64(32) : f.u32(28);
  const std::uint16_t entry = f.u16(elf.is64 ? 54 : 42), count = f.u16(elf.is64 ? 56 : 44);
  if (count == 0 || entry < (elf.is64 ? 56 : 32) || count > most_segments) {
    elf.problem = fmt::format("no usable program headers ({} entries of {} bytes)", count, entry);
    return dynamic;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t at = saturating_add(table, i * entry);
    if (at > ~std::uint64_t{0} - 64) break;
    ElfSegment s;
    const std::uint32_t type = f.u32(at);
    s.flags = f.u32(at + (elf.is64 ? 4 : 24));
    s.offset = elf.is64 ? f.u64(at + 8) : f.u32(at + 4);
    s.address = elf.is64 ? f.u64(at + 16) : f.u32(at + 8);
    s.file_bytes = elf.is64 ? f.u64(at + 32) : f.u32(at + 16);
    if (f.failed()) {
      elf.problem = fmt::format("truncated: program header {} of {} lies beyond the end ({} bytes)", i + 1,
                                count, f.source().size());
      return dynamic;
    }
    if (type == pt_load) elf.loads.push_back(s);
    if (type == pt_interp) dynamic.interpreter = true;
    if (type == pt_dynamic) {
      dynamic.present = true;
      dynamic.offset = s.offset;
      dynamic.bytes = s.file_bytes;
    }
    const std::uint64_t end = saturating_add(s.offset, s.file_bytes);
    if ((type == pt_load || type == pt_dynamic) && end > f.source().size() && elf.problem.empty())
      elf.problem =
          fmt::format("truncated: a segment ends at byte {}, the file has {}", end, f.source().size());
  }
  return dynamic;
}

// Addresses until the table is complete; translated to offsets afterwards.
void read_dynamic(const Fields& f, const DynamicTable& table, ElfLayout& elf, bool& pie) {
  const std::uint64_t entry = elf.is64 ? 16 : 8,
                      count = std::min<std::uint64_t>(table.bytes / entry, most_dynamic_entries);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t at = saturating_add(table.offset, i * entry);
    if (at > ~std::uint64_t{0} - 16) return;
    const std::uint64_t tag = elf.is64 ? f.u64(at) : f.u32(at);
    const std::uint64_t value = elf.is64 ? f.u64(at + 8) : f.u32(at + 4);
    if (f.failed()) {
      if (elf.problem.empty()) elf.problem = "truncated: the dynamic section lies beyond the end";
      return;
    }
    switch (tag) {
      case 0:
        return;
      case 1:
        elf.needed.push_back(value);
        break;
      case 4:
        elf.sysv_hash = value;
        break;
      case 5:
        elf.strings = value;
        break;
      case 6:
        elf.symbols = value;
        break;
      case 10:
        elf.strings_bytes = value;
        break;
      case 14:
        elf.soname = value;
        break;
      case 15:
        elf.rpath.push_back(value);
        break;
      case 29:
        elf.runpath.push_back(value);
        break;
      case 0x6ffffef5:
        elf.gnu_hash = value;
        break;
      case 0x6ffffffb:
        pie = (value & 0x08000000U) != 0;
        break;  // DT_FLAGS_1, DF_1_PIE
      case 0x6ffffffc:
        elf.version_definitions = value;
        break;
      case 0x6ffffffd:
        elf.version_definition_count = value;
        break;
      default:
        break;
    }
  }
}

void to_offset(ElfLayout& elf, std::uint64_t& place) {
  if (place != 0) place = elf.offset_of(place).value_or(0);
}

}  // namespace

std::optional<std::uint64_t> ElfLayout::offset_of(std::uint64_t address) const {
  for (const ElfSegment& s : loads)
    if (address >= s.address && address - s.address < s.file_bytes)
      return saturating_add(s.offset, address - s.address);
  return std::nullopt;
}

bool looks_like_elf(const BinaryBytes& source) {
  char magic[4];
  return source.read(0, magic, 4) && std::memcmp(magic, "\177ELF", 4) == 0;
}

ElfLayout read_elf_layout(const BinaryBytes& source) {
  ElfLayout elf;
  unsigned char ident[16];
  if (!source.read(0, ident, sizeof ident)) {
    elf.problem = fmt::format("truncated: {} bytes are less than an ELF header", source.size());
    return elf;
  }
  if (ident[4] < 1 || ident[4] > 2 || ident[5] < 1 || ident[5] > 2) {
    elf.problem =
        fmt::format("ELF header with class {} and byte order {}: neither is known", ident[4], ident[5]);
    return elf;
  }
  elf.is64 = ident[4] == 2;
  const std::uint16_t probe = 1;
  unsigned char first = 0;
  std::memcpy(&first, &probe, 1);
  elf.swapped = (ident[5] == 1) != (first == 1);

  const Fields f(source, elf.swapped);
  const std::uint16_t type = f.u16(16);
  elf.arch = machine_name(f.u16(18));
  if (type != et_exec && type != et_dyn) {
    elf.problem = f.failed() ? "truncated: the ELF header is cut off"
                             : fmt::format("is neither a shared object nor a program (ELF type {})", type);
    return elf;
  }
  const DynamicTable table = read_segments(f, elf);
  bool pie = false;
  if (table.present) read_dynamic(f, table, elf, pie);
  // libc.so.6 has an interpreter too, and a name: it is a library that can be started.
  elf.is_program = type == et_exec || pie || (table.interpreter && !elf.soname);
  for (std::uint64_t* place :
       {&elf.symbols, &elf.strings, &elf.gnu_hash, &elf.sysv_hash, &elf.version_definitions})
    to_offset(elf, *place);
  if (elf.strings == 0 && !elf.needed.empty() && elf.problem.empty())
    elf.problem = "the dynamic section's string table lies outside the file";
  return elf;
}

}  // namespace runner::runtime
