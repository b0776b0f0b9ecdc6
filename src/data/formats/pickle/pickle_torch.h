#pragma once
// Inside data/ only: torch's names among those a pickle may use (pickle_globals.h).

#include <string_view>

#include "data/formats/pickle/pickle_store.h"

namespace runner::data {

// nullptr when the name is none of torch's.
using PickleCall = Value* (*)(PickleMaker&, const Value&);
PickleCall torch_call(std::string_view name);
bool is_torch_name(std::string_view name);  // may be an argument: storages, dtypes
// BINPERSID: torch's description of a storage.
Value* find_storage(PickleMaker& make, const Value& id);

}  // namespace runner::data
