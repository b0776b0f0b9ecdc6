#include "openmp_scan/loader/closure.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <deque>

#include "openmp_scan/loader/elf_search.h"
#include "openmp_scan/loader/macho_search.h"
#include "openmp_scan/loader/search.h"

namespace runner::runtime {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_files = 100000;

std::string plain_arch(const std::string& arch) {
  if (arch == "arm64e") return "arm64";
  return arch == "x86_64h" ? "x86_64" : arch;
}

class Builder {
 public:
  Builder(const ScanOptions& options, FileStore& store, Closure& closure)
      : options_(options),
        store_(store),
        closure_(closure),
        search_(closure.format == BinaryFormat::elf ? make_elf_search(options, closure.arch, store)
                                                    : make_macho_search(options, closure.arch, store)) {}

  void build(const std::vector<fs::path>& members) {
    if (!options_.executable.empty()) add_path(options_.executable.string(), false);
    for (const std::string& name : search_->preloads()) {
      const Found found = search_->find(name, -1, closure_);
      if (found.path.empty())
        problem(name, "is to be preloaded, but was not found");
      else
        add(found.path, found.stamp, name, -1, true);
    }
    walk();
    for (const fs::path& member : members) {
      add_path(member.string(), true);
      walk();  // each is loaded with all it needs before the next
    }
  }

 private:
  void problem(const std::string& where, const std::string& what) {
    // "$ORIGIN/../x" reads better without the detour; a name that is no path stays as it is.
    const bool detour = where.find("/../") != std::string::npos;
    closure_.problems.push_back((detour ? fs::path(where).lexically_normal().string() : where) + ": " + what);
  }

  void add_path(const std::string& path, bool report) {
    FileStamp stamp;
    if (FileStore::stamp(path, stamp))
      add(path, stamp, path, -1, false);
    else if (report)
      problem(path, "no such file");
  }

  // One file is loaded once, whatever the names that lead to it.
  void add(const std::string& path, const FileStamp& stamp, const std::string& asked_as, int parent,
           bool preloaded) {
    const std::string identity = fmt::format("{}:{}", stamp.device, stamp.inode);
    if (const auto it = by_file_.find(identity); it != by_file_.end()) {
      by_name_.try_emplace(asked_as, it->second);
      return;
    }
    const int index = static_cast<int>(closure_.files.size());
    LoadedFile file;
    file.path = path;
    file.asked_as = asked_as;
    file.parent = parent;
    file.preloaded = preloaded || (parent >= 0 && closure_.files[static_cast<std::size_t>(parent)].preloaded);
    file.file = store_.get(path, stamp);
    file.image = image_for(*file.file, closure_.format, closure_.arch);
    if (!file.file->problem.empty())
      problem(path, file.file->problem);
    else if (file.image == nullptr)
      wrong_kind(path, *file.file);
    file.rpath = search_->run_path(file, closure_);
    by_file_.emplace(identity, index);
    by_name_.try_emplace(asked_as, index);
    by_name_.try_emplace(path, index);
    // ELF goes by soname; dyld by an absolute install name.
    if (file.image && !file.image->name.empty() &&
        (closure_.format == BinaryFormat::elf || file.image->name.starts_with('/')))
      by_name_.try_emplace(file.image->name, index);
    closure_.files.push_back(std::move(file));
    queue_.push_back(index);
  }

  void wrong_kind(const std::string& path, const BinaryFile& file) {
    if (file.images.empty()) return problem(path, "could not be read");
    const Image& image = file.images.front();
    if (image.format != closure_.format)
      return problem(path, image.format == BinaryFormat::elf
                               ? "is for Linux (ELF), the others are for macOS"
                               : "is for macOS (Mach-O), the others are for Linux");
    problem(path, fmt::format("wrong architecture: is {}, the process {}", image.arch, closure_.arch));
  }

  void walk() {
    while (!queue_.empty()) {
      const int index = queue_.front();
      queue_.pop_front();
      const auto file = closure_.files[static_cast<std::size_t>(index)].file;  // keeps the image alive
      const Image* image = closure_.files[static_cast<std::size_t>(index)].image;
      if (image == nullptr) continue;
      for (const Need& need : image->needed) {
        if (closure_.files.size() >= most_files) return too_many();
        take(need, index);
      }
    }
  }

