#pragma once
// ELF and Mach-O files made by the tests: just what the scan reads, valid in every byte of it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace scan_test {

struct ElfSpec {
  std::string soname = {};
  std::vector<std::string> needed = {};
  std::string rpath = {}, runpath = {};
  std::vector<std::string> defined = {}, undefined = {};  // dynamic symbols
  std::string constants = {};                             // bytes of the read-only segment
  std::uint16_t machine = 62;                             // x86_64
  bool is64 = true, big_endian = false, program = false;
};
std::string make_elf(const ElfSpec& spec);

struct MachoSpec {
  std::uint32_t cpu = 0x0100000c;  // arm64
  std::uint32_t type = 6;          // library; 8: bundle, 2: program
  std::string id = {};             // install name
  std::vector<std::string> loads = {}, weak = {}, reexports = {}, rpaths = {};
  std::vector<std::string> defined = {}, undefined = {};  // C names; the leading underscore is added
  bool is64 = true;
};
std::string make_macho(const MachoSpec& spec);
// Big-endian table of architectures, 32 or 64 bit wide, then the slices.
std::string make_fat(const std::vector<std::pair<std::uint32_t, std::string>>& slices, bool wide);

// What every real runtime defines.
std::vector<std::string> llvm_symbols();
std::vector<std::string> gnu_symbols();

void write(const std::filesystem::path& path, const std::string& bytes);

}  // namespace scan_test
