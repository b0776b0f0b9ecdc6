#include "openmp_scan/loader/macho_search.h"

#include <sys/stat.h>

#include <spdlog/fmt/fmt.h>

#include "openmp_scan/loader/search.h"

namespace runner::runtime {

namespace {

class MachoSearch final : public Search {
 public:
  MachoSearch(const ScanOptions& options, std::string arch, FileStore& store)
      : options_(options),
        arch_(std::move(arch)),
        store_(store),
        library_path_(split_list(variable(options.environment, "DYLD_LIBRARY_PATH"), ":")),
        fallback_path_(split_list(variable(options.environment, "DYLD_FALLBACK_LIBRARY_PATH"), ":")) {
    if (fallback_path_.empty()) fallback_path_ = {"/usr/local/lib", "/usr/lib"};
    for (auto* folders : {&library_path_, &fallback_path_})
      for (std::string& folder : *folders) folder = below(options.root, folder);
  }

  Found find(const std::string& name, int loader, const Closure& closure) override {
    Found found;
    const LoadedFile* asker = loader < 0 ? nullptr : &closure.files[static_cast<std::size_t>(loader)];
    const std::string leaf = name.substr(name.rfind('/') + 1);
    for (const std::string& folder : library_path_)
      if (try_path(folder + "/" + leaf, found)) return found;
    if (name.starts_with("@rpath/")) {
      // A run path is expanded with the file that brings it; an absent list means an rpath-less asker.
      if (asker && asker->rpath)
        for (const std::string& folder : *asker->rpath)
          if (try_path(folder + name.substr(6), found)) return found;
    } else if (try_path(expand(name, asker, closure), found)) {
      return found;
    }
    if (is_system(name)) {
      found.path = name;
      found.system = true;
      return found;
    }
    for (const std::string& folder : fallback_path_)
      if (try_path(folder + "/" + leaf, found)) return found;
    return found;
  }

  std::shared_ptr<const std::vector<std::string>> run_path(const LoadedFile& file,
                                                           const Closure& closure) override {
    std::vector<std::string> own;
    if (file.image)
      for (const std::string& folder : file.image->rpath) own.push_back(expand(folder, &file, closure));
    if (file.parent >= 0)
      return join_run_path(own, closure.files[static_cast<std::size_t>(file.parent)].rpath);
    // The program's run path serves whatever it loads.
    const bool program_first = !options_.executable.empty() && !closure.files.empty();
    return join_run_path(own, program_first ? closure.files.front().rpath : nullptr);
  }

  std::vector<std::string> preloads() const override {
    return split_list(variable(options_.environment, "DYLD_INSERT_LIBRARIES"), ":");
  }

 private:
  // Libraries of the system live in dyld's shared cache since macOS 11, not on disk.
  static bool is_system(const std::string& name) {
    return name.starts_with("/System/") ||
           (name.starts_with("/usr/lib/") && name.find("/local/") == std::string::npos);
  }

  std::string expand(const std::string& name, const LoadedFile* file, const Closure& closure) const {
    if (name.starts_with("@loader_path") && file) return folder_of(file->path) + name.substr(12);
    if (name.starts_with("@executable_path")) return program_folder(closure) + name.substr(16);
    return below(options_.root, name);
  }

  std::string program_folder(const Closure& closure) const {
    if (!options_.executable.empty()) return folder_of(options_.executable.string());
    for (const LoadedFile& file : closure.files)
      if (file.image && file.image->is_program) return folder_of(file.path);
    return "@executable_path";  // unknown: no such file, and the problem names it
  }

  bool try_path(const std::string& path, Found& found) {
    FileStamp stamp;
    if (!FileStore::stamp(path, stamp)) return false;
    const auto file = store_.get(path, stamp);
    if (!file->images.empty() && image_for(*file, BinaryFormat::macho, arch_) == nullptr) {
      if (found.remark.empty())
        found.remark =
            fmt::format("wrong architecture: {} is {}, the process {}", path, file->images[0].arch, arch_);
      return false;
    }
    found.path = path;
    found.stamp = stamp;
    return true;
  }

  const ScanOptions& options_;
  std::string arch_;
  FileStore& store_;
  std::vector<std::string> library_path_, fallback_path_;
};

}  // namespace

std::unique_ptr<Search> make_macho_search(const ScanOptions& options, const std::string& arch,
                                          FileStore& store) {
  return std::make_unique<MachoSearch>(options, arch, store);
}

}  // namespace runner::runtime
