#include "openmp_scan/binaries/elf_symbols.h"

#include <algorithm>
#include <cstring>

namespace runner::runtime {

namespace {

struct Symbol {
  std::uint32_t name = 0;
  bool defined = false;
};

class SymbolTable {
 public:
  SymbolTable(const BinaryBytes& source, const ElfLayout& elf)
      : elf_(elf), f_(source, elf.swapped), strings_(source.bytes(elf.strings, elf.strings_bytes)) {}

  std::uint64_t entry_bytes() const { return elf_.is64 ? 24 : 16; }

  std::optional<Symbol> at(std::uint64_t index) const {
    if (index > most_symbols) return std::nullopt;
    const std::uint64_t place = saturating_add(elf_.symbols, index * entry_bytes());
    if (place > ~std::uint64_t{0} - 32) return std::nullopt;
    Symbol s;
    s.name = f_.u32(place);
    s.defined = f_.u16(place + (elf_.is64 ? 6 : 14)) != 0;  // st_shndx
    if (f_.failed()) return std::nullopt;
    return s;
  }

  std::string_view name(const Symbol& s) const {
    if (s.name >= strings_.size()) return {};
    const char* from = strings_.data() + s.name;
    const std::size_t room = strings_.size() - s.name;
    return {from, ::strnlen(from, room)};
  }

  const Fields& fields() const { return f_; }

 private:
  const ElfLayout& elf_;
  Fields f_;
  std::vector<char> strings_;
};

struct GnuHash {
  std::uint32_t buckets = 0, first_hashed = 0, bloom_words = 0, bloom_shift = 0;
  std::uint64_t bloom = 0, bucket_table = 0, chains = 0;  // file offsets
  bool usable = false;
};

GnuHash read_gnu_hash(const Fields& f, const ElfLayout& elf) {
  GnuHash h;
  if (elf.gnu_hash == 0 || elf.gnu_hash > f.source().size()) return h;
  h.buckets = f.u32(elf.gnu_hash);
  h.first_hashed = f.u32(elf.gnu_hash + 4);
  h.bloom_words = f.u32(elf.gnu_hash + 8);
  h.bloom_shift = f.u32(elf.gnu_hash + 12);
  h.bloom = elf.gnu_hash + 16;
  h.bucket_table = h.bloom + std::uint64_t{h.bloom_words} * (elf.is64 ? 8 : 4);
  h.chains = h.bucket_table + std::uint64_t{h.buckets} * 4;
  h.usable = !f.failed() && h.buckets > 0 && h.bloom_words > 0 && h.chains <= f.source().size();
  return h;
}

std::uint32_t gnu_hash_of(std::string_view name) {
  std::uint32_t hash = 5381;
  for (const char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
  return hash;
}

bool defines(const SymbolTable& table, const ElfLayout& elf, const GnuHash& h, std::string_view name) {
  const Fields& f = table.fields();
  const std::uint32_t hash = gnu_hash_of(name), bits = elf.is64 ? 64 : 32;
  const std::uint64_t word_at = h.bloom + std::uint64_t{(hash / bits) % h.bloom_words} * (bits / 8);
  const std::uint64_t word = elf.is64 ? f.u64(word_at) : f.u32(word_at);
  const std::uint32_t second = h.bloom_shift < 32 ? hash >> h.bloom_shift : 0;
  if (((word >> (hash % bits)) & (word >> (second % bits)) & 1) == 0) return false;
  std::uint32_t index = f.u32(h.bucket_table + std::uint64_t{hash % h.buckets} * 4);
  if (index < h.first_hashed) return false;
  for (; index < most_symbols && !f.failed(); ++index) {
    const std::uint32_t chain = f.u32(h.chains + std::uint64_t{index - h.first_hashed} * 4);
    if ((chain | 1U) == (hash | 1U)) {
      const auto symbol = table.at(index);
      if (symbol && symbol->defined && table.name(*symbol) == name) return true;
    }
    if ((chain & 1U) != 0) break;  // the chain's last
  }
  return false;
}

// How many symbols there are, when they must be listed: the SysV table says; else the last chain of the GNU
// table ends at the last symbol.
std::uint64_t listed_count(const SymbolTable& table, const ElfLayout& elf, const GnuHash& h) {
  const Fields& f = table.fields();
  if (elf.sysv_hash != 0) return std::min<std::uint64_t>(f.u32(elf.sysv_hash + 4), most_symbols);
  if (!h.usable) return elf.strings > elf.symbols ? (elf.strings - elf.symbols) / table.entry_bytes() : 0;
  std::uint64_t last = 0;
  for (std::uint32_t b = 0; b < h.buckets && !f.failed(); ++b)
    last = std::max<std::uint64_t>(last, f.u32(h.bucket_table + std::uint64_t{b} * 4));
  if (last < h.first_hashed || last > most_symbols) return 0;
  while (last < most_symbols && !f.failed() && (f.u32(h.chains + (last - h.first_hashed) * 4) & 1U) == 0)
    ++last;
  return last + 1;
}

void list(const SymbolTable& table, std::uint64_t from, std::uint64_t to, SymbolFacts& facts, bool note) {
  for (std::uint64_t i = from; i < to; ++i) {
    const auto symbol = table.at(i);
    if (!symbol) return;
    const std::string_view name = table.name(*symbol);
    if (name.empty()) continue;
    if (!symbol->defined) {
      note_undefined(facts, name);
      continue;
    }
    if (note) note_defined(facts, name);
    ++facts.defined;
    facts.defined_openmp += is_openmp_name(name) ? 1 : 0;
  }
}

}  // namespace

SymbolFacts read_elf_symbols(const BinaryBytes& source, const ElfLayout& elf) {
  SymbolFacts facts;
  if (elf.symbols == 0 || elf.strings == 0) return facts;
  const SymbolTable table(source, elf);
  const GnuHash h = read_gnu_hash(table.fields(), elf);
  if (!h.usable) {
    list(table, 1, listed_count(table, elf, h), facts, true);
    return facts;
  }
  list(table, 1, std::min<std::uint64_t>(h.first_hashed, most_symbols), facts, true);
  facts.defined = facts.defined_openmp = 0;
  for (const std::string_view name : telling_symbols())
    if (defines(table, elf, h, name)) note_defined(facts, name);
  // Only a file that holds a runtime is worth listing: is it the runtime's library, or another's with a copy?
  if (facts.kmpc || facts.gomp) list(table, h.first_hashed, listed_count(table, elf, h), facts, true);
  return facts;
}

std::string highest_gomp_version(const BinaryBytes& source, const ElfLayout& elf) {
  std::string highest;
  const Fields f(source, elf.swapped);
  std::uint64_t at = elf.version_definitions;
  const std::uint64_t count = std::min<std::uint64_t>(elf.version_definition_count, 4096);
  for (std::uint64_t i = 0; i < count && at != 0 && at < source.size(); ++i) {
    const std::uint64_t name_at = at + f.u32(at + 12);  // vd_aux → vda_name
    const auto name = source.text(saturating_add(elf.strings, f.u32(name_at)),
                                  saturating_add(elf.strings, elf.strings_bytes));
    const std::uint32_t next = f.u32(at + 16);
    if (f.failed()) break;
    if (name && name->size() > 5 && name->starts_with("GOMP_") && (*name)[5] >= '0' && (*name)[5] <= '9' &&
        *name > highest)
      highest = *name;
    if (next == 0) break;
    at += next;
  }
  return highest;
}

}  // namespace runner::runtime
