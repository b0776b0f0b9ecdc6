#pragma once
// The shared objects below a folder, and which package each belongs to.

#include <filesystem>
#include <string>
#include <vector>

namespace runner::runtime {

struct FolderFile {
  std::filesystem::path path;
  std::filesystem::path package;  // the package's folder or file: DIR/torch
  bool is_bundled = false;        // in a wheel's X.libs or .dylibs: there for those who need it
  bool is_module = false;         // an extension module rather than a library that modules need
  std::string python;             // "cpython-311" when it serves one Python only, else ""
};

struct FolderListing {
  std::vector<FolderFile> files;      // modules before libraries, then by path
  std::vector<std::string> problems;  // folders that cannot be read
};

// Follows symbolic links, each folder once. Never throws for what the tree holds.
FolderListing list_binaries(const std::filesystem::path& folder);

}  // namespace runner::runtime
