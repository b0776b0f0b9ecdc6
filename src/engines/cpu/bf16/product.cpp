#include "engines/cpu/bf16/product.h"

#include <algorithm>

#include "engines/cpu/bf16/units.h"
#include "threads/team.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index block = 32;
constexpr Index b_bytes = 512 << 10;  // of b that stay in a second-level cache while rows of a pass
constexpr Index enough_tasks = 32;    // for threads to take them in turns

// A task is a block of rows and a chunk of columns, from which c is written along its rows.
struct Grid {
  Index blocks, columns_a_chunk, chunks;
  Index tasks() const { return blocks * chunks; }
};

Grid grid_of(const Bf16Product& p) {
  const auto cut = [](Index n, Index piece) { return (n + piece - 1) / piece; };
  Grid g;
  g.blocks = cut(p.m, block);
  const Index fitting = b_bytes / (2 * p.k) / block * block;
  const Index sharing = round_up(cut(p.n, cut(enough_tasks, g.blocks)), block);
  g.columns_a_chunk = std::max(block, std::min(fitting, sharing));
  g.chunks = cut(p.n, g.columns_a_chunk);
  return g;
}

// Asks for the lines that a block will be written to, while it is computed.
void fetch_block(float* c, Index ldc, Index rows) {
  for (Index r = 0; r < rows; ++r)
    for (Index line = 0; line < block; line += 16) __builtin_prefetch(c + r * ldc + line, 1);
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
    fetch_block(c, p.ldc, rows);
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

// Tasks that follow each other have the same columns: their part of b stays in the second-level cache.
void run_task(const Bf16Unit& unit, const Bf16Product& p, const Grid& g, Index task) {
  const Index row = task % g.blocks * block, rows = std::min(block, p.m - row);
  const Index first = task / g.blocks * g.columns_a_chunk;
  const Index end = std::min(p.n, first + g.columns_a_chunk);
  double squares = 0;
  if (unit.begin) unit.begin();
  for (Index column = first; column < end; column += block)
    one_block(unit, p, row, rows, column, p.squares ? &squares : nullptr);
  if (unit.end) unit.end();
  if (p.squares) p.squares[task] = squares;
}

}  // namespace

Index task_count(const Bf16Product& p) {
  return grid_of(p).tasks();
}

void products(const Bf16Unit& unit, std::initializer_list<Bf16Product> list) {
  Index tasks = 0;
  for (const Bf16Product& p : list) tasks += task_count(p);
  team::run(tasks, [&](Index task) {
    const Bf16Product* p = list.begin();
    for (Index here; task >= (here = task_count(*p)); ++p) task -= here;
    run_task(unit, *p, grid_of(*p), task);
  });
}

}  // namespace runner::lvm::cpu
