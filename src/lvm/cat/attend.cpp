#include "lvm/cat/attend.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

namespace runner::lvm::cat {
namespace {

constexpr std::size_t max_seen = 128;

// `p` becomes its softmax.
void softmax(float* p, std::size_t n) {
  const float highest = *std::max_element(p, p + n);
  float total = 0;
  for (std::size_t s = 0; s < n; ++s) total += p[s] = std::exp(p[s] - highest);
  for (std::size_t s = 0; s < n; ++s) p[s] /= total;
}

// One row: q and out [E], keys and values of each place seen [2E].
template <class T>
void attend_row(const T* q, const T* const* seen, std::size_t count, std::int64_t heads, std::int64_t size,
                float* mixed, T* out) {
  const std::int64_t width = heads * size;
  const float scale = 1.0f / std::sqrt(static_cast<float>(size));
  for (std::int64_t h = 0; h < width; h += size) {
    float p[max_seen];
    for (std::size_t s = 0; s < count; ++s) {
      const T* key = seen[s] + h;
      float sums[8] = {};  // independent, so that they can be one vector
      std::int64_t c = 0;
      for (; c + 8 <= size; c += 8)
        for (int j = 0; j < 8; ++j)
          sums[j] += static_cast<float>(q[h + c + j]) * static_cast<float>(key[c + j]);
      float sum = 0;
      for (; c < size; ++c) sum += static_cast<float>(q[h + c]) * static_cast<float>(key[c]);
      for (const float x : sums) sum += x;
      p[s] = sum * scale;
    }
    softmax(p, count);
    std::fill_n(mixed, size, 0.0f);
    for (std::size_t s = 0; s < count; ++s) {
      const T* value = seen[s] + width + h;
      for (std::int64_t c = 0; c < size; ++c) mixed[c] += p[s] * static_cast<float>(value[c]);
    }
    for (std::int64_t c = 0; c < size; ++c) out[h + c] = static_cast<T>(mixed[c]);
  }
}

template <class T>
torch::Tensor attend(const torch::Tensor& queries, const std::vector<KeysValues>& seen, std::int64_t heads) {
  const std::int64_t rows = queries.size(0), width = queries.size(1);
  torch::Tensor out = torch::empty({rows, width}, queries.options());
  const T* q = queries.data_ptr<T>();
  T* to = out.data_ptr<T>();
  at::parallel_for(0, rows, 32, [&](std::int64_t begin, std::int64_t end) {
    std::vector<const T*> places(seen.size());
    std::vector<float> mixed(static_cast<std::size_t>(width / heads));
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::size_t s = 0; s < seen.size(); ++s)
        places[s] = seen[s].values.template data_ptr<T>() +
                    (seen[s].rows ? seen[s].rows[i] : i) * seen[s].values.stride(0);
      attend_row(q + i * queries.stride(0), places.data(), places.size(), heads, width / heads, mixed.data(),
                 to + i * width);
    }
  });
  return out;
}

}  // namespace

torch::Tensor attend_on_cpu(const torch::Tensor& queries, const std::vector<KeysValues>& seen,
                            std::int64_t heads) {
  TORCH_CHECK(seen.size() <= max_seen, "a context of more than ", max_seen, " vectors");
  return queries.scalar_type() == torch::kBFloat16 ? attend<c10::BFloat16>(queries, seen, heads)
                                                   : attend<float>(queries, seen, heads);
}

}  // namespace runner::lvm::cat
