#pragma once
// One HTML page without scripts or outside files: light and dark, on a desk and on a phone.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/svg_chart.h"

namespace runner::report {

// For text and for attributes in either kind of quotes; bytes that are no UTF-8 and control characters are
// written as escapes.
std::string escaped(std::string_view text);

// A table that scrolls inside itself where the page is narrower. Cells are plain text; the first of a row is
// its heading.
std::string table(const std::vector<std::string>& headings,
                  const std::vector<std::vector<std::string>>& rows);

// Names and what they are, a row each; those that are empty are left out. "" when nothing is left.
std::string facts(const std::vector<std::pair<std::string, std::string>>& pairs);

// Charts side by side where there is room; those without a point are left out.
std::string charts(const std::vector<Chart>& charts);

// <h2> and the body; "" when the body is.
std::string section(const std::string& heading, const std::string& body);

// Preformatted text that scrolls inside itself; "" for none.
std::string code(const std::string& text);

std::string page(const std::string& title, const std::string& body);
// Whether a text is such a page.
bool is_page(std::string_view text);

}  // namespace runner::report
