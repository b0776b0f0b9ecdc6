#include "openmp_scan/verdict/sets.h"

#include <algorithm>
#include <map>
#include <set>

#include "openmp_scan/loader/folder_walk.h"
#include "openmp_scan/verdict/collect.h"

namespace runner::runtime {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_packages_for_pairs = 12;

// What cannot meet in a process: another format, another architecture, another Python.
struct Target {
  BinaryFormat format = BinaryFormat::elf;
  std::string arch, python;
  auto operator<=>(const Target&) const = default;  // NOLINT(modernize-use-nullptr)
};

using Packages = std::map<fs::path, std::vector<FolderFile>>;  // by the package's folder or file

std::string plain(const std::string& arch) {
  return arch == "arm64e" ? "arm64" : arch == "x86_64h" ? "x86_64" : arch;
}

class Sets {
 public:
  Sets(const ScanOptions& options, FileStore& store) : options_(options), store_(store) {}

  void add(const FolderFile& file) {
    FileStamp stamp;
    if (!FileStore::stamp(file.path.string(), stamp)) {
      result.problems.push_back(file.path.string() + ": the link leads nowhere");
      return;
    }
    const auto binary = store_.get(file.path.string(), stamp);
    if (!binary->is_binary) return;  // a linker script, say
    ++result.binaries;
    if (binary->images.empty()) result.problems.push_back(file.path.string() + ": " + binary->problem);
    if (file.is_bundled) return;  // counts where something needs it
    std::set<std::string> archs;
    for (const Image& image : binary->images)
      if (archs.insert(plain(image.arch)).second)
        targets_[{image.format, plain(image.arch), file.python}][file.package].push_back(file);
  }

  void judge() {
    for (const auto& [target, packages] : targets_)
      if (!target.python.empty() || !serves_a_python(target))
        judge_target(target, with_general(target, packages));
    for (const ScanResult& set : result.sets) result.worst = std::max(result.worst, set.verdict);
  }

  SetsResult result;

 private:
  bool serves_a_python(const Target& general) const {
    return std::any_of(targets_.begin(), targets_.end(), [&](const auto& entry) {
      return entry.first.format == general.format && entry.first.arch == general.arch &&
             !entry.first.python.empty();
    });
  }

  // Libraries and abi3 modules serve every Python of their system.
  Packages with_general(const Target& target, Packages packages) const {
    const auto general = targets_.find({target.format, target.arch, ""});
    if (target.python.empty() || general == targets_.end()) return packages;
    for (const auto& [package, files] : general->second)
      packages[package].insert(packages[package].end(), files.begin(), files.end());
    return packages;
  }

  ScanResult scan_packages(const Target& target, const Packages& packages,
                           const std::vector<fs::path>& names) {
    std::vector<fs::path> files;
    for (const bool modules : {true, false})  // what modules pull in is theirs; the rest is loaded on its own
      for (const fs::path& name : names)
        for (const FolderFile& file : packages.at(name))
          if (file.is_module == modules) files.push_back(file.path);
    ScanOptions options = options_;
    options.arch = target.arch;
    ScanResult set = scan_with(store_, files, options);
    set.members.clear();
    for (const fs::path& name : names) set.members.push_back(name.string());
    return set;
  }

  // A library that lies beside the modules which need it is theirs, not a package.
  Packages without_flat_libraries(const Target& target, Packages packages) {
    std::vector<fs::path> names;
    for (const auto& [package, files] : packages) names.push_back(package);
    const ScanResult all = scan_packages(target, packages, names);
    const auto drop = [&](const std::string& path, const std::vector<std::string>& needed_by) {
      if (needed_by.empty()) return;
      std::erase_if(packages, [&](const auto& entry) {
        std::error_code error;
        return fs::canonical(entry.first, error) == path && !error;
      });
    };
    for (const Runtime& r : all.runtimes) drop(r.path, r.needed_by);
    for (const BlasPool& p : all.blas) drop(p.path, p.needed_by);
    return packages;
  }

