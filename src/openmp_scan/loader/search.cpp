#include "openmp_scan/loader/search.h"

namespace runner::runtime {

std::vector<std::string> split_list(const std::string& text, const char* separators) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t to = std::min(text.find_first_of(separators, from), text.size());
    if (to > from) parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string below(const std::filesystem::path& root, const std::string& path) {
  if (root.empty() || !path.starts_with('/') || path.starts_with(root.string() + "/")) return path;
  return root.string() + path;
}

std::string variable(const Environment& environment, const char* name) {
  const auto it = environment.find(name);
  return it == environment.end() ? "" : it->second;
}

}  // namespace runner::runtime
