// Numbers, texts and bytes of a pickle.
#include "data/formats/pickle/pickle_input.h"

namespace runner::data {

using Kind = Value::Kind;

// Little-endian two's complement of any length; beyond 64 bits the nearest double.
Value* PickleInput::long_integer(std::string_view digits) {
  const bool negative = !digits.empty() && (digits.back() & 0x80) != 0;
  if (digits.size() <= 8) {
    std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
    for (std::size_t i = digits.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(digits[i]);
    return make_.integer(static_cast<std::int64_t>(value));
  }
  double value = negative ? -1 : 0;
  for (std::size_t i = digits.size(); i-- > 0;) value = value * 256 + static_cast<unsigned char>(digits[i]);
  return make_.real(value);
}

bool PickleInput::constant(unsigned char op, Value*& made) {
  switch (op) {
    case 0x80:
      return protocol(number<std::uint8_t>());
    case 0x95:
      return number<std::uint64_t>(), true;  // FRAME: how the writer cut its output
    case 'N':
      return made = make_.make(Kind::none), true;
    case 0x88:
      return made = make_.boolean(true), true;
    case 0x89:
      return made = make_.boolean(false), true;
    case 'J':
      return made = make_.integer(number<std::int32_t>()), true;
    case 'K':
      return made = make_.integer(number<std::uint8_t>()), true;
    case 'M':
      return made = make_.integer(number<std::uint16_t>()), true;
    case 0x8a:
      return made = long_integer(take(number<std::uint8_t>())), true;
    case 0x8b:
      return made = long_integer(take(number<std::uint32_t>())), true;
    case 'G':
      return made = big_endian_double(), true;
    case 'X':
      return made = make_.text(Kind::text, take(number<std::uint32_t>())), true;
    case 0x8c:
      return made = make_.text(Kind::text, take(number<std::uint8_t>())), true;
    case 0x8d:
      return made = make_.text(Kind::text, take(number<std::uint64_t>())), true;
    case 'U':
      return made = make_.text(Kind::text, take(number<std::uint8_t>())), true;  // Python 2's str
    case 'T':
      return made = make_.text(Kind::text, take(number<std::uint32_t>())), true;
    case 'B':
      return made = make_.text(Kind::bytes, take(number<std::uint32_t>())), true;
    case 'C':
      return made = make_.text(Kind::bytes, take(number<std::uint8_t>())), true;
    case 0x8e:
    case 0x96:
      return made = make_.text(Kind::bytes, take(number<std::uint64_t>())), true;
    default:
      return false;
  }
}
bool PickleInput::protocol(int version) {
  if (version < 2 || version > 5) make_.fail(fmt::format("protocol {}; 2 to 5 are read", version));
  return true;
}
Value* PickleInput::big_endian_double() {
  const std::uint64_t bits = __builtin_bswap64(number<std::uint64_t>());
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return make_.real(value);
}

}  // namespace runner::data
