#include "lvm/cpu/bf16/product.h"

#include <algorithm>

namespace runner::lvm::cpu {
namespace {

constexpr Index block = 32;
constexpr Index a_bytes = 512 << 10;  // of a that stay in a second-level cache while panels of b pass

struct Grid {
  Index rows_a_chunk, chunks, panels;
  Index tasks() const { return chunks * panels; }
};

Grid grid_of(const Bf16Product& p) {
  const Index fitting = a_bytes / (2 * p.k) / block * block;
  Grid g;
  g.rows_a_chunk = std::max(block, std::min(fitting, round_up(p.m, block)));
  g.chunks = (p.m + g.rows_a_chunk - 1) / g.rows_a_chunk;
  g.panels = (p.n + block - 1) / block;
  return g;
}

void one_block(const Bf16Unit& unit, const Bf16Product& p, Index row, Index rows, Index column,
               double* squares) {
  const auto compute = [&](float* c, Index ldc, bool accumulate) {
    unit.block(p.a + row * p.lda, p.lda, rows, p.b + column / 16 * p.panel_stride, p.panel_stride, p.k, c,
               ldc, accumulate);
  };
  float* c = p.c + row * p.ldc + column;
  const Index columns = std::min(block, p.n - column);
  if (!squares && columns == block) {
    compute(c, p.ldc, p.accumulate);
    return;
  }
  alignas(64) float aside[block * block];  // columns beyond n are cut off
  compute(aside, block, false);
  if (squares) {
    *squares += kernels().store_block(aside, rows, columns, c, p.ldc);
    return;
  }
  for (Index r = 0; r < rows; ++r)
    for (Index i = 0; i < columns; ++i)
      c[r * p.ldc + i] = aside[r * block + i] + (p.accumulate ? c[r * p.ldc + i] : 0.0f);
}

// 32 columns of one chunk of rows: the two panels of b stay in the first-level cache.
void run_task(const Bf16Unit& unit, const Bf16Product& p, const Grid& g, Index task) {
  const Index column = task % g.panels * block;
  const Index first = task / g.panels * g.rows_a_chunk;
  const Index end = std::min(p.m, first + g.rows_a_chunk);
  double squares = 0;
  for (Index row = first; row < end; row += block)
    one_block(unit, p, row, std::min(block, end - row), column, p.squares ? &squares : nullptr);
  if (p.squares) p.squares[task] = squares;
}

}  // namespace

Index task_count(const Bf16Product& p) {
  return grid_of(p).tasks();
}

void product_in_region(const Bf16Unit& unit, const Bf16Product& p) {
  const Grid g = grid_of(p);
  const Index tasks = g.tasks();
  if (unit.begin) unit.begin();
#pragma omp for schedule(static) nowait
  for (Index task = 0; task < tasks; ++task) run_task(unit, p, g, task);
  if (unit.end) unit.end();
}

void product(const Bf16Unit& unit, const Bf16Product& p) {
#pragma omp parallel
  product_in_region(unit, p);
}

}  // namespace runner::lvm::cpu
