#include "openmp_scan/loader/elf_search.h"

#include <sys/stat.h>

#include <spdlog/fmt/fmt.h>

#include <fstream>
#include <optional>
#include <sstream>

#include "openmp_scan/loader/ld_cache.h"
#include "openmp_scan/loader/search.h"

namespace runner::runtime {

namespace {

// Debian's and Fedora's names for the folders that ld.so searches last.
std::vector<std::string> default_folders(const std::string& arch) {
  std::vector<std::string> folders;
  const std::string triple = arch == "i386"    ? "i386-linux-gnu"
                             : arch == "arm"   ? "arm-linux-gnueabihf"
                             : arch == "ppc64" ? "powerpc64le-linux-gnu"
                                               : arch + "-linux-gnu";
  for (const std::string& folder : {"/lib/" + triple, "/usr/lib/" + triple, std::string("/lib64"),
                                    std::string("/usr/lib64"), std::string("/lib"), std::string("/usr/lib")})
    folders.push_back(folder);
  return folders;
}

void replace_all(std::string& text, std::string_view token, const std::string& value) {
  for (std::size_t at = 0; (at = text.find(token, at)) != std::string::npos; at += value.size())
    text.replace(at, token.size(), value);
}

// musl's loader reads no cache: a list of its own, else three folders.
std::vector<std::string> musl_folders(const ScanOptions& options, const std::string& arch) {
  std::ifstream list(below(options.root, "/etc/ld-musl-" + (arch == "arm" ? "armhf" : arch) + ".path"));
  std::ostringstream text;
  if (list) text << list.rdbuf();
  std::vector<std::string> folders = split_list(list ? text.str() : "/lib:/usr/local/lib:/usr/lib", ":\n");
  for (std::string& folder : folders) folder = below(options.root, folder);
  return folders;
}

bool needs_musl(const LoadedFile* file) {
  if (file == nullptr || file->image == nullptr) return false;
  for (const Need& need : file->image->needed)
    if (need.name.starts_with("libc.musl-")) return true;
  return false;
}

class ElfSearch final : public Search {
 public:
  ElfSearch(const ScanOptions& options, std::string arch, FileStore& store)
      : options_(options),
        arch_(std::move(arch)),
        store_(store),
        cache_(LdCache::read(below(options.root, "/etc/ld.so.cache"), arch_)),
        defaults_(default_folders(arch_)),
        library_path_(split_list(variable(options.environment, "LD_LIBRARY_PATH"), ":;")) {
    for (std::string& folder : defaults_) folder = below(options.root, folder);
    for (std::string& folder : library_path_) folder = below(options.root, folder);
    for (int level = std::min(cpu_hwcaps_level(), 4); level >= 2; --level)
      if (arch_ == "x86_64") levels_.push_back(fmt::format("/glibc-hwcaps/x86-64-v{}/", level));
  }

  Found find(const std::string& name, int loader, const Closure& closure) override {
    Found found;
    const LoadedFile* asker = loader < 0 ? nullptr : &closure.files[static_cast<std::size_t>(loader)];
    if (name.find('/') != std::string::npos) {
      try_path(asker ? expand(name, *asker) : name, found);
      return found;
    }
    const bool has_runpath = asker && asker->image && !asker->image->runpath.empty();
    if (asker && !has_runpath && asker->rpath && in_folders(*asker->rpath, name, found)) return found;
    if (in_folders(library_path_, name, found)) return found;
    if (has_runpath) {
      std::vector<std::string> folders;
      for (const std::string& folder : asker->image->runpath) folders.push_back(expand(folder, *asker));
      if (in_folders(folders, name, found)) return found;
    }
    // One libc serves the whole process.
    if (!musl_ && needs_musl(asker)) musl_ = musl_folders(options_, arch_);
    if (musl_) {
      in_folders(*musl_, name, found);
      return found;
    }
    if (const std::string* cached = cache_.find(name);
        cached && try_path(below(options_.root, *cached), found))
      return found;
    in_folders(defaults_, name, found);
    return found;
  }

  std::shared_ptr<const std::vector<std::string>> run_path(const LoadedFile& file,
                                                           const Closure& closure) override {
    std::vector<std::string> own;
    if (file.image)
      for (const std::string& folder : file.image->rpath) own.push_back(expand(folder, file));
    // What a member loads also sees the program's RPATH: a member's asker is the program.
    const int parent = file.parent >= 0 ? file.parent : (closure.files.empty() ? -1 : 0);
    const bool program_first = parent == 0 && file.parent < 0 && !options_.executable.empty();
    if (file.parent >= 0 || program_first)
      return join_run_path(own, closure.files[static_cast<std::size_t>(parent)].rpath);
    return join_run_path(own, nullptr);
  }

  std::vector<std::string> preloads() const override {
    return split_list(variable(options_.environment, "LD_PRELOAD"), " :");
  }

 private:
  std::string expand(std::string text, const LoadedFile& file) const {
    if (text.find('$') != std::string::npos) {
      for (const std::string_view token : {"${ORIGIN}", "$ORIGIN"})
        replace_all(text, token, folder_of(file.path));
      for (const std::string_view token : {"${LIB}", "$LIB"})
        replace_all(text, token, arch_ == "i386" ? "lib/i386-linux-gnu" : "lib/" + arch_ + "-linux-gnu");
      for (const std::string_view token : {"${PLATFORM}", "$PLATFORM"}) replace_all(text, token, arch_);
    }
    return below(options_.root, text);
  }

  bool exists(const std::string& folder) {
    auto [it, fresh] = folders_.try_emplace(folder, false);
    if (fresh) {
      struct stat status {};
      it->second = ::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    }
    return it->second;
  }

  bool in_folders(const std::vector<std::string>& folders, const std::string& name, Found& found) {
    for (const std::string& folder : folders) {
      if (!exists(folder)) continue;
      if (!levels_.empty() && exists(folder + "/glibc-hwcaps"))
        for (const std::string& level : levels_)
          if (try_path(folder + level + name, found)) return true;
      if (try_path(folder + "/" + name, found)) return true;
    }
    return false;
  }

  // The loader passes over files of another machine, and takes a broken one (to fail on it).
  bool try_path(const std::string& path, Found& found) {
    FileStamp stamp;
    if (!FileStore::stamp(path, stamp)) return false;
    const auto file = store_.get(path, stamp);
    if (!file->images.empty() && image_for(*file, BinaryFormat::elf, arch_) == nullptr) {
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
  LdCache cache_;
  std::vector<std::string> defaults_, library_path_, levels_;
  std::optional<std::vector<std::string>> musl_;  // its folders, once a file asked for musl
  std::unordered_map<std::string, bool> folders_;
};

}  // namespace

std::unique_ptr<Search> make_elf_search(const ScanOptions& options, const std::string& arch,
                                        FileStore& store) {
  return std::make_unique<ElfSearch>(options, arch, store);
}

}  // namespace runner::runtime
