#include "cli/help/suggest_flag.h"

#include <algorithm>
#include <cctype>

#include "config/suggest.h"

namespace runner::cli {
namespace {

// As flags are compared: "--Batch_Size" is "batch-size".
std::string bare(const std::string& flag) {
  std::string word = flag.substr(std::min(flag.find_first_not_of('-'), flag.size()));
  for (char& c : word) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word;
}

// A key's flag, or how --set gives it.
std::string way_to(const std::string& key, const config::Binder& binder) {
  for (const auto& field : binder.fields())
    if (field->key == key) return field->flags.empty() ? "--set " + key + "=…" : field->flags[0];
  return "";
}

// One of the two goes on behind the other with a word of its own: "output" and "output-dir".
bool goes_on(const std::string& longer, const std::string& shorter) {
  return longer.size() > shorter.size() && longer.compare(0, shorter.size() + 1, shorter + "-") == 0;
}

}  // namespace

std::string suggest_flag(const std::string& flag, const DescribedCommand& command,
                         const config::Binder* binder) {
  const std::string wanted = bare(flag);
  std::vector<std::string> known, bare_known;
  for (const DescribedFlag& described : command.flags)
    for (const std::string& name : described.names)
      if (name.starts_with("--")) {
        known.push_back(name);
        bare_known.push_back(bare(name));
      }
  const auto flag_at = [&](auto found) {
    return known[static_cast<std::size_t>(found - bare_known.begin())];
  };
  if (const auto same = std::find(bare_known.begin(), bare_known.end(), wanted); same != bare_known.end())
    return flag_at(same);
  if (binder != nullptr)
    if (const std::string key = config::named_key(wanted, *binder); !key.empty()) return way_to(key, *binder);
  if (const std::string near = config::closest(wanted, bare_known); !near.empty() && wanted.size() > 2)
    return flag_at(std::find(bare_known.begin(), bare_known.end(), near));
  const auto related = std::find_if(bare_known.begin(), bare_known.end(), [&](const std::string& name) {
    return goes_on(wanted, name) || goes_on(name, wanted);
  });
  if (related != bare_known.end()) return flag_at(related);
  if (binder == nullptr || wanted.size() < 5) return "";
  const std::string key = config::closest_key(wanted, *binder);
  return key.empty() ? "" : way_to(key, *binder);
}

}  // namespace runner::cli
