// The pickle machine: a stack, marks and a memo. Opcodes and their meaning: Python's Lib/pickletools.py.
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "data/pickle_store.h"

namespace runner::data {
namespace {

using Kind = Value::Kind;

class Machine {
 public:
  Machine(Pickle::Store& store, const std::string& place) : bytes_(store.bytes), make_(store, place) {}

  const Value* run() {
    while (true) {
      const auto op = static_cast<unsigned char>(take(1)[0]);
      if (op == '.') return pop();
      if (!constant(op) && !container(op) && !memo(op) && !object(op))
        make_.fail(fmt::format("opcode 0x{:02x} at byte {} is not among those that are read", op, at_ - 1));
    }
  }

 private:
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

  void push(Value* value) { stack_.push_back(value); }
  Value* pop() {
    Value* value = top();
    stack_.pop_back();
    return value;
  }
  Value* top() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()))
      make_.fail(fmt::format("empty stack at byte {}", at_));
    return stack_.back();
  }
  Value* top(Kind wanted) {
    Value* value = top();
    if (value->kind != wanted)
      make_.fail(fmt::format("a {} where a {} belongs", kind_name(value->kind), kind_name(wanted)));
    return value;
  }
  // Moves everything above the last mark to the end of `to`.
  void pop_marked(Value::Items& to) {
    if (marks_.empty()) make_.fail(fmt::format("no mark at byte {}", at_));
    to.insert(to.end(), stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
  }
  void push_tuple(std::size_t count) {
    Value* tuple = make_.container(Kind::tuple);
    tuple->items->resize(count);
    for (std::size_t i = count; i-- > 0;) (*tuple->items)[i] = pop();
    push(tuple);
  }

  // Little-endian two's complement of any length; beyond 64 bits the nearest double.
  Value* long_integer(std::string_view digits) {
    if (digits.size() > 1024) make_.fail("an integer of more than 1024 bytes");
    const bool negative = !digits.empty() && (digits.back() & 0x80) != 0;
    if (digits.size() <= 8) {
      std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
      for (std::size_t i = digits.size(); i-- > 0;)
        value = value << 8 | static_cast<unsigned char>(digits[i]);
      return make_.integer(static_cast<std::int64_t>(value));
    }
    double value = negative ? -1 : 0;
    for (std::size_t i = digits.size(); i-- > 0;) value = value * 256 + static_cast<unsigned char>(digits[i]);
    return make_.real(value);
  }

  bool constant(unsigned char op) {
    switch (op) {
      case 0x80:
        return protocol(number<std::uint8_t>());
      case 0x95:
        return number<std::uint64_t>(), true;  // FRAME: how the writer cut its output
      case 'N':
        return push(make_.make(Kind::none)), true;
      case 0x88:
        return push(make_.boolean(true)), true;
      case 0x89:
        return push(make_.boolean(false)), true;
      case 'J':
        return push(make_.integer(number<std::int32_t>())), true;
      case 'K':
        return push(make_.integer(number<std::uint8_t>())), true;
      case 'M':
        return push(make_.integer(number<std::uint16_t>())), true;
      case 0x8a:
        return push(long_integer(take(number<std::uint8_t>()))), true;
      case 0x8b:
        return push(long_integer(take(number<std::uint32_t>()))), true;
      case 'G':
        return push(big_endian_double()), true;
      case 'X':
        return push(make_.text(Kind::text, take(number<std::uint32_t>()))), true;
      case 0x8c:
        return push(make_.text(Kind::text, take(number<std::uint8_t>()))), true;
      case 0x8d:
        return push(make_.text(Kind::text, take(number<std::uint64_t>()))), true;
      case 'U':
        return push(make_.text(Kind::text, take(number<std::uint8_t>()))), true;  // Python 2's str
      case 'T':
        return push(make_.text(Kind::text, take(number<std::uint32_t>()))), true;
      case 'B':
        return push(make_.text(Kind::bytes, take(number<std::uint32_t>()))), true;
      case 'C':
        return push(make_.text(Kind::bytes, take(number<std::uint8_t>()))), true;
      case 0x8e:
      case 0x96:
        return push(make_.text(Kind::bytes, take(number<std::uint64_t>()))), true;
      default:
        return false;
    }
  }
  bool protocol(int version) {
    if (version < 2 || version > 5) make_.fail(fmt::format("protocol {}; 2 to 5 are read", version));
    return true;
  }
  Value* big_endian_double() {
    const std::uint64_t bits = __builtin_bswap64(number<std::uint64_t>());
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return make_.real(value);
  }

  bool container(unsigned char op) {
    switch (op) {
      case '(':
        return marks_.push_back(stack_.size()), true;
      case ')':
        return push(make_.container(Kind::tuple)), true;
      case ']':
      case 0x8f:
        return push(make_.container(Kind::list)), true;  // a set is read as a list
      case '}':
        return push(make_.container(Kind::dict)), true;
      case 0x85:
        return push_tuple(1), true;
      case 0x86:
        return push_tuple(2), true;
      case 0x87:
        return push_tuple(3), true;
      case 't':
        return push_marked(Kind::tuple), true;
      case 'l':
      case 0x91:
        return push_marked(Kind::list), true;
      case 'd':
        return push_marked(Kind::dict), true;
      case 'a': {
        Value* item = pop();
        top(Kind::list)->items->push_back(item);
        return true;
      }
      case 'e':
      case 0x90:
        return append_marked(Kind::list), true;
      case 's': {
        Value *value = pop(), *key = pop();
        Value::Items& items = *top(Kind::dict)->items;
        items.push_back(key);
        items.push_back(value);
        return true;
      }
      case 'u':
        return append_marked(Kind::dict), true;
      case '0':
        return drop(), true;
      case '1':
        return pop_marked(dropped_), true;
      case '2':
        return push(top()), true;
      default:
        return false;
    }
  }
  void drop() {  // POP takes a mark when nothing lies above it
    if (!marks_.empty() && stack_.size() == marks_.back())
      marks_.pop_back();
    else
      pop();
  }
  void push_marked(Kind kind) {
    Value* made = make_.container(kind);
    pop_marked(*made->items);
    check_pairs(*made);
    push(made);
  }
  void append_marked(Kind kind) {
    Value::Items items;
    pop_marked(items);
    Value* to = top(kind);
    to->items->insert(to->items->end(), items.begin(), items.end());
    check_pairs(*to);
  }
  void check_pairs(const Value& value) {
    if (value.is(Kind::dict) && value.items->size() % 2 != 0) make_.fail("a dict's key without a value");
  }

  bool memo(unsigned char op) {
    switch (op) {
      case 'q':
        return put(number<std::uint8_t>()), true;
      case 'r':
        return put(number<std::uint32_t>()), true;
      case 0x94:
        return put(memo_.size()), true;
      case 'h':
        return push(get(number<std::uint8_t>())), true;
      case 'j':
        return push(get(number<std::uint32_t>())), true;
      default:
        return false;
    }
  }
  void put(std::size_t index) {
    // Writers number from 0 upwards; a far index would only ask for memory.
    if (index > memo_.size() + 1000) make_.fail(fmt::format("memo {} after {}", index, memo_.size()));
    if (index >= memo_.size()) memo_.resize(index + 1);
    memo_[index] = top();
  }
  Value* get(std::size_t index) {
    if (index >= memo_.size() || memo_[index] == nullptr) make_.fail(fmt::format("memo {} is empty", index));
    return memo_[index];
  }

  bool object(unsigned char op) {
    switch (op) {
      case 'c': {
        const std::string_view module = line();
        return push(find_global(make_, module, line())), true;
      }
      case 0x93: {
        const std::string_view name = *pop_text(), module = *pop_text();
        return push(find_global(make_, module, name)), true;
      }
      case 'R':
      case 0x81: {  // REDUCE; NEWOBJ only ever makes what calling would
        const Value* arguments = top(Kind::tuple);
        pop();
        const Value* global = top(Kind::global);
        pop();
        return push(call_global(make_, *global, *arguments)), true;
      }
      case 'b': {
        const Value* state = pop();
        return set_state(make_, *top(), *state), true;
      }
      case 'Q':
        return push(find_storage(make_, *pop())), true;
      default:
        return false;
    }
  }
  const std::string_view* pop_text() {
    const Value* value = top(Kind::text);
    pop();
    return value->text;
  }

  const std::string& bytes_;
  std::uint64_t at_ = 0;
  PickleMaker make_;
  std::vector<Value*> stack_, memo_;
  std::vector<std::size_t> marks_;
  Value::Items dropped_;
};

}  // namespace

Pickle::Pickle(std::string bytes, const std::string& place) : store_(std::make_unique<Store>()) {
  store_->bytes = std::move(bytes);
  store_->root = Machine(*store_, place).run();
}

}  // namespace runner::data
