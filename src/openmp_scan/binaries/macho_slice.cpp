#include "openmp_scan/binaries/macho_slice.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstring>

#include "openmp_scan/binaries/library_identity.h"

namespace runner::runtime {

namespace {

// <mach-o/loader.h>
constexpr std::uint32_t required = 0x80000000;
constexpr std::uint32_t lc_symtab = 0x2, lc_load = 0xc, lc_id = 0xd, lc_load_weak = 0x18 | required,
                        lc_rpath = 0x1c | required, lc_reexport = 0x1f | required, lc_lazy = 0x20,
                        lc_upward = 0x23 | required, lc_segment = 0x1, lc_segment_64 = 0x19;
constexpr std::uint32_t type_execute = 2, type_dylib = 6, type_bundle = 8, type_dylib_stub = 9;
constexpr std::uint32_t most_commands = 65536;

struct Segment {
  std::uint64_t offset = 0, bytes = 0;
};

struct SymbolCommand {
  std::uint32_t symbols = 0, count = 0, strings = 0, strings_bytes = 0;
};

// Symbols both exported and local: a static copy is often hidden, but still listed.
SymbolFacts read_symbols(const Fields& f, const SymbolCommand& table, bool is64) {
  SymbolFacts facts;
  const BinaryBytes& source = f.source();
  const std::vector<char> strings = source.bytes(table.strings, table.strings_bytes);
  const std::uint64_t entry = is64 ? 16 : 12;
  for (std::uint64_t i = 0; i < std::min(table.count, most_symbols); ++i) {
    const std::uint64_t at = table.symbols + i * entry;
    unsigned char type = 0;
    const std::uint32_t name_at = f.u32(at);
    if (!source.read(at + 4, &type, 1)) break;
    if ((type & 0xe0) != 0 || name_at >= strings.size()) continue;  // debugger's entry, or broken
    std::string_view name(strings.data() + name_at,
                          ::strnlen(strings.data() + name_at, strings.size() - name_at));
    if (name.starts_with('_')) name.remove_prefix(1);  // C names carry one underscore
    if ((type & 0x0e) == 0) {                          // N_UNDF
      note_undefined(facts, name);
      continue;
    }
    note_defined(facts, name);
    if ((type & 1) == 0) continue;  // local: tells, but does not count
    ++facts.defined;
    facts.defined_openmp += is_openmp_name(name) ? 1 : 0;
  }
  return facts;
}

class Commands {
 public:
  Commands(const BinaryBytes& slice, Image& image, std::string& problem)
      : f_(slice, swapped(slice)), image_(image), problem_(problem) {}

  static bool swapped(const BinaryBytes& slice) {
    const std::uint32_t magic = Fields(slice, false).u32(0);
    return magic == 0xcefaedfe || magic == 0xcffaedfe;
  }

  void read() {
    const std::uint32_t magic = f_.u32(0);
    is64_ = magic == 0xfeedfacf;
    image_.arch = macho_arch(f_.u32(4), f_.u32(8));
    const std::uint32_t type = f_.u32(12), count = f_.u32(16);
    image_.is_program = type == type_execute;
    if (type != type_execute && type != type_dylib && type != type_bundle && type != type_dylib_stub)
      problem_ = fmt::format("is neither a library, a bundle nor a program (Mach-O type {})", type);
    std::uint64_t at = is64_ ? 32 : 28;
    for (std::uint32_t i = 0; i < std::min(count, most_commands); ++i) {
      const std::uint32_t command = f_.u32(at), bytes = f_.u32(at + 4);
      if (f_.failed() || bytes < 8 || at + bytes > f_.source().size()) {
        if (problem_.empty())
          problem_ =
              fmt::format("truncated: load command {} of {} lies beyond the end or is broken", i + 1, count);
        return;
      }
      take(command, at, bytes);
      at += bytes;
    }
  }

  SymbolFacts symbols() const { return read_symbols(f_, symbols_, is64_); }
  const std::vector<Segment>& segments() const { return segments_; }

 private:
  void take(std::uint32_t command, std::uint64_t at, std::uint32_t bytes) {
    switch (command) {
      case lc_load:
      case lc_reexport:
      case lc_lazy:
      case lc_upward:
        image_.needed.push_back({text(at, bytes), false});
        break;
      case lc_load_weak:
        image_.needed.push_back({text(at, bytes), true});
        break;
      case lc_id:
        image_.name = text(at, bytes);
        break;
      case lc_rpath:
        image_.rpath.push_back(text(at, bytes));
        break;
      case lc_symtab:
        symbols_ = {f_.u32(at + 8), f_.u32(at + 12), f_.u32(at + 16), f_.u32(at + 20)};
        break;
      case lc_segment_64:
        add_segment(f_.u64(at + 40), f_.u64(at + 48));
        break;
      case lc_segment:
        add_segment(f_.u32(at + 32), f_.u32(at + 36));
        break;
      default:
        break;
    }
  }

  void add_segment(std::uint64_t offset, std::uint64_t bytes) {
    if (bytes == 0) return;
    const std::uint64_t end = saturating_add(offset, bytes);
    if (end > f_.source().size() && problem_.empty())
      problem_ =
          fmt::format("truncated: a segment ends at byte {}, the image has {}", end, f_.source().size());
    segments_.push_back({offset, bytes});
  }

  // A load command's string: its offset is counted from the command's start.
  std::string text(std::uint64_t at, std::uint32_t bytes) {
    const std::uint32_t offset = f_.u32(at + 8);
    if (offset < bytes) {
      // The string may fill the command without a NUL.
      const std::vector<char> raw =
          f_.source().bytes(at + offset, std::min<std::uint64_t>(bytes - offset, 4096));
      return std::string(raw.data(), ::strnlen(raw.data(), raw.size()));
    }
    if (problem_.empty()) problem_ = "a load command's name lies outside the command";
    return "";
  }

  Fields f_;
  Image& image_;
  std::string& problem_;
  bool is64_ = true;
  SymbolCommand symbols_;
  std::vector<Segment> segments_;
};

}  // namespace

std::string macho_arch(std::uint32_t cpu_type, std::uint32_t cpu_subtype) {
  const std::uint32_t subtype = cpu_subtype & 0x00ffffff;
  switch (cpu_type) {
    case 0x01000007:
      return subtype == 8 ? "x86_64h" : "x86_64";
    case 0x0100000c:
      return subtype == 2 ? "arm64e" : "arm64";
    case 7:
      return "i386";
    case 12:
      return "arm";
    case 18:
      return "ppc";
    case 0x01000012:
      return "ppc64";
    default:
      return fmt::format("cpu-{}", cpu_type);
  }
}

Image read_macho_slice(const BinaryBytes& slice, const std::string& file_name, std::string& problem) {
  Image image;
  image.format = BinaryFormat::macho;
  Commands commands(slice, image, problem);
  commands.read();
  std::erase_if(image.needed, [](const Need& need) { return need.name.empty(); });
  identify(image, commands.symbols(), file_name, "", [&](auto markers, const auto& found) {
    std::uint64_t left = most_constant_bytes;  // a broken file may list one segment a thousand times
    for (const Segment& s : commands.segments()) {
      if (s.bytes > left) continue;
      left -= s.bytes;
      find_markers(slice, s.offset, s.bytes, markers, found);
    }
  });
  return image;
}

}  // namespace runner::runtime
