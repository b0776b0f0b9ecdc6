#include "data/samples/windows.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/log.h"

namespace runner::data {
namespace {

bool read_number(std::string_view text, std::int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Finds rows by article and chunk number; of several the last.
class RowLookup {
 public:
  explicit RowLookup(const Vectors& vectors)
      : vectors_(vectors), order_(static_cast<std::size_t>(vectors.rows())) {
    std::iota(order_.begin(), order_.end(), 0u);
    std::sort(order_.begin(), order_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return key(a) != key(b) ? key(a) < key(b) : a < b; });
  }
  std::int64_t find(std::int64_t article, std::int64_t chunk) const {
    const std::pair wanted(article, chunk);
    const auto after =
        std::upper_bound(order_.begin(), order_.end(), wanted,
                         [&](const auto& value, std::uint32_t row) { return value < key(row); });
    return after != order_.begin() && key(*(after - 1)) == wanted ? std::int64_t{*(after - 1)} : -1;
  }
  std::int64_t article(std::int64_t row) const {
    return vectors_.has_articles() ? vectors_.articles()[static_cast<std::size_t>(row)] : 0;
  }

 private:
  std::pair<std::int64_t, std::int64_t> key(std::uint32_t row) const {
    return {article(row), vectors_.chunks()[row]};
  }
  const Vectors& vectors_;
  std::vector<std::uint32_t> order_;
};

}  // namespace

std::vector<std::pair<std::int64_t, std::int64_t>> parse_article_ranges(
    const std::vector<std::string>& texts) {
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  for (const std::string& text : texts) {
    const std::size_t dash = text.find('-', 1);  // a leading dash is a sign
    const std::string_view view(text);
    std::int64_t first = 0, last = 0;
    bool good = read_number(view.substr(0, dash), first);
    last = first;
    if (dash != std::string::npos) good = good && read_number(view.substr(dash + 1), last);
    if (!good || last < first)
      throw UsageError("'" + text + "' is no range of articles; expected \"1500-1999\" (inclusive) or \"7\"",
                       "exclude_articles");
    ranges.emplace_back(first, last);
  }
  return ranges;
}

std::vector<bool> rows_left_out(const Vectors& vectors, const WindowOptions& options) {
  const auto ranges = parse_article_ranges(options.exclude_articles);
  if (ranges.empty() && options.min_article_length <= 1) return {};
  if (!vectors.has_articles())
    throw DataError(
        "exclude_articles and min_article_length need article numbers, and the file tells none "
        "(array article_indices)",
        vectors.paths()[0]);
  const std::vector<std::int64_t>& articles = vectors.articles();
  std::unordered_map<std::int64_t, std::int64_t> lengths;
  if (options.min_article_length > 1)
    for (const std::int64_t article : articles) ++lengths[article];
  std::vector<bool> out(articles.size());
  for (std::size_t i = 0; i < articles.size(); ++i) {
    out[i] = options.min_article_length > 1 && lengths[articles[i]] < options.min_article_length;
    for (const auto& [first, last] : ranges) out[i] = out[i] || (articles[i] >= first && articles[i] <= last);
  }
  return out;
}

Windows::Windows(const Vectors& vectors, const WindowOptions& options)
    : context_(options.context), target_distance_(options.context - 1 + options.target_offset) {
  if (options.context < 1 || options.target_offset < 1)
    throw UsageError(fmt::format("context {} and target_offset {} must be at least 1", options.context,
                                 options.target_offset));
  if (vectors.rows() > std::numeric_limits<std::uint32_t>::max())
    throw DataError("more than 4,294,967,295 rows in one job; split the input", vectors.paths()[0]);
  const std::vector<bool> left_out = rows_left_out(vectors, options);
  order_ = order_of(vectors);
  if (options.within_article)
    within_articles(vectors, left_out);
  else
    legacy(vectors, options, left_out);
}

void Windows::within_articles(const Vectors& vectors, const std::vector<bool>& left_out) {
  const bool known = vectors.has_articles();
  const auto same_article = [&](std::int64_t a, std::int64_t b) {
    const auto& articles = vectors.articles();
    return !known || (articles[static_cast<std::size_t>(a)] == articles[static_cast<std::size_t>(b)] &&
                      (!order_.files_apart || vectors.file_of(a) == vectors.file_of(b)));
  };
  kept_ = order_.rows;
  std::int64_t run = 0;  // first place of the run that `place` belongs to
  for (std::int64_t place = 0; place < vectors.rows(); ++place) {
    const std::int64_t row = kept_row(place);
    if (place > 0 && !same_article(row, kept_row(place - 1))) run = place;
    if (!left_out.empty() && left_out[static_cast<std::size_t>(row)]) run = place + 1;
    if (place - target_distance_ >= run)
      starts_.push_back(static_cast<std::uint32_t>(place - target_distance_));
  }
}

void Windows::legacy(const Vectors& vectors, const WindowOptions& options,
                     const std::vector<bool>& left_out) {
  target_distance_ = context_;  // the next vector; a greater offset replaces it below
  for (std::size_t row = 0; row < left_out.size(); ++row)
    if (!left_out[row]) kept_.push_back(static_cast<std::uint32_t>(row));
  if (!left_out.empty() && kept_.empty()) return;
  const std::int64_t rows = kept_.empty() ? vectors.rows() : static_cast<std::int64_t>(kept_.size());
  const bool replace = options.target_offset > 1;
  std::optional<RowLookup> lookup;
  if (replace) lookup.emplace(vectors);
  for (std::int64_t start = 0; start + target_distance_ < rows; ++start) {
    if (replace) {
      const std::int64_t next = kept_row(start + target_distance_);
      std::int64_t chunk = vectors.chunks()[static_cast<std::size_t>(next)];
      if (__builtin_add_overflow(chunk, options.target_offset - 1, &chunk)) continue;
      const std::int64_t target = lookup->find(lookup->article(next), chunk);
      if (target < 0) continue;
      targets_.push_back(static_cast<std::uint32_t>(target));
    }
    starts_.push_back(static_cast<std::uint32_t>(start));
  }
}

std::int64_t Windows::kept_row(std::int64_t place) const {
  return kept_.empty() ? place : kept_[static_cast<std::size_t>(place)];
}

std::int64_t Windows::context_row(std::int64_t window, std::int64_t j) const {
  return kept_row(starts_[static_cast<std::size_t>(window)] + j);
}

std::int64_t Windows::target_row(std::int64_t window) const {
  const auto i = static_cast<std::size_t>(window);
  return targets_.empty() ? kept_row(starts_[i] + target_distance_) : targets_[i];
}

}  // namespace runner::data
