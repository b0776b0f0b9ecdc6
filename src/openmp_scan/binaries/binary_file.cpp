#include "openmp_scan/binaries/binary_file.h"

#include <spdlog/fmt/fmt.h>

#include "openmp_scan/binaries/elf_layout.h"
#include "openmp_scan/binaries/elf_reader.h"
#include "openmp_scan/binaries/macho_reader.h"

namespace runner::runtime {

BinaryFile read_binary(const BinaryBytes& source, const std::string& file_name) {
  if (looks_like_elf(source)) return read_elf(source, file_name);
  if (looks_like_macho(source)) return read_macho(source, file_name);
  BinaryFile file;
  file.problem = source.size() == 0 ? "is empty" : "is neither an ELF nor a Mach-O file";
  return file;
}

BinaryFile read_binary(const std::filesystem::path& path) {
  BinaryFile file;
  const auto source = FileSource::open(path, file.problem);
  if (!source) {
    file.is_binary = true;  // unknown, so that nobody overlooks it
    return file;
  }
  return read_binary(*source, path.filename().string());
}

}  // namespace runner::runtime
