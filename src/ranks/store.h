#pragma once
// The store that ranks meet at: c10d's TCPStore, kept by rank 0. It has no authentication; docs/scale.md says
// what follows from that.

#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "ranks/rank_place.h"

namespace runner::ranks {

using Store = c10::intrusive_ptr<c10d::TCPStore>;

// Rank 0 begins to listen on place.address alone (or on the socket of the environment's socket_variable), the
// others connect, trying for at most `timeout` seconds. Sets place.port where it is 0. Throws
// EnvironmentError when rank 0 cannot listen, RunError when it cannot be reached.
Store open_store(RankPlace& place, double timeout);
// One more connection to it: calls on one wait for each other.
Store connect_store(const RankPlace& place, double timeout);

void put(c10d::Store& store, const std::string& key, const std::string& text);
std::string take(c10d::Store& store, const std::string& key);

}  // namespace runner::ranks
