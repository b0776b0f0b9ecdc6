#pragma once
// A cursor over the bytes of an index file that nobody vouches for: whatever is read is first known to be
// there. Numbers lie packed, little-endian, at any alignment.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace runner::ann {

// Elements as they lie in the file.
template <class T>
class PackedArray {
 public:
  PackedArray(const std::byte* at, std::uint64_t size) : at_(at), size_(size) {}
  std::uint64_t size() const { return size_; }
  T operator[](std::uint64_t i) const {
    T value;
    std::memcpy(&value, at_ + i * sizeof(T), sizeof(T));
    return value;
  }

 private:
  const std::byte* at_;
  std::uint64_t size_;
};

class IndexBytes {
 public:
  IndexBytes(const std::byte* data, std::uint64_t size, std::string place)
      : data_(data), size_(size), place_(std::move(place)) {}

  std::uint64_t left() const { return size_ - at_; }
  const std::string& place() const { return place_; }

  // All of these throw DataError naming `what` when the file ends before it.
  template <class T>
  T number(const char* what) {
    return elements<T>(1, what)[0];
  }
  bool flag(const char* what) {
    const auto value = number<std::uint8_t>(what);
    expect(value <= 1, "{} is {}, and can be 0 or 1", what, value);
    return value == 1;
  }
  // Four letters that say what follows.
  std::string letters() {
    const auto four = elements<char>(4, "the type");
    return {four[0], four[1], four[2], four[3]};
  }
  template <class T>
  PackedArray<T> elements(std::uint64_t count, const char* what) {
    if (count > left() / sizeof(T))
      damaged(fmt::format("{}: {} elements of {} bytes, where {} bytes are left", what, count, sizeof(T),
                          left()));
    const std::byte* at = data_ + at_;
    at_ += count * sizeof(T);
    return {at, count};
  }
  // An array behind its length.
  template <class T>
  PackedArray<T> array(const char* what) {
    return elements<T>(number<std::uint64_t>(what), what);
  }
  // The same, of a length that is known.
  template <class T>
  PackedArray<T> array(std::uint64_t length, const char* what) {
    const auto values = array<T>(what);
    expect(values.size() == length, "{} elements of {}, where {} belong", values.size(), what, length);
    return values;
  }

  template <class... Values>
  void expect(bool good, fmt::format_string<Values...> otherwise, Values&&... values) const {
    if (!good) damaged(fmt::format(otherwise, std::forward<Values>(values)...));
  }
  [[noreturn]] void damaged(const std::string& how) const {
    throw DataError(fmt::format("damaged index, before byte {}: {}; copy or build it anew", at_, how),
                    place_);
  }

 private:
  const std::byte* data_;
  std::uint64_t size_, at_ = 0;
  std::string place_;
};

}  // namespace runner::ann