  void take(const Need& need, int asker) {
    // An @-name means another file for each asker; only the search can tell.
    if (!need.name.starts_with('@') && by_name_.contains(need.name)) return;
    const Found found = search_->find(need.name, asker, closure_);
    if (!found.path.empty() && !found.system) return add(found.path, found.stamp, need.name, asker, false);
    const std::string& by = closure_.files[static_cast<std::size_t>(asker)].path;
    if (!found.system && !need.optional && !by_name_.contains(need.name))
      problem(by, fmt::format("needs {}, {}", need.name,
                              found.remark.empty() ? "which was not found" : found.remark));
    if (!by_name_.try_emplace(need.name, static_cast<int>(closure_.files.size())).second) return;
    LoadedFile absent;
    absent.path = absent.asked_as = need.name;
    absent.parent = asker;
    absent.preloaded = closure_.files[static_cast<std::size_t>(asker)].preloaded;
    closure_.files.push_back(std::move(absent));
  }

  void too_many() {
    problem(closure_.files.front().path,
            fmt::format("more than {} files are needed; the rest was left out", most_files));
    queue_.clear();
  }

  const ScanOptions& options_;
  FileStore& store_;
  Closure& closure_;
  std::unique_ptr<Search> search_;
  std::unordered_map<std::string, int> by_name_, by_file_;
  std::deque<int> queue_;
};

// The format and architecture that most members have; among a fat file's, this machine's first.
void choose_target(const std::vector<fs::path>& members, const ScanOptions& options, FileStore& store,
                   Closure& closure) {
#if defined(__aarch64__) || defined(__arm64__)
  const std::vector<std::string> preferred = {"arm64", "aarch64", "x86_64"};
#else
  const std::vector<std::string> preferred = {"x86_64", "arm64", "aarch64"};
#endif
  std::map<std::pair<BinaryFormat, std::string>, int> votes;
  for (const fs::path& member : members) {
    FileStamp stamp;
    if (!FileStore::stamp(member.string(), stamp)) continue;
    for (const Image& image : store.get(member.string(), stamp)->images)
      ++votes[{image.format, plain_arch(image.arch)}];
  }
  int best = -1;
  for (const auto& [target, count] : votes) {
    const auto place = std::find(preferred.begin(), preferred.end(), target.second);
    const int score = count * 10 + static_cast<int>(preferred.end() - place) +
                      (target.second == options.arch ? 1 << 20 : 0);
    if (score <= best) continue;
    best = score;
    closure.format = target.first;
    closure.arch = target.second;
  }
}

}  // namespace

const Image* image_for(const BinaryFile& file, BinaryFormat format, const std::string& arch) {
  for (const Image& image : file.images)
    if (image.format == format && plain_arch(image.arch) == plain_arch(arch)) return &image;
  return nullptr;
}

std::shared_ptr<const std::vector<std::string>> join_run_path(
    const std::vector<std::string>& own, const std::shared_ptr<const std::vector<std::string>>& inherited) {
  if (own.empty()) return inherited;
  if (inherited && inherited->size() >= own.size() && std::equal(own.begin(), own.end(), inherited->begin()))
    return inherited;
  auto joined = std::make_shared<std::vector<std::string>>(own);
  if (inherited)
    for (const std::string& folder : *inherited)
      if (std::find(own.begin(), own.end(), folder) == own.end()) joined->push_back(folder);
  return joined;
}

std::vector<std::string> Closure::chain_to(int index) const {
  constexpr std::size_t longest = 24;
  std::vector<std::string> chain;
  for (int i = files[static_cast<std::size_t>(index)].parent; i >= 0;
       i = files[static_cast<std::size_t>(i)].parent)
    chain.push_back(files[static_cast<std::size_t>(i)].path);
  std::reverse(chain.begin(), chain.end());
  if (chain.size() > longest) {
    const std::size_t left_out = chain.size() - longest + 1;
    chain.erase(chain.begin() + longest / 2,
                chain.begin() + static_cast<std::ptrdiff_t>(longest / 2 + left_out));
    chain.insert(chain.begin() + longest / 2, fmt::format("({} more)", left_out));
  }
  return chain;
}

Closure resolve(const std::vector<fs::path>& members, const ScanOptions& options, FileStore& store) {
  std::vector<fs::path> absolute;
  for (const fs::path& member : members) {
    std::error_code error;
    absolute.push_back(fs::absolute(member, error).lexically_normal());
  }
  Closure closure;
  choose_target(absolute, options, store, closure);
  Builder(options, store, closure).build(absolute);
  return closure;
}

}  // namespace runner::runtime
