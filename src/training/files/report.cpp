// report.html: one page without scripts or outside files.
#include "training/files/report.h"

#include <algorithm>

#include "base/log.h"
#include "training/figures_text.h"

namespace runner::lvm {
namespace {

constexpr int width = 520, height = 200, margin = 40;

struct Curve {
  const char* key;
  const char* colour;
};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

// level: the best baseline's figure as a dashed line, where it has a place in the chart.
std::string chart(const std::vector<NamedList<double>>& epochs, const char* title,
                  const std::vector<Curve>& curves, std::optional<double> level = {}) {
  double low = level.value_or(1e300), high = level.value_or(-1e300);
  for (const auto& epoch : epochs)
    for (const Curve& curve : curves) {
      const double* value = find_named(epoch, curve.key);
      if (value == nullptr) continue;
      low = std::min(low, *value);
      high = std::max(high, *value);
    }
  if (low > high || epochs.empty()) return "";
  if (high - low < 1e-12) high = low + 1e-12;
  const double last = std::max<double>(1, static_cast<double>(epochs.size()) - 1);
  std::string svg = fmt::format("<figure><figcaption>{}</figcaption><svg viewBox='0 0 {} {}' width='{}'>",
                                title, width, height + margin, width);
  svg += fmt::format("<text x='0' y='12'>{:.4g}</text><text x='0' y='{}'>{:.4g}</text>", high, height, low);
  int row = 0;
  for (const Curve& curve : curves) {
    std::string points;
    for (std::size_t i = 0; i < epochs.size(); ++i) {
      const double* value = find_named(epochs[i], curve.key);
      if (value == nullptr) continue;
      const double x = margin + 20 + (width - margin - 30) * static_cast<double>(i) / last;
      const double y = height - (height - 10) * (*value - low) / (high - low);
      points += fmt::format("{:.1f},{:.1f} ", x, y);
    }
    svg +=
        fmt::format("<polyline fill='none' stroke='{}' stroke-width='2' points='{}'/>", curve.colour, points);
    svg += fmt::format("<text x='{}' y='{}' fill='{}'>{}</text>", margin + 20 + 130 * row++, height + 25,
                       curve.colour, curve.key);
  }
  if (level) {
    const double y = height - (height - 10) * (*level - low) / (high - low);
    svg += fmt::format(
        "<line x1='{}' x2='{}' y1='{:.1f}' y2='{:.1f}' stroke='#555' stroke-dasharray='4'/><text x='{}' "
        "y='{}' "
        "fill='#555'>- - best baseline</text>",
        margin + 20, width - 10, y, y, margin + 20 + 130 * row, height + 25);
  }
  return svg + "</svg></figure>";
}

std::string table_row(const std::string& name, const NamedList<double>& figures) {
  std::string row = "<tr><td>" + escaped(name);
  for (const auto& [key, heading] : figure_columns()) row += "<td>" + figure(figures, key, 4);
  return row + "</tr>";
}

// The best epoch beside the baselines and chance.
std::string comparison(const std::vector<EpochRecord>& epochs, const BaselineFigures& baselines) {
  if (epochs.empty() || baselines.best.empty()) return "";
  const EpochRecord& best =
      *std::min_element(epochs.begin(), epochs.end(),
                        [](const EpochRecord& a, const EpochRecord& b) { return a.val_loss < b.val_loss; });
  std::string page = "<h2>Beside what needs no training</h2><table><tr><th>";
  for (const auto& [key, heading] : figure_columns()) page += std::string("<th>") + heading;
  page += "</tr>" + table_row(fmt::format("this model, epoch {}", best.epoch), numbers_of(best));
  for (const auto& [name, figures] : baselines.figures) page += table_row(name, numbers_of(figures));
  page += table_row("chance", numbers_of(baselines.chance)) + "</table>";
  return page + fmt::format("<p>Gain over {}, the best baseline: {:+.4f}.</p>", baselines.best, best.gain);
}

}  // namespace

std::string report_html(const TrainingHistory& history, const std::string& title) {
  const Figures* level = find_named(history.baselines.figures, history.baselines.best);
  const auto level_of = [level](double Figures::*figure) {
    return level == nullptr ? std::nullopt : std::optional(level->*figure);
  };
  std::vector<NamedList<double>> epochs;
  for (const EpochRecord& epoch : history.history) epochs.push_back(numbers_of(epoch));
  std::string page = fmt::format(
      "<!doctype html><html lang='en'><meta charset='utf-8'><title>{0}</title>"
      "<style>body{{font:14px sans-serif;margin:2em}}figure{{display:inline-block;margin:1em}}"
      "svg{{font-size:11px}}table{{border-collapse:collapse}}td,th{{padding:2px "
      "8px;text-align:right}}</style>"
      "<h1>{0}</h1>",
      escaped(title));
  page += comparison(history.history, history.baselines);
  page += chart(epochs, "Loss", {{"train_loss", "#0072b2"}, {"val_loss", "#d55e00"}});
  page += chart(epochs, "Cosine to the target", {{"train_cosine", "#0072b2"}, {"val_cosine", "#d55e00"}},
                level_of(&Figures::val_cosine));
  page += chart(epochs, "Margin over the last context vector", {{"margin", "#009e73"}},
                level_of(&Figures::margin));
  page +=
      chart(epochs, "Rank of the target within its article", {{"r_at_1", "#0072b2"}, {"r_at_5", "#d55e00"}});
  page += chart(epochs, "Rank of the target among its article's rows that are not in the context",
                {{"new_r_at_1", "#0072b2"}, {"new_r_at_5", "#d55e00"}});
  page += chart(epochs, "Directional term", {{"rho", "#0072b2"}, {"confidence", "#d55e00"}});
  page += chart(epochs, "Learning rate", {{"lr", "#555"}});
  page +=
      "<table><tr><th>epoch<th>train loss<th>val loss<th>val cosine<th>gain<th>margin<th>R@1<th>R@5<th>new "
      "R@1<th>new R@5</tr>";
  for (const NamedList<double>& e : epochs) {
    page += "<tr><td>" + figure(e, "epoch", 0);
    for (const char* key : {"train_loss", "val_loss"}) page += "<td>" + figure(e, key, 6);
    for (const char* key : {"val_cosine", "gain", "margin", "r_at_1", "r_at_5", "new_r_at_1", "new_r_at_5"})
      page += "<td>" + figure(e, key, 4);
    page += "</tr>";
  }
  page += "</table>";
  if (!history.events.empty()) page += "<h2>Events</h2><ul>";
  for (const EventRecord& event : history.events)
    page += fmt::format("<li>step {}: {}", event.step, escaped(event.what));
  return page + (history.events.empty() ? "" : "</ul>") + "</html>\n";
}

}  // namespace runner::lvm
