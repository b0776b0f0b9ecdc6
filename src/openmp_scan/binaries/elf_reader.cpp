#include "openmp_scan/binaries/elf_reader.h"

#include <algorithm>

#include "openmp_scan/binaries/elf_layout.h"
#include "openmp_scan/binaries/elf_symbols.h"
#include "openmp_scan/binaries/library_identity.h"

namespace runner::runtime {

namespace {

constexpr std::size_t most_needed = 20000;

class DynamicStrings {
 public:
  DynamicStrings(const BinaryBytes& source, const ElfLayout& elf, std::string& problem)
      : source_(source), elf_(elf), problem_(problem) {}

  std::string at(std::uint64_t offset) {
    const auto text =
        source_.text(saturating_add(elf_.strings, offset), saturating_add(elf_.strings, elf_.strings_bytes));
    if (!text && problem_.empty()) problem_ = "a name of the dynamic section lies outside its string table";
    return text.value_or("");
  }

  // "a:b:c" → the folders as written; empty ones are left out.
  std::vector<std::string> folders(const std::vector<std::uint64_t>& offsets) {
    std::vector<std::string> result;
    for (const std::uint64_t offset : offsets) {
      const std::string list = at(offset);
      for (std::size_t from = 0; from <= list.size();) {
        const std::size_t to = std::min(list.find(':', from), list.size());
        if (to > from) result.push_back(list.substr(from, to - from));
        from = to + 1;
      }
    }
    return result;
  }

 private:
  const BinaryBytes& source_;
  const ElfLayout& elf_;
  std::string& problem_;
};

// Read-only segments hold the constants; where code and constants share one, that one.
void search_constants(const BinaryBytes& source, const ElfLayout& elf,
                      std::span<const std::string_view> markers,
                      const std::function<void(std::size_t, std::string_view)>& found) {
  bool separate = false;
  for (const ElfSegment& s : elf.loads) separate = separate || s.flags == 4;
  std::uint64_t left = most_constant_bytes;  // a broken file may list one segment a thousand times
  for (const ElfSegment& s : elf.loads) {
    if (!(separate ? s.flags == 4 : (s.flags & 2) == 0) || s.file_bytes > left) continue;
    left -= s.file_bytes;
    find_markers(source, s.offset, s.file_bytes, markers, found);
  }
}

}  // namespace

BinaryFile read_elf(const BinaryBytes& source, const std::string& file_name) {
  BinaryFile file;
  file.is_binary = true;
  const ElfLayout elf = read_elf_layout(source);
  file.problem = elf.problem;
  if (elf.loads.empty()) {
    if (file.problem.empty()) file.problem = "no segment to load";
    return file;
  }
  Image image;
  image.format = BinaryFormat::elf;
  image.arch = elf.arch;
  image.is_program = elf.is_program;
  if (elf.strings != 0) {
    DynamicStrings strings(source, elf, file.problem);
    if (elf.soname) image.name = strings.at(*elf.soname);
    for (std::size_t i = 0; i < elf.needed.size() && i < most_needed; ++i)
      if (std::string name = strings.at(elf.needed[i]); !name.empty())
        image.needed.push_back({std::move(name), false});
    image.runpath = strings.folders(elf.runpath);
    if (elf.runpath.empty()) image.rpath = strings.folders(elf.rpath);
  }
  const SymbolFacts facts = read_elf_symbols(source, elf);
  identify(image, facts, file_name, highest_gomp_version(source, elf),
           [&](auto markers, const auto& found) { search_constants(source, elf, markers, found); });
  file.images.push_back(std::move(image));
  return file;
}

}  // namespace runner::runtime
