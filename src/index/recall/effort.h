#pragma once
// How much of an approximate index a search looks at: inverted lists, or candidates on a walk through a
// graph. FAISS keeps the number in the index's file.

#include <cstdint>
#include <functional>
#include <optional>

namespace faiss {
struct Index;
}

namespace runner::ann {

struct Effort {
  const char* name;  // FAISS's: nprobe, efSearch, search_L
  std::int64_t value = 0;
  std::int64_t least = 1;  // worth trying: as many candidates as neighbours are asked for
  std::int64_t most = 0;   // from here on a search looks at all there is, or takes longer than that
};

// Also of an index behind ids, a transformation or a refinement; nothing for a type whose search is always
// the same.
std::optional<Effort> effort_of(faiss::Index& index);
// Does nothing for such a type.
void set_effort(faiss::Index& index, std::int64_t value);

struct FoundEffort {
  std::int64_t value = 0;
  double recall = 0;     // with it
  bool reached = false;  // what was wanted; else value is the most there is
};

// The smallest that reaches `wanted`, to within a sixteenth: doubled from the least on until it does, then
// bisected.
FoundEffort find_effort(const Effort& effort, double wanted,
                        const std::function<double(std::int64_t)>& recall_with);

// A little more than is wanted, so that other queries than the sampled ones reach it too.
double aimed_recall(double wanted);

}  // namespace runner::ann
