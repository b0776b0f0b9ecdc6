#pragma once
// The two loaders' ways of finding a name.

#include <memory>

#include "openmp_scan/loader/closure.h"

namespace runner::runtime {

// ld.so(8): RPATH of the asker and its askers, LD_LIBRARY_PATH, RUNPATH of the asker, ld.so.cache, default
// folders.
std::unique_ptr<Search> make_elf_search(const ScanOptions& options, const std::string& arch,
                                        FileStore& store);
// dyld(1): @rpath, @loader_path, @executable_path, absolute install names, DYLD_* paths.
std::unique_ptr<Search> make_macho_search(const ScanOptions& options, const std::string& arch,
                                          FileStore& store);

// "a:b" → {"a", "b"}; empty parts are left out.
std::vector<std::string> split_list(const std::string& text, const char* separators);
// The folder of a path: "/a/b" → "/a"; "b" → ".".
std::string folder_of(const std::string& path);
// `path` below the root, where a root is set and the path is not below it already.
std::string below(const std::filesystem::path& root, const std::string& path);
std::string variable(const Environment& environment, const char* name);

}  // namespace runner::runtime
