#pragma once
// Inside data/ only: the few names a pickle may use, and what stands for calling them.

#include <string_view>

#include "data/formats/pickle/pickle_store.h"

namespace runner::data {

// The global MODULE.NAME; refused by name unless it is on the list, or names alone do no harm.
Value* find_global(PickleMaker& make, std::string_view module, std::string_view name);
// REDUCE, NEWOBJ: what calling one of the listed globals with a tuple of arguments gives. Nothing is called.
Value* call_global(PickleMaker& make, const Value& global, const Value& arguments);
// BUILD: a NumPy array's or dtype's state; attributes of all else are dropped.
void set_state(PickleMaker& make, Value& object, const Value& state);

}  // namespace runner::data
