#include "openmp_scan/binaries.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace scan_test {

namespace {

class Bytes {
 public:
  explicit Bytes(bool big) : big_(big) {}
  void put(std::uint64_t value, int size) {
    std::string raw;
    for (int i = 0; i < size; ++i) raw += static_cast<char>(value >> (8 * i) & 0xff);
    if (big_) std::reverse(raw.begin(), raw.end());
    text += raw;
  }
  void pad(std::size_t to) { text.resize(std::max(to, text.size()), '\0'); }
  std::string text;

 private:
  bool big_;
};

struct Strings {
  std::string text = std::string(1, '\0');
  std::uint64_t add(const std::string& s) {
    const std::uint64_t at = text.size();
    text += s + '\0';
    return at;
  }
};

std::string symbols_of(const ElfSpec& spec, Strings& strings) {
  Bytes b(spec.big_endian);
  b.pad(spec.is64 ? 24 : 16);
  const auto put = [&](const std::string& name, bool defined) {
    const std::uint64_t at = strings.add(name);
    b.put(at, 4);
    if (spec.is64) {
      b.put(0x12, 1), b.put(0, 1), b.put(defined ? 1 : 0, 2), b.put(0, 8), b.put(0, 8);
    } else {
      b.put(0, 4), b.put(0, 4), b.put(0x12, 1), b.put(0, 1), b.put(defined ? 1 : 0, 2);
    }
  };
  for (const std::string& name : spec.undefined) put(name, false);
  for (const std::string& name : spec.defined) put(name, true);
  return b.text;
}

}  // namespace

std::string make_elf(const ElfSpec& spec) {
  const int word = spec.is64 ? 8 : 4;
  const std::size_t header = spec.is64 ? 64 : 52, entry = spec.is64 ? 56 : 32;
  Strings strings;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> dynamic;
  for (const std::string& name : spec.needed) dynamic.emplace_back(1, strings.add(name));
  if (!spec.soname.empty()) dynamic.emplace_back(14, strings.add(spec.soname));
  if (!spec.rpath.empty()) dynamic.emplace_back(15, strings.add(spec.rpath));
  if (!spec.runpath.empty()) dynamic.emplace_back(29, strings.add(spec.runpath));
  const std::string symbols = symbols_of(spec, strings);
  const std::size_t count = 1 + spec.defined.size() + spec.undefined.size();
  const std::size_t strings_at = header + 2 * entry, symbols_at = strings_at + strings.text.size();
  const std::size_t hash_at = symbols_at + symbols.size(), dynamic_at = hash_at + 16;
  for (const auto& [tag, value] : {std::pair<std::uint64_t, std::uint64_t>{5, strings_at},
                                   {10, strings.text.size()},
                                   {6, symbols_at},
                                   {4, hash_at},
                                   {0, 0}})
    dynamic.emplace_back(tag, value);
  const std::size_t dynamic_bytes = dynamic.size() * 2 * static_cast<std::size_t>(word);
  const std::size_t total = dynamic_at + dynamic_bytes + spec.constants.size();

  Bytes b(spec.big_endian);
  b.text = std::string("\177ELF") + static_cast<char>(spec.is64 ? 2 : 1) +
           static_cast<char>(spec.big_endian ? 2 : 1) + '\1';
  b.pad(16);
  b.put(spec.program ? 2 : 3, 2), b.put(spec.machine, 2), b.put(1, 4);
  b.put(0, word), b.put(header, word), b.put(0, word);  // entry, phoff, shoff
  b.put(0, 4), b.put(header, 2), b.put(entry, 2), b.put(2, 2), b.put(0, 2), b.put(0, 2), b.put(0, 2);
  const auto segment = [&](std::uint64_t type, std::size_t at, std::size_t size) {
    b.put(type, 4);
    if (spec.is64) b.put(4, 4);
    b.put(at, word), b.put(at, word), b.put(at, word), b.put(size, word), b.put(size, word);
    if (!spec.is64) b.put(4, 4);
    b.put(1, word);
  };
  segment(1, 0, total);
  segment(2, dynamic_at, dynamic_bytes);
  b.text += strings.text + symbols;
  b.put(1, 4), b.put(count, 4), b.put(0, 4), b.put(0, 4);
  for (const auto& [tag, value] : dynamic) b.put(tag, word), b.put(value, word);
  return b.text + spec.constants;
}

