#include "openmp_scan/loader/ld_cache.h"

#include <algorithm>
#include <cstring>

namespace runner::runtime {

namespace {

// glibc, sysdeps/generic/dl-cache.h: header of 48 bytes, entries of 24, offsets from the header's start.
constexpr char old_magic[] = "ld.so-1.7.0", new_magic[] = "glibc-ld.so.cache1.1";
constexpr std::uint32_t extension_magic = 0xeaa42174, section_hwcaps = 1;
constexpr std::uint64_t hwcap_extension = std::uint64_t{1} << 62;

std::uint32_t flags_of(const std::string& arch) {
  if (arch == "x86_64") return 0x0303;
  if (arch == "aarch64") return 0x0a03;
  if (arch == "i386") return 0x0003;
  if (arch == "arm") return 0x0903;
  if (arch == "ppc64") return 0x0503;
  if (arch == "s390x") return 0x0403;
  if (arch == "riscv64") return 0x1003;
  return 0xffffffff;
}

bool begins_with(const BinaryBytes& source, std::uint64_t at, const char* magic) {
  char text[sizeof new_magic];
  const std::size_t n = std::strlen(magic);
  return source.read(at, text, n) && std::memcmp(text, magic, n) == 0;
}

// Where the format that is in use today starts: at 0, or behind the table of the old one.
std::optional<std::uint64_t> new_header(const BinaryBytes& source) {
  if (begins_with(source, 0, new_magic)) return 0;
  if (!begins_with(source, 0, old_magic)) return std::nullopt;
  const Fields f(source, false);
  const std::uint64_t end = 16 + std::uint64_t{f.u32(12)} * 12, aligned = (end + 7) / 8 * 8;
  if (begins_with(source, aligned, new_magic)) return aligned;
  return std::nullopt;
}

// Offsets of the names of glibc-hwcaps sub-folders, indexed by an entry's hwcap.
std::vector<std::uint32_t> hwcap_names(const Fields& f, std::uint64_t base) {
  std::vector<std::uint32_t> names;
  const std::uint64_t directory = base + f.u32(base + 32);
  if (directory == base || f.u32(directory) != extension_magic || f.failed()) return names;
  const std::uint32_t sections = std::min<std::uint32_t>(f.u32(directory + 4), 64);
  for (std::uint32_t i = 0; i < sections; ++i) {
    const std::uint64_t at = directory + 8 + std::uint64_t{i} * 16;
    if (f.u32(at) != section_hwcaps) continue;
    const std::uint64_t from = base + f.u32(at + 8);
    const std::uint32_t count = std::min<std::uint32_t>(f.u32(at + 12) / 4, 1024);
    for (std::uint32_t k = 0; k < count && !f.failed(); ++k)
      names.push_back(f.u32(from + std::uint64_t{k} * 4));
  }
  return names;
}

}  // namespace

int hwcaps_level(const std::string& name) {
  return name.size() == 9 && name.starts_with("x86-64-v") && name[8] >= '2' && name[8] <= '4' ? name[8] - '0'
                                                                                              : 0;
}

int cpu_hwcaps_level() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2") == 0 || __builtin_cpu_supports("popcnt") == 0) return 1;
  if (__builtin_cpu_supports("avx2") == 0 || __builtin_cpu_supports("bmi2") == 0 ||
      __builtin_cpu_supports("fma") == 0)
    return 2;
  for (const bool has : {__builtin_cpu_supports("avx512f") != 0, __builtin_cpu_supports("avx512bw") != 0,
                         __builtin_cpu_supports("avx512cd") != 0, __builtin_cpu_supports("avx512dq") != 0,
                         __builtin_cpu_supports("avx512vl") != 0})
    if (!has) return 3;
  return 4;
#else
  return 0;
#endif
}

LdCache LdCache::read(const std::filesystem::path& path, const std::string& arch) {
  std::string error;
  const auto source = FileSource::open(path, error);
  if (!source) return {};
  // In memory: some thousand names, each read on its own otherwise.
  const std::vector<char> bytes = source->bytes(0, std::uint64_t{64} << 20);
  return read(MemorySource({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}), arch);
}

LdCache LdCache::read(const BinaryBytes& source, const std::string& arch) {
  LdCache cache;
  const auto header = new_header(source);
  if (!header) return cache;
  const std::uint64_t base = *header;
  const Fields f(source, false);
  const std::uint32_t wanted = flags_of(arch), count = std::min<std::uint32_t>(f.u32(base + 20), 1 << 20);
  const std::vector<std::uint32_t> hwcaps = hwcap_names(f, base);
  const int cpu = cpu_hwcaps_level();
  std::unordered_map<std::string, int> level_of;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t at = base + 48 + i * 24, hwcap = f.u64(at + 16);
    const std::uint32_t flags = f.u32(at);
    if (f.failed()) break;
    if (flags != wanted) continue;
    int level = 1;
    if ((hwcap & hwcap_extension) != 0) {
      const std::uint64_t index = hwcap & 0xffffffff;
      const auto name =
          index < hwcaps.size() ? source.text(base + hwcaps[index], source.size()) : std::nullopt;
      level = name ? hwcaps_level(*name) : 0;
      if (level == 0 || level > cpu) continue;
    } else if (hwcap != 0) {
      continue;  // the hardware words of before glibc 2.37: no Debian package uses them
    }
    const auto key = source.text(base + f.u32(at + 4), source.size());
    const auto value = source.text(base + f.u32(at + 8), source.size());
    if (!key || !value) continue;
    int& best = level_of[*key];
    if (level > best) {
      best = level;
      cache.paths_[*key] = *value;
    }
  }
  return cache;
}

const std::string* LdCache::find(const std::string& name) const {
  const auto it = paths_.find(name);
  return it == paths_.end() ? nullptr : &it->second;
}

}  // namespace runner::runtime
