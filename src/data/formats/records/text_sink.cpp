#include "data/formats/records/text_sink.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/printable.h"
#include "data/formats/records/aligned.h"

namespace runner::data {
namespace {

constexpr std::size_t piece = 1 << 16;  // bytes that are written at once

class TextSink final : public RecordSink {
 public:
  TextSink(const std::string& output, std::vector<Column> columns, const char* numbered, RecordFormat format,
           IfTaken if_taken)
      : columns_(std::move(columns)), numbered_(numbered), format_(format) {
    if (output != standard_output) file_ = std::make_unique<AtomicFile>(output, if_taken);
    for (std::size_t c = 0; c < columns_.size() && first_ranked_ == none; ++c)
      if (columns_[c].ranked != nullptr) first_ranked_ = c;
    if (!is_json()) heading();
    if (format_ == RecordFormat::table) table_.emplace(texts_among_cells());
  }

  void append(std::int64_t count, const std::vector<const void*>& values) override {
    for (std::int64_t row = 0; row < count; ++row) {
      if (is_json())
        json_row(row, values);
      else
        text_rows(row, values);
      ++rows_;
      if (text_.size() >= piece) flush();
    }
  }

  void finish() override {
    if (format_ == RecordFormat::json) text_ += rows_ == 0 ? "[]\n" : "\n]\n";
    flush();
    if (file_) return file_->commit();
    if (std::fflush(stdout) != 0) throw_errno("cannot write", "standard output");
  }
  std::string target() const override { return file_ ? file_->target().string() : standard_output; }

 private:
  static constexpr std::size_t none = ~std::size_t{0};

  bool is_json() const { return format_ == RecordFormat::json || format_ == RecordFormat::jsonl; }
  static std::int64_t width_of(const Column& column) { return std::max<std::int64_t>(column.width, 1); }
  bool in_text(const Column& column) const { return first_ranked_ == none || column.width == 0; }

  void cell(const std::string& text) {
    if (!text_.empty() && text_.back() != '\n') text_ += '\t';
    text_ += text;
  }

  void heading() {
    if (numbered_ != nullptr) cell(numbered_);
    for (const Column& column : columns_) {
      if (!in_text(column)) continue;
      if (column.width == 0) cell(column.name);
      for (std::int64_t i = 0; i < column.width; ++i) cell(fmt::format("{}_{}", column.name, i));
    }
    if (first_ranked_ != none) cell("rank");
    for (const Column& column : columns_)
      if (column.ranked != nullptr) cell(column.ranked);
    text_ += '\n';
  }

  // Of the cells of a line.
  std::vector<bool> texts_among_cells() const {
    std::vector<bool> texts;
    if (numbered_ != nullptr) texts.push_back(false);
    for (const Column& column : columns_)
      if (in_text(column)) texts.insert(texts.end(), static_cast<std::size_t>(width_of(column)), false);
    if (first_ranked_ != none) texts.push_back(false);
    for (const Column& column : columns_)
      if (column.ranked != nullptr) texts.push_back(column.words != nullptr);
    return texts;
  }

  // In one line and one cell.
  std::string shown(const std::string& word) const {
    if (is_json()) return json_text(Json(word));
    if (format_ == RecordFormat::table) return printable(word, LineBreaks::escape);
    std::string text = word;
    for (char& c : text)
      if (c == '\t' || c == '\n' || c == '\r') c = ' ';
    return text;
  }

  std::string value(std::size_t c, const std::vector<const void*>& values, std::int64_t row,
                    std::int64_t i) const {
    const std::int64_t at = row * width_of(columns_[c]) + i;
    if (columns_[c].dtype == DType::i64) {
      const std::int64_t whole = static_cast<const std::int64_t*>(values[c])[at];
      const auto* words = columns_[c].words;
      return words == nullptr ? std::to_string(whole) : shown((*words)[static_cast<std::size_t>(whole)]);
    }
    const float number = static_cast<const float*>(values[c])[at];
    if (is_json() && !std::isfinite(number)) return "null";
    return format_ == RecordFormat::table ? fmt::format("{:.4f}", number) : fmt::format("{}", number);
  }

  bool found(const std::vector<const void*>& values, std::int64_t row, std::int64_t rank) const {
    const Column& column = columns_[first_ranked_];
    return column.dtype != DType::i64 ||
           static_cast<const std::int64_t*>(values[first_ranked_])[row * width_of(column) + rank] >= 0;
  }

  void leading_cells(std::int64_t row, const std::vector<const void*>& values) {
    if (numbered_ != nullptr) cell(std::to_string(rows_));
    for (std::size_t c = 0; c < columns_.size(); ++c)
      for (std::int64_t i = 0; in_text(columns_[c]) && i < width_of(columns_[c]); ++i)
        cell(value(c, values, row, i));
  }

  void text_rows(std::int64_t row, const std::vector<const void*>& values) {
    if (first_ranked_ == none) {
      leading_cells(row, values);
      text_ += '\n';
      return;
    }
    for (std::int64_t rank = 0; rank < columns_[first_ranked_].width; ++rank) {
      if (!found(values, row, rank)) continue;
      leading_cells(row, values);
      cell(std::to_string(rank + 1));
      for (std::size_t c = 0; c < columns_.size(); ++c)
        if (columns_[c].ranked != nullptr) cell(value(c, values, row, rank));
      text_ += '\n';
    }
  }

  void json_row(std::int64_t row, const std::vector<const void*>& values) {
    const char* comma = "";
    if (format_ == RecordFormat::json) text_ += rows_ == 0 ? "[\n" : ",\n";
    text_ += '{';
    if (numbered_ != nullptr) {
      text_ += fmt::format("\"{}\": {}", numbered_, rows_);
      comma = ", ";
    }
    for (std::size_t c = 0; c < columns_.size(); ++c, comma = ", ") {
      text_ += fmt::format("{}\"{}\": ", comma, columns_[c].name);
      if (columns_[c].width == 0) {
        text_ += value(c, values, row, 0);
        continue;
      }
      const char* between = "";
      text_ += '[';
      for (std::int64_t i = 0; i < columns_[c].width; ++i) {
        if (columns_[c].ranked != nullptr && !found(values, row, i)) continue;
        text_ += between + value(c, values, row, i);
        between = ", ";
      }
      text_ += ']';
    }
    text_ += format_ == RecordFormat::json ? "}" : "}\n";
  }

  void flush() {
    if (table_) text_ = table_->aligned(text_);
    if (file_)
      file_->write(text_);
    else if (std::fwrite(text_.data(), 1, text_.size(), stdout) != text_.size())
      throw_errno("cannot write", "standard output");
    text_.clear();
  }

  std::vector<Column> columns_;
  const char* numbered_;
  RecordFormat format_;
  std::optional<AlignedColumns> table_;
  std::size_t first_ranked_ = none;
  std::unique_ptr<AtomicFile> file_;
  std::string text_;
  std::int64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<RecordSink> text_sink(const std::string& output, std::vector<Column> columns,
                                      const char* numbered, RecordFormat format, IfTaken if_taken) {
  return std::make_unique<TextSink>(output, std::move(columns), numbered, format, if_taken);
}

}  // namespace runner::data