std::string make_macho(const MachoSpec& spec) {
  Bytes commands(false);
  std::uint32_t count = 0;
  const auto named = [&](std::uint32_t command, const std::string& name) {
    const std::size_t fixed = command == 0x8000001c ? 12 : 24;  // LC_RPATH has no versions
    const std::size_t size = (fixed + name.size() + 8) / 8 * 8, start = commands.text.size();
    commands.put(command, 4), commands.put(size, 4), commands.put(fixed, 4);
    commands.pad(start + fixed);
    commands.text += name;
    commands.pad(start + size);
    ++count;
  };
  if (!spec.id.empty()) named(0xd, spec.id);
  for (const std::string& name : spec.loads) named(0xc, name);
  for (const std::string& name : spec.weak) named(0x80000018, name);
  for (const std::string& name : spec.reexports) named(0x8000001f, name);
  for (const std::string& name : spec.rpaths) named(0x8000001c, name);

  Strings strings;
  Bytes symbols(false);
  const auto put = [&](const std::string& name, bool defined) {
    symbols.put(strings.add("_" + name), 4), symbols.put(defined ? 0x0f : 0x01, 1),
        symbols.put(defined ? 1 : 0, 1);
    symbols.put(0, 2), symbols.put(0, spec.is64 ? 8 : 4);
  };
  for (const std::string& name : spec.defined) put(name, true);
  for (const std::string& name : spec.undefined) put(name, false);
  const std::size_t header = spec.is64 ? 32 : 28, symbols_at = header + commands.text.size() + 24;
  commands.put(2, 4), commands.put(24, 4), commands.put(symbols_at, 4);
  commands.put(spec.defined.size() + spec.undefined.size(), 4);
  commands.put(symbols_at + symbols.text.size(), 4), commands.put(strings.text.size(), 4);
  ++count;

  Bytes b(false);
  b.put(spec.is64 ? 0xfeedfacf : 0xfeedface, 4), b.put(spec.cpu, 4), b.put(0, 4), b.put(spec.type, 4);
  b.put(count, 4), b.put(commands.text.size(), 4), b.put(0, 4);
  b.pad(header);
  return b.text + commands.text + symbols.text + strings.text;
}

std::string make_fat(const std::vector<std::pair<std::uint32_t, std::string>>& slices, bool wide) {
  Bytes b(true);
  b.put(wide ? 0xcafebabf : 0xcafebabe, 4), b.put(slices.size(), 4);
  std::size_t at = 4096;
  for (const auto& [cpu, bytes] : slices) {
    b.put(cpu, 4), b.put(0, 4), b.put(at, wide ? 8 : 4), b.put(bytes.size(), wide ? 8 : 4), b.put(12, 4);
    if (wide) b.put(0, 4);
    at = (at + bytes.size() + 4095) / 4096 * 4096;
  }
  for (const auto& [cpu, bytes] : slices) {
    b.pad((b.text.size() + 4095) / 4096 * 4096);
    b.text += bytes;
  }
  return b.text;
}

std::vector<std::string> llvm_symbols() {
  return {"__kmpc_fork_call", "__kmpc_barrier", "GOMP_parallel", "omp_get_num_threads",
          "omp_set_num_threads"};
}

std::vector<std::string> gnu_symbols() {
  return {"GOMP_parallel", "GOMP_barrier", "omp_get_num_threads", "omp_set_num_threads"};
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace scan_test
