#include "openmp_scan/binaries/macho_reader.h"

#include <spdlog/fmt/fmt.h>

#include <bit>

#include "openmp_scan/binaries/macho_slice.h"

namespace runner::runtime {

namespace {

constexpr std::uint32_t fat_magic = 0xcafebabe, fat_magic_64 = 0xcafebabf;
constexpr std::uint32_t most_slices = 32;  // a Java class file has the same magic and 45 or more here

std::uint32_t magic_of(const BinaryBytes& source) {
  return Fields(source, std::endian::native == std::endian::little).u32(0);  // as big-endian
}

bool is_fat(std::uint32_t magic) {
  return magic == fat_magic || magic == fat_magic_64;
}

bool is_thin(std::uint32_t magic) {
  return magic == 0xfeedface || magic == 0xfeedfacf || magic == 0xcefaedfe || magic == 0xcffaedfe;
}

void add_slice(const BinaryBytes& slice, const std::string& file_name, const std::string& where,
               BinaryFile& file) {
  std::string problem;
  if (!is_thin(magic_of(slice)))
    problem = "is no Mach-O image";
  else
    file.images.push_back(read_macho_slice(slice, file_name, problem));
  if (!problem.empty() && file.problem.empty()) file.problem = where + problem;
}

}  // namespace

bool looks_like_macho(const BinaryBytes& source) {
  const std::uint32_t magic = magic_of(source);
  if (is_thin(magic)) return true;
  const Fields f(source, std::endian::native == std::endian::little);
  return is_fat(magic) && f.u32(4) < most_slices && !f.failed();
}

BinaryFile read_macho(const BinaryBytes& source, const std::string& file_name) {
  BinaryFile file;
  file.is_binary = true;
  const std::uint32_t magic = magic_of(source);
  if (!is_fat(magic)) {
    add_slice(source, file_name, "", file);
    return file;
  }
  const Fields f(source, std::endian::native == std::endian::little);
  const bool wide = magic == fat_magic_64;
  const std::uint32_t count = f.u32(4);
  if (count == 0) file.problem = "fat file without an architecture";
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t at = 8 + std::uint64_t{i} * (wide ? 32 : 20);
    const std::string arch = macho_arch(f.u32(at), f.u32(at + 4));
    const std::uint64_t offset = wide ? f.u64(at + 8) : f.u32(at + 8);
    const std::uint64_t bytes = wide ? f.u64(at + 16) : f.u32(at + 12);
    const bool beyond = f.failed() || offset > source.size() || bytes > source.size() - offset;
    if (beyond) {
      if (file.problem.empty())
        file.problem = fmt::format("truncated: architecture {} of {} lies beyond the end ({} bytes)", i + 1,
                                   count, source.size());
      continue;
    }
    add_slice(SliceSource(source, offset, bytes), file_name, arch + ": ", file);
  }
  return file;
}

}  // namespace runner::runtime
