// The pickle machine: a stack, marks and a memo. Opcodes and their meaning: Python's Lib/pickletools.py.
#include "data/formats/pickle/pickle_reader.h"

#include "base/error.h"
#include "base/log.h"
#include "data/formats/pickle/pickle_globals.h"
#include "data/formats/pickle/pickle_input.h"
#include "data/formats/pickle/pickle_torch.h"

namespace runner::data {
namespace {

using Kind = Value::Kind;

class Machine : PickleInput {
 public:
  using PickleInput::PickleInput;

  const Value* run() {
    while (true) {
      const auto op = static_cast<unsigned char>(take(1)[0]);
      if (op == '.') return pop();
      Value* value = nullptr;
      if (constant(op, value)) {
        if (value != nullptr) push(value);
        continue;
      }
      if (!container(op) && !memo(op) && !object(op))
        make_.fail(fmt::format("opcode 0x{:02x} at byte {} is not among those that are read", op, at_ - 1));
    }
  }

 private:
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
        if (Value* list = filled(Kind::list)) list->items->push_back(item);
        return true;
      }
      case 'e':
      case 0x90:
        return append_marked(Kind::list), true;
      case 's': {
        Value *value = pop(), *key = pop();
        Value* dict = filled(Kind::dict);
        if (dict != nullptr) dict->items->insert(dict->items->end(), {key, value});
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
    Value* to = filled(kind);
    if (to == nullptr) return;
    to->items->insert(to->items->end(), items.begin(), items.end());
    check_pairs(*to);
  }
  // The container on the stack's top; nullptr for an object that is left out: it swallows what it is given.
  Value* filled(Kind kind) { return make_.tolerant() && !top()->is(kind) ? nullptr : top(kind); }
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
    if (index >= memo_.size()) {
      make_.charge((index + 1 - memo_.size()) * sizeof(void*));
      memo_.resize(index + 1);
    }
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
      case 0x81:  // REDUCE; NEWOBJ only ever makes what calling would
        return push(called()), true;
      case 0x92:  // NEWOBJ_EX: with named arguments, as nothing on the list has
        pop();
        return push(called()), true;
      case 'b': {
        const Value* state = pop();
        return attempt([&] { set_state(make_, *top(), *state); }), true;
      }
      case 'Q': {
        const Value* id = pop();
        Value* made = nullptr;
        attempt([&] { made = find_storage(make_, *id); });
        return push(made != nullptr ? made : make_.unknown("a persistent object")), true;
      }
      default:
        return false;
    }
  }
  Value* called() {
    const Value *arguments = pop(), *global = pop();
    if (!make_.tolerant() && !arguments->is(Kind::tuple)) make_.fail("a call without a tuple of arguments");
    if (global->is(Kind::opaque)) return make_.unknown(*global->text);
    if (!global->is(Kind::global)) {
      if (!make_.tolerant()) make_.fail(fmt::format("a call of a {}", kind_name(global->kind)));
      return make_.unknown("a call");
    }
    Value* made = nullptr;
    attempt([&] { made = call_global(make_, *global, *arguments); });
    return made != nullptr ? made : make_.unknown(*global->text);
  }
  // Where the reader is tolerant, what cannot be understood of one object is not a fault of the pickle.
  template <class Action>
  void attempt(Action action) {
    try {
      action();
    } catch (const DataError&) {
      if (!make_.tolerant()) throw;
    }
  }
  const std::string_view* pop_text() {
    const Value* value = top(Kind::text);
    pop();
    return value->text;
  }

  std::vector<Value*> stack_, memo_;
  std::vector<std::size_t> marks_;
  Value::Items dropped_;
};

}  // namespace

const Value* read_pickle(Pickle::Store& store, const std::string& place, Unknown unknown) {
  return Machine(store, place, unknown).run();
}

}  // namespace runner::data
