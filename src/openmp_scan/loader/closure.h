#pragma once
// Every file that a process holds after loading some members: the graph as the loader would build it.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "openmp_scan/loader/file_store.h"
#include "openmp_scan/scan.h"

namespace runner::runtime {

struct LoadedFile {
  std::string path;                        // as opened; for one that was not found, the name asked for
  std::string asked_as;                    // the name first asked for
  std::shared_ptr<const BinaryFile> file;  // null: not found, or part of the system's own cache (macOS)
  const Image* image = nullptr;            // the one of the process's architecture; null: none could be read
  int parent = -1;                         // who asked first; -1: a member, the program, or preloaded
  bool preloaded = false;                  // by LD_PRELOAD or DYLD_INSERT_LIBRARIES, or through such a file
  std::shared_ptr<const std::vector<std::string>> rpath;  // expanded: its own and what it inherits
};

struct Closure {
  BinaryFormat format = BinaryFormat::elf;
  std::string arch;
  std::vector<LoadedFile> files;
  std::vector<std::string> problems;
  // From the member down to the file that asks for `index`. Long chains are cut in the middle.
  std::vector<std::string> chain_to(int index) const;
};

// What a search found for one name.
struct Found {
  std::string path;  // "": nothing
  FileStamp stamp;
  bool system = false;  // macOS: in the shared cache, no file on disk
  std::string remark;   // why there is nothing: "found for another architecture: …"
};

// How one system's loader looks names up.
class Search {
 public:
  virtual ~Search() = default;
  // `loader`: index of the asking file; -1 for a preloaded name.
  virtual Found find(const std::string& name, int loader, const Closure& closure) = 0;
  // Run path of a file that was just loaded, its parent's included.
  virtual std::shared_ptr<const std::vector<std::string>> run_path(const LoadedFile& file,
                                                                   const Closure& closure) = 0;
  virtual std::vector<std::string> preloads() const = 0;
};

// The image for `arch`; null when the file has none. arm64 and arm64e, x86_64 and x86_64h count as the same.
const Image* image_for(const BinaryFile& file, BinaryFormat format, const std::string& arch);

// Own folders before inherited ones, each once; shares the inherited list when nothing new comes.
std::shared_ptr<const std::vector<std::string>> join_run_path(
    const std::vector<std::string>& own, const std::shared_ptr<const std::vector<std::string>>& inherited);

Closure resolve(const std::vector<std::filesystem::path>& members, const ScanOptions& options,
                FileStore& store);

}  // namespace runner::runtime
