// What this machine's cores multiply at most: multiply-adds on registers and first-level cache, on all cores that we may use at once, and
// a pass over memory. scripts/bench.sh compiles it for the machine (-march=native) and takes the machine's floor from it.
// Prints one JSON object: GFLOP/s of fp32 and of bfloat16 (null where the CPU has no products of them) and GB/s of `c = a + b`.

#include <sched.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#if defined(__AVX512BF16__) || defined(__AMX_BF16__)
#include <immintrin.h>
#endif
#ifdef __AMX_BF16__
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#elif defined(__AVX__)
constexpr int kWidth = 8;
#else
constexpr int kWidth = 4;
#endif
using Vector = float __attribute__((vector_size(kWidth * 4)));

// A block of a product as kernels have it: rows × columns sums in registers, one operand read from the cache.
// FLOP of a call.
double fp32_block() {
#if defined(__AVX512F__)
  constexpr int kRows = 12, kColumns = 2;
#elif defined(__aarch64__)
  constexpr int kRows = 8, kColumns = 3;
#else
  constexpr int kRows = 4, kColumns = 3;
#endif
  constexpr int kDepth = 256;
  alignas(64) static thread_local float left[kDepth * kRows], right[kDepth * kColumns * kWidth];
  Vector sums[kRows][kColumns] = {};
  for (int k = 0; k < kDepth; ++k) {
    Vector b[kColumns];
    for (int c = 0; c < kColumns; ++c) b[c] = *reinterpret_cast<const Vector*>(right + (k * kColumns + c) * kWidth);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vector a = left[k * kRows + r] - Vector{};
#pragma GCC unroll 4
      for (int c = 0; c < kColumns; ++c) sums[r][c] += a * b[c];
    }
  }
  for (auto& row : sums)
    for (Vector& sum : row) asm volatile("" : : "m"(sum));
  return 2.0 * kDepth * kRows * kColumns * kWidth;
}

#if defined(__AMX_BF16__)
bool bf16_ready() { return syscall(SYS_arch_prctl, 0x1023, 18) == 0; }  // ARCH_REQ_XCOMP_PERM, XTILE_DATA

double bf16_block() {
  struct alignas(64) Tiles {
    unsigned char palette = 1, start = 0, reserved[14] = {};
    unsigned short bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    unsigned char rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  };
  static const Tiles tiles;
  alignas(64) static thread_local unsigned short operands[4][16 * 32];
  constexpr int kDepth = 256;
  _tile_loadconfig(&tiles);
  // One statement each: compilers have them as macros of several words.
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int k = 0; k < kDepth; ++k) {
    _tile_loadd(4, operands[0], 64);
    _tile_loadd(5, operands[1], 64);
    _tile_loadd(6, operands[2], 64);
    _tile_loadd(7, operands[3], 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_release();
  return 2.0 * kDepth * 4 * 16 * 16 * 32;
}
#elif defined(__AVX512BF16__)
bool bf16_ready() { return true; }

double bf16_block() {
  constexpr int kRows = 12, kColumns = 2, kDepth = 256;
  alignas(64) static thread_local int left[kDepth * kRows], right[kDepth * kColumns * 16];
  __m512 sums[kRows][kColumns] = {};
  for (int k = 0; k < kDepth; ++k) {
    __m512i b[kColumns];
    for (int c = 0; c < kColumns; ++c) b[c] = _mm512_load_si512(right + (k * kColumns + c) * 16);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const __m512i a = _mm512_set1_epi32(left[k * kRows + r]);
#pragma GCC unroll 4
      for (int c = 0; c < kColumns; ++c)
        sums[r][c] = _mm512_dpbf16_ps(sums[r][c], reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b[c]));
    }
  }
  for (auto& row : sums)
    for (__m512& sum : row) asm volatile("" : : "m"(sum));
  return 2.0 * kDepth * kRows * kColumns * 32;
}
#else
bool bf16_ready() { return false; }
double bf16_block() { return 0; }
#endif

int cores() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

// Work a second of all threads together, the best of some rounds; `work` does some and returns how much.
double rate(int threads, const std::function<double()>& work) {
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<double> rates(static_cast<std::size_t>(threads));
    std::barrier begin(threads);
    std::vector<std::thread> team;
    for (double& mine : rates)
      team.emplace_back([&] {
        work();
        begin.arrive_and_wait();
        double done = 0;
        const auto start = Clock::now();
        while (seconds_since(start) < 0.1) done += work();
        mine = done / seconds_since(start);
      });
    double sum = 0;
    for (std::thread& thread : team) thread.join();
    for (const double one : rates) sum += one;
    best = std::max(best, sum);
  }
  return best;
}

// Bytes a second of c = a + b over arrays far larger than any cache: two read, one written.
double memory_rate(int threads) {
  constexpr std::size_t kElements = 1 << 25;  // of each array, over all threads
  const std::size_t each = kElements / static_cast<std::size_t>(threads);
  return rate(threads, [each] {
    static thread_local std::vector<float> a(each, 1), b(each, 2), c(each, 3);
    for (std::size_t i = 0; i < each; ++i) c[i] = a[i] + b[i];
    asm volatile("" : : "r"(c.data()) : "memory");
    return 12.0 * static_cast<double>(each);
  });
}

}  // namespace

int main(int count, char** arguments) {
  const int threads = count > 1 ? std::atoi(arguments[1]) : cores();
  std::printf("{\"threads\": %d, \"fp32_gflops\": %.1f, ", threads, rate(threads, fp32_block) / 1e9);
  if (bf16_ready())
    std::printf("\"bf16_gflops\": %.1f, ", rate(threads, bf16_block) / 1e9);
  else
    std::printf("\"bf16_gflops\": null, ");
  std::printf("\"memory_gb_per_second\": %.2f}\n", memory_rate(threads) / 1e9);
}