  void judge_target(const Target& target, const Packages& listed) {
    const Packages packages = without_flat_libraries(target, listed);
    std::vector<fs::path> interesting, all;
    std::map<fs::path, ScanResult> alone;
    for (const auto& [package, files] : packages) {
      all.push_back(package);
      ScanResult set = scan_packages(target, packages, {package});
      if (set.runtimes.empty() && set.blas.empty()) {
        keep_problems(set);
        continue;
      }
      interesting.push_back(package);
      alone.emplace(package, set);
      result.sets.push_back(std::move(set));
    }
    if (interesting.empty()) result.sets.push_back(quiet_set(target, packages, all));
    const std::vector<fs::path> owners = without_guests(interesting, alone);
    if (owners.size() > 2 && owners.size() <= most_packages_for_pairs)
      add_pairs(target, packages, owners, alone);
    if (interesting.size() > 1) add_joint(scan_packages(target, packages, interesting));
  }

  // Packages that bring a runtime: no pairs for one that only uses another's (functorch, torch's), nor for
  // one with a BLAS alone, which the set of all shows.
  static std::vector<fs::path> without_guests(const std::vector<fs::path>& names,
                                              const std::map<fs::path, ScanResult>& alone) {
    std::vector<fs::path> owners;
    for (const fs::path& name : names) {
      const auto is_elsewhere = [&](const std::string& path) {
        return std::any_of(names.begin(), names.end(), [&](const fs::path& other) {
          return other != name && path.starts_with(other.string() + "/");
        });
      };
      const ScanResult& set = alone.at(name);
      if (!set.runtimes.empty() && !std::all_of(set.runtimes.begin(), set.runtimes.end(),
                                                [&](const Runtime& r) { return is_elsewhere(r.path); }))
        owners.push_back(name);
    }
    return owners;
  }

  // What is wrong with its files is said with each package already.
  void add_joint(ScanResult set) {
    set.problems.clear();
    result.sets.push_back(std::move(set));
  }

  void add_pairs(const Target& target, const Packages& packages, const std::vector<fs::path>& names,
                 const std::map<fs::path, ScanResult>& alone) {
    for (std::size_t a = 0; a < names.size(); ++a)
      for (std::size_t b = a + 1; b < names.size(); ++b) {
        ScanResult set = scan_packages(target, packages, {names[a], names[b]});
        if (set.verdict > std::max({alone.at(names[a]).verdict, alone.at(names[b]).verdict, Verdict::one}))
          add_joint(std::move(set));
      }
  }

  ScanResult quiet_set(const Target& target, const Packages& packages, const std::vector<fs::path>& names) {
    ScanResult set = scan_packages(target, packages, names);
    set.problems.clear();  // kept already
    return set;
  }

  void keep_problems(const ScanResult& set) {
    for (const std::string& problem : set.problems)
      if (std::find(result.problems.begin(), result.problems.end(), problem) == result.problems.end())
        result.problems.push_back(problem);
  }

  const ScanOptions& options_;
  FileStore& store_;
  std::map<Target, Packages> targets_;
};

// A folder with a Python of its own: what it loads sees that program's run path.
fs::path program_in(const std::vector<fs::path>& paths) {
  std::error_code error;
  for (const fs::path& path : paths)
    if (fs::path python = path / "bin" / "python3"; fs::is_regular_file(python, error)) return python;
  return {};
}

}  // namespace

SetsResult scan_sets(const std::vector<fs::path>& paths, const ScanOptions& wanted) {
  std::error_code error;
  FileStore store(wanted.use_cache ? cache_file(cache_folder(wanted.cache_folder), paths) : fs::path());
  ScanOptions options = wanted;
  if (options.executable.empty()) options.executable = program_in(paths);
  const bool only_files =
      std::none_of(paths.begin(), paths.end(), [&](const fs::path& p) { return fs::is_directory(p, error); });
  SetsResult result;
  if (only_files) {
    result.sets.push_back(scan_with(store, paths, options));
    result.worst = result.sets[0].verdict;
    result.binaries = paths.size();
  } else {
    Sets sets(options, store);
    for (const fs::path& path : paths) {
      if (!fs::is_directory(path, error)) {
        const fs::path file = fs::absolute(path, error).lexically_normal();
        FolderFile single;
        single.path = single.package = file;
        single.is_module = true;
        sets.add(single);
        continue;
      }
      FolderListing listing = list_binaries(path);
      sets.result.problems.insert(sets.result.problems.end(), listing.problems.begin(),
                                  listing.problems.end());
      for (const FolderFile& file : listing.files) sets.add(file);
    }
    sets.judge();
    result = std::move(sets.result);
  }
  store.save();
  return result;
}

}  // namespace runner::runtime
