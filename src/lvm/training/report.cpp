// report.html: one page without scripts or outside files.
#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "lvm/training/run_files.h"

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

std::string chart(const Json& epochs, const char* title, const std::vector<Curve>& curves) {
  double low = 1e300, high = -1e300;
  for (const Json& epoch : epochs)
    for (const Curve& curve : curves) {
      if (!epoch.contains(curve.key) || !epoch[curve.key].is_number()) continue;
      low = std::min(low, epoch[curve.key].get<double>());
      high = std::max(high, epoch[curve.key].get<double>());
    }
  if (low > high) return "";
  if (high - low < 1e-12) high = low + 1e-12;
  const double last = std::max<double>(1, static_cast<double>(epochs.size()) - 1);
  std::string svg = fmt::format("<figure><figcaption>{}</figcaption><svg viewBox='0 0 {} {}' width='{}'>",
                                title, width, height + margin, width);
  svg += fmt::format("<text x='0' y='12'>{:.4g}</text><text x='0' y='{}'>{:.4g}</text>", high, height, low);
  int row = 0;
  for (const Curve& curve : curves) {
    std::string points;
    for (std::size_t i = 0; i < epochs.size(); ++i) {
      if (!epochs[i].contains(curve.key) || !epochs[i][curve.key].is_number()) continue;
      const double x = margin + 20 + (width - margin - 30) * static_cast<double>(i) / last;
      const double y = height - (height - 10) * (epochs[i][curve.key].get<double>() - low) / (high - low);
      points += fmt::format("{:.1f},{:.1f} ", x, y);
    }
    svg +=
        fmt::format("<polyline fill='none' stroke='{}' stroke-width='2' points='{}'/>", curve.colour, points);
    svg += fmt::format("<text x='{}' y='{}' fill='{}'>{}</text>", margin + 20 + 130 * row++, height + 25,
                       curve.colour, curve.key);
  }
  return svg + "</svg></figure>";
}

}  // namespace

std::string report_html(const Json& epochs, const Json& events, const std::string& title) {
  std::string page = fmt::format(
      "<!doctype html><html lang='en'><meta charset='utf-8'><title>{0}</title>"
      "<style>body{{font:14px sans-serif;margin:2em}}figure{{display:inline-block;margin:1em}}"
      "svg{{font-size:11px}}table{{border-collapse:collapse}}td,th{{padding:2px "
      "8px;text-align:right}}</style>"
      "<h1>{0}</h1>",
      escaped(title));
  page += chart(epochs, "Loss", {{"train_loss", "#0072b2"}, {"val_loss", "#d55e00"}});
  page += chart(epochs, "Cosine to the target", {{"train_cosine", "#0072b2"}, {"val_cosine", "#d55e00"}});
  page += chart(epochs, "Margin over the last context vector", {{"margin", "#009e73"}});
  page +=
      chart(epochs, "Rank of the target within its article", {{"r_at_1", "#0072b2"}, {"r_at_5", "#d55e00"}});
  page += chart(epochs, "Directional term", {{"rho", "#0072b2"}, {"confidence", "#d55e00"}});
  page += chart(epochs, "Learning rate", {{"lr", "#555"}});
  page += "<table><tr><th>epoch<th>train loss<th>val loss<th>val cosine<th>margin<th>R@1<th>R@5</tr>";
  for (const Json& e : epochs) {
    page += fmt::format("<tr><td>{}", e.value("epoch", 0));
    for (const char* key : {"train_loss", "val_loss", "val_cosine", "margin", "r_at_1", "r_at_5"})
      page += fmt::format("<td>{:.5g}", e.value(key, NAN));
    page += "</tr>";
  }
  page += "</table>";
  if (!events.empty()) page += "<h2>Events</h2><ul>";
  for (const Json& event : events)
    page += fmt::format("<li>step {}: {}", event.value("step", 0), escaped(event.value("what", "")));
  return page + (events.empty() ? "" : "</ul>") + "</html>\n";
}

}  // namespace runner::lvm
