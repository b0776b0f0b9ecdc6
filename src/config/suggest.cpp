#include "config/suggest.h"

#include <algorithm>
#include <numeric>

namespace runner::config {
namespace {

// Edit distance with transpositions of neighbours (optimal string alignment).
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

// As it is compared: `--batch-size`, `batch_size` and `train.batch_size` are written with '_' alike.
std::string spelled(std::string word) {
  std::replace(word.begin(), word.end(), '-', '_');
  return word;
}

bool same_letters(std::string a, std::string b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

std::string last_part(const std::string& key) {
  return key.substr(key.rfind('.') + 1);
}

}  // namespace

std::string named_key(const std::string& word, const Binder& binder) {
  const std::string wanted = spelled(word);
  for (const auto& field : binder.fields()) {
    std::string flat = field->key;
    std::replace(flat.begin(), flat.end(), '.', '_');
    if (wanted == flat || wanted == field->key) return field->key;
  }
  for (const auto& field : binder.fields()) {
    const auto& others = field->other_names;
    if (std::find(others.begin(), others.end(), wanted) != others.end()) return field->key;
  }
  if (wanted.find('.') == std::string::npos)
    for (const auto& field : binder.fields())
      if (last_part(field->key) == wanted) return field->key;
  return "";
}

std::string closest_key(const std::string& word, const Binder& binder) {
  if (std::string key = named_key(word, binder); !key.empty()) return key;
  std::vector<std::string> keys, last_parts;
  for (const auto& field : binder.fields()) {
    keys.push_back(field->key);
    last_parts.push_back(last_part(field->key));
  }
  if (std::string key = closest(spelled(word), keys); !key.empty()) return key;
  const std::string last = last_part(spelled(word));
  if (last != word)
    if (std::string key = named_key(last, binder); !key.empty()) return key;
  std::string near = closest(last, last_parts);
  if (near.empty())  // "lr_rate", "epochs_max"
    for (const std::string& part : last_parts)
      if (near.empty() && part.size() > 1 && last.starts_with(part + "_")) near = part;
  return near.empty() ? "" : keys[std::find(last_parts.begin(), last_parts.end(), near) - last_parts.begin()];
}

// Among candidates equally near, one whose letters only stand in another order is what was meant.
std::string closest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t d = distance(word, candidate);
    if (d < best_distance ||
        (d == best_distance && same_letters(candidate, word) && !same_letters(best, word))) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

}  // namespace runner::config
