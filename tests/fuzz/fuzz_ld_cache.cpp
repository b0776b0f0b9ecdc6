// /etc/ld.so.cache, which ldconfig writes in two formats.
#include <fstream>
#include <iterator>

#include "fuzz/fuzz.h"
#include "openmp_scan/loader/ld_cache.h"

using namespace runner::runtime;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const LdCache cache = LdCache::read(MemorySource({data, size}), "x86_64");
  return cache.find("libc.so.6") == nullptr ? 0 : 0;
}

namespace {

void put(std::string& text, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
}

// Two entries, the second for a glibc-hwcaps folder, and the extension that names it.
std::string new_format() {
  const std::string strings = std::string("libc.so.6\0/lib/libc.so.6\0x86-64-v3\0", 36);
  constexpr std::uint32_t header = 48, entries = 2 * 24;
  const std::uint32_t strings_at = header + entries, extension = (strings_at + 36 + 3) / 4 * 4;
  std::string text = "glibc-ld.so.cache1.1";
  put(text, 2, 4);
  put(text, strings.size(), 4);
  put(text, 2, 4);
  put(text, extension, 4);
  text.resize(header);
  for (const std::uint64_t hwcap : {std::uint64_t{0}, std::uint64_t{1} << 62}) {
    put(text, 0x0303, 4);
    put(text, strings_at, 4);
    put(text, strings_at + 10, 4);
    put(text, 0, 4);
    put(text, hwcap, 8);
  }
  text += strings;
  text.resize(extension);
  put(text, 0xeaa42174, 4);
  put(text, 1, 4);
  put(text, 1, 4);
  put(text, 0, 4);
  put(text, extension + 24, 4);
  put(text, 4, 4);
  put(text, strings_at + 25, 4);
  return text;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::string old = "ld.so-1.7.0";
  old.resize(12);
  put(old, 1, 4);
  old.resize(16 + 12);
  old.resize((old.size() + 7) / 8 * 8);
  return {new_format(), old + new_format()};
}
