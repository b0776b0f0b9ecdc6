#include "base/version_name.h"

namespace runner {
namespace fs = std::filesystem;

namespace {

constexpr const char* stamp_format = "%Y%m%dT%H%M%SZ";
constexpr std::size_t stamp_size = 16;

bool is_stamp(const std::string& text) {
  if (text.size() != stamp_size || text[8] != 'T' || text[15] != 'Z') return false;
  for (std::size_t i = 0; i < 15; ++i)
    if (i != 8 && (text[i] < '0' || text[i] > '9')) return false;
  return true;
}

}  // namespace

std::string version_name(const fs::path& link, std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, stamp_format, &parts);
  return link.stem().string() + "." + stamp + link.extension().string();
}

std::optional<std::time_t> version_time(const fs::path& link, const std::string& name) {
  const std::string head = link.stem().string() + ".", tail = link.extension().string();
  if (name.size() != head.size() + stamp_size + tail.size() || !name.starts_with(head) ||
      !name.ends_with(tail))
    return std::nullopt;
  const std::string stamp = name.substr(head.size(), stamp_size);
  std::tm parts{};
  if (!is_stamp(stamp) || ::strptime(stamp.c_str(), stamp_format, &parts) == nullptr) return std::nullopt;
  return ::timegm(&parts);
}

}  // namespace runner
