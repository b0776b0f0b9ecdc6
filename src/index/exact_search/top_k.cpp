#include "index/exact_search/top_k.h"

#include <algorithm>
#include <cmath>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace runner::ann {
namespace {

#if defined(__x86_64__)
// Most scores are far below the limit: 32 are looked at together.
template <int comparison>
__attribute__((target("avx2"))) std::int64_t find_avx2(const float* scores, std::int64_t count, float limit) {
  const __m256 wide = _mm256_set1_ps(limit);
  std::int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256 a = _mm256_cmp_ps(_mm256_loadu_ps(scores + i), wide, comparison),
                 b = _mm256_cmp_ps(_mm256_loadu_ps(scores + i + 8), wide, comparison),
                 c = _mm256_cmp_ps(_mm256_loadu_ps(scores + i + 16), wide, comparison),
                 d = _mm256_cmp_ps(_mm256_loadu_ps(scores + i + 24), wide, comparison);
    if (_mm256_movemask_ps(_mm256_or_ps(_mm256_or_ps(a, b), _mm256_or_ps(c, d))) == 0) continue;
    const auto low = static_cast<std::uint32_t>(_mm256_movemask_ps(a) | _mm256_movemask_ps(b) << 8);
    const auto high = static_cast<std::uint32_t>(_mm256_movemask_ps(c) | _mm256_movemask_ps(d) << 8);
    return i + __builtin_ctz(low | high << 16);
  }
  return i;
}
#endif

}  // namespace

std::int64_t find_nearer_plain(Metric metric, const float* scores, std::int64_t count, float limit) {
  for (std::int64_t i = 0; i < count; ++i)
    if (nearer(metric, scores[i], limit)) return i;
  return count;
}

std::int64_t find_nearer(Metric metric, const float* scores, std::int64_t count, float limit) {
  std::int64_t from = 0;
#if defined(__x86_64__)
  static const bool avx2 = __builtin_cpu_supports("avx2");
  if (avx2)
    from = metric == Metric::l2 ? find_avx2<_CMP_LT_OQ>(scores, count, limit)
                                : find_avx2<_CMP_GT_OQ>(scores, count, limit);
#endif
  return from + find_nearer_plain(metric, scores + from, count - from, limit);
}

void TopK::offer(Candidate candidate) {
  if (std::isnan(candidate.score)) return;
  const auto worst_on_top = [this](const Candidate& a, const Candidate& b) { return before(a, b); };
  if (heap_.size() == k_) {
    if (k_ == 0 || !before(candidate, heap_.front())) return;
    std::pop_heap(heap_.begin(), heap_.end(), worst_on_top);
    heap_.back() = candidate;
  } else {
    heap_.push_back(candidate);
  }
  std::push_heap(heap_.begin(), heap_.end(), worst_on_top);
}

void TopK::offer(const float* scores, std::int64_t count, std::int64_t first) {
  std::int64_t i = 0;
  for (; i < count && heap_.size() < k_; ++i) offer({scores[i], first + i});
  while (i < count) {
    i += find_nearer(metric_, scores + i, count - i, heap_.front().score);
    if (i >= count) return;
    offer({scores[i], first + i});
    ++i;
  }
}

void TopK::write(float* scores, std::int64_t* rows) {
  std::sort(heap_.begin(), heap_.end(),
            [this](const Candidate& a, const Candidate& b) { return before(a, b); });
  const float worst =
      metric_ == Metric::l2 ? std::numeric_limits<float>::max() : std::numeric_limits<float>::lowest();
  for (std::size_t i = 0; i < k_; ++i) {
    scores[i] = i < heap_.size() ? heap_[i].score : worst;
    rows[i] = i < heap_.size() ? heap_[i].row : -1;
  }
}

}  // namespace runner::ann
