#include "data/formats/records/text_sink.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/log.h"

namespace runner::data {
namespace {

constexpr std::size_t piece = 1 << 16;  // bytes that are written at once

class TextSink final : public RecordSink {
 public:
  TextSink(const std::string& output, std::vector<Column> columns, const char* numbered, bool json,
           IfTaken if_taken)
      : columns_(std::move(columns)), numbered_(numbered), json_(json) {
    if (output != standard_output) file_ = std::make_unique<AtomicFile>(output, if_taken);
    for (std::size_t c = 0; c < columns_.size() && first_ranked_ == none; ++c)
      if (columns_[c].ranked != nullptr) first_ranked_ = c;
    if (!json_) heading();
  }

  void append(std::int64_t count, const std::vector<const void*>& values) override {
    for (std::int64_t row = 0; row < count; ++row) {
      if (json_)
        json_row(row, values);
      else
        text_rows(row, values);
      ++rows_;
      if (text_.size() >= piece) flush();
    }
  }

  void finish() override {
    flush();
    if (file_) return file_->commit();
    if (std::fflush(stdout) != 0) throw_errno("cannot write", "standard output");
  }
  std::string target() const override { return file_ ? file_->target().string() : standard_output; }

 private:
  static constexpr std::size_t none = ~std::size_t{0};

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

  std::string value(std::size_t c, const std::vector<const void*>& values, std::int64_t row,
                    std::int64_t i) const {
    const std::int64_t at = row * width_of(columns_[c]) + i;
    if (columns_[c].dtype == DType::i64)
      return std::to_string(static_cast<const std::int64_t*>(values[c])[at]);
    const float number = static_cast<const float*>(values[c])[at];
    if (json_ && !std::isfinite(number)) return "null";
    return fmt::format("{}", number);
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
    text_ += "}\n";
  }

  void flush() {
    if (file_)
      file_->write(text_);
    else if (std::fwrite(text_.data(), 1, text_.size(), stdout) != text_.size())
      throw_errno("cannot write", "standard output");
    text_.clear();
  }

  std::vector<Column> columns_;
  const char* numbered_;
  bool json_;
  std::size_t first_ranked_ = none;
  std::unique_ptr<AtomicFile> file_;
  std::string text_;
  std::int64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<RecordSink> text_sink(const std::string& output, std::vector<Column> columns,
                                      const char* numbered, bool json, IfTaken if_taken) {
  return std::make_unique<TextSink>(output, std::move(columns), numbered, json, if_taken);
}

}  // namespace runner::data
