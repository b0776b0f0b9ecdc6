#pragma once
// A folder for one test, and scans that see nothing of this machine's settings.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "openmp_scan/binaries.h"
#include "openmp_scan/scan.h"

namespace scan_test {

namespace fs = std::filesystem;

class ScanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "runner_scan_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = fs::canonical(name);
    options.environment.clear();
    options.use_cache = false;
  }
  void TearDown() override {
    std::error_code error;
    fs::permissions(folder, fs::perms::owner_all, error);
    fs::remove_all(folder, error);
  }

  void elf(const std::string& name, const ElfSpec& spec) { write(folder / name, make_elf(spec)); }
  void macho(const std::string& name, const MachoSpec& spec) { write(folder / name, make_macho(spec)); }
  runner::runtime::ScanResult scan(const std::vector<std::string>& names) {
    std::vector<fs::path> members;
    for (const std::string& name : names) members.push_back(folder / name);
    return runner::runtime::scan(members, options);
  }
  std::string at(const std::string& name) const { return (folder / name).string(); }

  fs::path folder;
  runner::runtime::ScanOptions options;
};

inline std::vector<std::string> paths(const runner::runtime::ScanResult& result) {
  std::vector<std::string> all;
  for (const auto& r : result.runtimes) all.push_back(r.path);
  return all;
}

inline bool mentions(const std::vector<std::string>& lines, const std::string& text) {
  for (const std::string& line : lines)
    if (line.find(text) != std::string::npos) return true;
  return false;
}

}  // namespace scan_test
