#include "report/html.h"

#include "base/log.h"
#include "base/printable.h"

namespace runner::report {
namespace {

// Colours of curves: Okabe and Ito's, which people of any colour vision tell apart; lighter ones on dark.
constexpr const char* style =
    R"(:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--faint:#59636e;--rule:#d7dce1;--sunk:#f4f6f8;
--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#a3488a;--s4:#8a6d00;--s5:#2a9fd6;--s6:#6b5bd2;--s7:#59636e}
@media(prefers-color-scheme:dark){:root{--back:#14171a;--text:#e3e7eb;--faint:#98a2ad;--rule:#343b42;--sunk:#1d2227;
--s0:#56b4e9;--s1:#ff9248;--s2:#2ec79b;--s3:#e29bcb;--s4:#e6c84b;--s5:#8fd0f2;--s6:#b0a6f5;--s7:#98a2ad}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;background:var(--back);color:var(--text);max-width:1180px;margin:0 auto;padding:16px}
h1{font-size:1.5em;margin:.2em 0;overflow-wrap:anywhere}h2{font-size:1.15em;margin:1.6em 0 .5em}
p{margin:.3em 0}.faint,figcaption{color:var(--faint)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:16px}
figure{margin:0;min-width:0}figcaption{font-weight:600}
svg{display:block;width:100%;max-width:600px;height:auto;font-size:11px}
.grid{stroke:var(--rule)}text.axis{fill:var(--faint)}.level{stroke:var(--faint)}.mark{stroke:var(--s1)}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:3px 12px 3px 0;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap;font-weight:400}
thead th{color:var(--faint)}td:first-child,th:first-child{text-align:left}
.facts td,.facts th{text-align:left;white-space:normal;overflow-wrap:anywhere;vertical-align:top}
.facts th{color:var(--faint);white-space:nowrap}
pre{background:var(--sunk);padding:10px;overflow-x:auto;margin:.4em 0;font-size:13px}
)";

std::string series_style() {
  std::string out;
  for (int i = 0; i < 8; ++i)
    out += fmt::format(
        ".series-{0}{{stroke:var(--s{0});stroke-width:2}}.series-{0} circle{{fill:var(--s{0});"
        "stroke:none}}",
        i);
  return out;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : presentable(std::string(text))) switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  return out;
}

std::string table(const std::vector<std::string>& headings,
                  const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return "";
  std::string out = "<div class='scroll'><table><thead><tr>";
  for (const std::string& heading : headings) out += "<th scope='col'>" + escaped(heading) + "</th>";
  out += "</tr></thead><tbody>";
  for (const auto& row : rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i)
      out += i == 0 ? "<th scope='row'>" + escaped(row[i]) + "</th>" : "<td>" + escaped(row[i]) + "</td>";
    out += "</tr>";
  }
  return out + "</tbody></table></div>\n";
}

std::string facts(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string rows;
  for (const auto& [name, value] : pairs)
    if (!value.empty())
      rows += "<tr><th scope='row'>" + escaped(name) + "</th><td>" + escaped(value) + "</td></tr>";
  return rows.empty() ? "" : "<table class='facts'><tbody>" + rows + "</tbody></table>\n";
}

std::string charts(const std::vector<Chart>& all) {
  std::string figures;
  for (const Chart& chart : all) {
    const std::string drawing = svg(chart);
    if (!drawing.empty())
      figures += "<figure><figcaption>" + escaped(chart.title) + "</figcaption>" + drawing + "</figure>\n";
  }
  return figures.empty() ? "" : "<div class='charts'>" + figures + "</div>\n";
}

std::string section(const std::string& heading, const std::string& body) {
  return body.empty() ? "" : "<h2>" + escaped(heading) + "</h2>\n" + body;
}

std::string code(const std::string& text) {
  return text.empty() ? "" : "<pre>" + escaped(text) + "</pre>\n";
}

bool is_page(std::string_view text) {
  return text.starts_with("<!doctype html>\n") && text.substr(0, 400).find("content='runner'") != text.npos;
}

std::string page(const std::string& title, const std::string& body) {
  return "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
         "<meta name='generator' content='runner'><meta name='viewport' "
         "content='width=device-width,initial-scale=1'><title>" +
         escaped(title) + "</title><style>" + style + series_style() + "</style></head>\n<body>\n<h1>" +
         escaped(title) + "</h1>\n" + body + "</body></html>\n";
}

}  // namespace runner::report
