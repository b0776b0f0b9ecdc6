#include "report/block.h"

#include <algorithm>
#include <sstream>

#include "base/terminal.h"
#include "base/utf8.h"

namespace runner::report {
namespace {

constexpr std::size_t label_width = 10, text_gap = 2;

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, columns(text)), ' ');
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, columns(text)), ' ') + text;
}

// Without the blanks at its end.
std::string ended(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

// A command in pieces that end in " \\" but for the last, so that it can be pasted; whole where it holds
// quotes, inside of which nothing may be broken.
std::vector<std::string> command_lines(const std::string& command, std::size_t width) {
  if (label_width + columns(command) <= width || command.find('\'') != std::string::npos) return {command};
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t at = 0; at < command.size();) {
    const std::size_t end = std::min(command.find(" --", at + 1), command.size());
    const std::string piece = command.substr(at, end - at);
    if (!line.empty() && label_width + columns(line + piece + " \\") > width) {
      lines.push_back(line + " \\");
      line = " ";
    }
    line += piece;
    at = end;
  }
  lines.push_back(line);
  return lines;
}

// A part that no line has room for is broken at blanks, as a sentence; paths and commands never.
std::string in_a_line(const std::string& part, const std::string& between, std::size_t width) {
  if (between == "\n" || label_width + columns(part) < width || part.find('/') != std::string::npos)
    return part;
  std::string broken = wrap_line(std::string(label_width, ' ') + part, width - 1, label_width);
  return broken.erase(0, label_width);
}

}  // namespace

void Block::add(std::string label, std::vector<std::string> parts) {
  std::erase(parts, "");
  items_.push_back({std::move(label), std::move(parts), ", "});
}

void Block::add_list(std::string label, std::vector<std::string> lines) {
  items_.push_back({std::move(label), std::move(lines), "\n"});
}

void Block::add_text(std::string label, const std::string& sentence) {
  std::istringstream words(sentence);
  Item item{std::move(label), {}, " "};
  for (std::string word; words >> word;) item.parts.push_back(word);
  items_.push_back(std::move(item));
}

void Block::add_table(std::string lines) {
  items_.push_back({"", {std::move(lines)}, ""});
}

std::string Block::text(std::size_t width) const {
  std::string all;
  for (const Item& item : items_) {
    if (item.between.empty()) {
      all += item.parts.front();
      continue;
    }
    std::string line = padded(item.label, label_width);
    std::vector<std::string> parts = item.parts;
    if (item.between == "\n") {
      parts.clear();
      for (const std::string& command : item.parts)
        for (std::string& piece : command_lines(command, width)) parts.push_back(std::move(piece));
    }
    const std::string comma = item.between == ", " ? "," : "";
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool last = i + 1 == parts.size();
      const std::string part = in_a_line(parts[i], item.between, width) + (last ? "" : comma);
      const bool fits = item.between != "\n" && columns(line) + 1 + columns(part) <= width;
      if (i > 0 && !fits) {
        all += ended(std::move(line));
        line = std::string(label_width, ' ');
      } else if (i > 0) {
        line += ' ';
      }
      line += part;
    }
    all += ended(std::move(line));
  }
  return all;
}

std::size_t block_width(int fd) {
  return terminal_width(fd, std::string::npos);
}

Table::Table(std::vector<TableColumn> columns, std::size_t width)
    : columns_(std::move(columns)), shown_(columns_.size(), true) {
  const auto used = [&] {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) sum += shown_[i] ? columns_[i].width : 0;
    return sum;
  };
  while (used() > width) {
    std::size_t lowest = 0;
    for (std::size_t i = 1; i < columns_.size(); ++i)
      if (shown_[i] && (lowest == 0 || columns_[i].rank < columns_[lowest].rank)) lowest = i;
    if (lowest == 0) return;  // the first one stays
    shown_[lowest] = false;
  }
}

std::string Table::heading() const {
  std::vector<std::string> cells;
  for (const TableColumn& column : columns_) cells.push_back(column.heading);
  return row(cells);
}

std::string Table::row(const std::vector<std::string>& cells) const {
  std::string line;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!shown_[i]) continue;
    const std::string& cell = cells.at(i);
    const std::size_t width = columns_[i].width;
    if (i == 0)
      line += padded(cell, width);
    else if (columns_[i].is_text)
      line += std::string(text_gap, ' ') + padded(cell, width - text_gap);
    else
      line += right(cell, width);
  }
  return ended(std::move(line));
}

}  // namespace runner::report
