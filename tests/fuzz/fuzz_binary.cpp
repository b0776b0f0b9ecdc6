// The ELF and Mach-O readers, with all that the scan asks them.
#include "fuzz/fuzz.h"
#include "openmp_scan/binaries.h"
#include "openmp_scan/binaries/binary_file.h"
#include "openmp_scan/loader/store_format.h"

using namespace runner::runtime;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BinaryFile file = read_binary(MemorySource({data, size}), "libinput.so.1");
  // What was read can be kept and comes back the same.
  FileStamp stamp;
  BinaryFile again;
  if (file.images.size() < 64) unpack(pack(FileStamp{1, 2, 3, 4}, file), stamp, again);
  if (again.images.size() != file.images.size() && file.images.size() < 64) __builtin_trap();
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  using namespace scan_test;
  std::vector<std::string> seeds;
  for (const bool is64 : {true, false})
    for (const bool big : {true, false})
      seeds.push_back(make_elf({.soname = "libgomp.so.1",
                                .needed = {"libc.so.6", "libm.so.6"},
                                .rpath = "$ORIGIN:/lib",
                                .defined = gnu_symbols(),
                                .undefined = {"pthread_create"},
                                .constants = "OpenBLAS 0.3.21 USE_OPENMP",
                                .is64 = is64,
                                .big_endian = big}));
  const std::string arm = make_macho({.id = "@rpath/libx.dylib",
                                      .loads = {"@rpath/libomp.dylib"},
                                      .weak = {"/usr/lib/liby.dylib"},
                                      .reexports = {"@loader_path/libz.dylib"},
                                      .rpaths = {"@loader_path/.."},
                                      .defined = llvm_symbols(),
                                      .undefined = {"pthread_create"}});
  const std::string intel =
      make_macho({.cpu = 0x01000007, .loads = {"libomp.dylib"}, .defined = {"openblas_get_config"}});
  const std::string old =
      make_macho({.cpu = 7, .id = "libold.dylib", .defined = gnu_symbols(), .is64 = false});
  for (const std::string& one : {arm, intel, old}) seeds.push_back(one);
  for (const bool wide : {false, true})
    seeds.push_back(make_fat({{0x0100000c, arm}, {0x01000007, intel}}, wide));
  return seeds;
}
