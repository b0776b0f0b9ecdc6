// Dropout of a whole tensor, with or without a ReLU before it: one pass, no stored mask.
#include "cuda_kernels/device.cuh"

namespace runner::lvm::cuda {
namespace {

constexpr int threads = 256;

// Elements that one thread reads at once.
template <class T>
constexpr int width = 16 / sizeof(T);

template <class T, int N>
struct alignas(sizeof(T) * N) Pack {
  T at[N];
};

template <class T, int N, bool relu>
__global__ void __launch_bounds__(threads) forward(DropOut d, const T* x, T* y) {
  const std::int64_t start = (static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x) * N;
  if (start >= d.count) return;
  const Dropout dropout = Dropout::from(d.draws);
  Pack<T, N> pack = *reinterpret_cast<const Pack<T, N>*>(x + start);
#pragma unroll
  for (int i = 0; i < N; ++i) {
    const float value = to_float(pack.at[i]);
    const float kept = relu && value < 0 ? 0.0f : value;  // what is no number stays none
    store(pack.at + i, kept * dropout.factor(static_cast<std::uint32_t>(start + i)));
  }
  *reinterpret_cast<Pack<T, N>*>(y + start) = pack;
}

// After a ReLU y says itself which elements were kept: those above 0.
template <class T, int N, bool relu>
__global__ void __launch_bounds__(threads) backward(DropOut d, const T* y, const T* dy, T* dx) {
  const std::int64_t start = (static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x) * N;
  if (start >= d.count) return;
  const Dropout dropout = Dropout::from(d.draws);
  Pack<T, N> pack = *reinterpret_cast<const Pack<T, N>*>(dy + start);
  if constexpr (relu) {
    const Pack<T, N> left = *reinterpret_cast<const Pack<T, N>*>(y + start);
#pragma unroll
    for (int i = 0; i < N; ++i)
      store(pack.at + i, to_float(left.at[i]) > 0 ? to_float(pack.at[i]) * dropout.scale : 0.0f);
  } else {
#pragma unroll
    for (int i = 0; i < N; ++i)
      store(pack.at + i, to_float(pack.at[i]) * dropout.factor(static_cast<std::uint32_t>(start + i)));
  }
  *reinterpret_cast<Pack<T, N>*>(dx + start) = pack;
}

// Calls f with the type, the elements a thread and whether there is a ReLU. Sizes that are no multiple of 16
// bytes go element by element; libtorch's tensors begin at multiples of more.
template <class F>
void dispatch(const DropOut& d, F f) {
  const auto by_relu = [&](auto type, auto elements) {
    if (d.relu)
      f(type, elements, std::true_type());
    else
      f(type, elements, std::false_type());
  };
  const auto by_width = [&](auto type) {
    constexpr int most = width<decltype(type)>;
    if (d.count % most == 0)
      by_relu(type, std::integral_constant<int, most>());
    else
      by_relu(type, std::integral_constant<int, 1>());
  };
  if (d.bf16)
    by_width(__nv_bfloat16());
  else
    by_width(float());
}

unsigned blocks(std::int64_t count, int elements) {
  const std::int64_t of_block = std::int64_t{threads} * elements;
  return static_cast<unsigned>((count + of_block - 1) / of_block);
}

}  // namespace

void drop_out_forward(const DropOut& d, const void* x, void* y, cudaStream_t stream) {
  if (d.count == 0) return;
  dispatch(d, [&](auto type, auto elements, auto relu) {
    using T = decltype(type);
    constexpr int n = decltype(elements)::value;
    forward<T, n, decltype(relu)::value>
        <<<blocks(d.count, n), threads, 0, stream>>>(d, static_cast<const T*>(x), static_cast<T*>(y));
  });
  check_launch("drop_out_forward");
}

void drop_out_backward(const DropOut& d, const void* y, const void* dy, void* dx, cudaStream_t stream) {
  if (d.count == 0) return;
  dispatch(d, [&](auto type, auto elements, auto relu) {
    using T = decltype(type);
    constexpr int n = decltype(elements)::value;
    backward<T, n, decltype(relu)::value><<<blocks(d.count, n), threads, 0, stream>>>(
        d, static_cast<const T*>(y), static_cast<const T*>(dy), static_cast<T*>(dx));
  });
  check_launch("drop_out_backward");
}

}  // namespace runner::lvm::cuda
