#pragma once
// Inside data/ only: a pickle's bytes, and the opcodes that are constants.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/log.h"
#include "data/formats/pickle/pickle_store.h"

namespace runner::data {

class PickleInput {
 public:
  PickleInput(Pickle::Store& store, const std::string& place, Unknown unknown)
      : bytes_(store.bytes), make_(store, place, unknown) {}

 protected:
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_)
      make_.fail(fmt::format("it ends early: {} bytes wanted at {}", count, at_));
    const std::string_view piece(bytes_.data() + at_, count);
    at_ += count;
    return piece;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string::npos) make_.fail("a name without an end");
    const std::string_view text = take(end - at_);
    take(1);
    return text;
  }

  // True when `op` is one of these; `made` is then its value, or stays nullptr.
  bool constant(unsigned char op, Value*& made);

  const std::string& bytes_;
  std::uint64_t at_ = 0;
  PickleMaker make_;

 private:
  Value* long_integer(std::string_view digits);
  Value* big_endian_double();
  bool protocol(int version);
};

}  // namespace runner::data
