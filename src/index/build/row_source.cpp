#include "index/build/row_source.h"

#include "index/build/unit_rows.h"

namespace runner::ann {

void InputRows::read(std::int64_t first, std::int64_t count, float* out) const {
  vectors_.read_rows(first, count, out);
  make_unit_rows_parallel(out, count, width(), normalize_, vectors_.paths()[0].c_str(),
                          vectors_.first_row() + first);
}

void InputRows::gather(const std::vector<std::int64_t>& rows, float* out) const {
  const auto count = static_cast<std::int64_t>(rows.size());
  vectors_.gather(rows.data(), count, out);
  for (std::int64_t i = 0; i < count; ++i)
    make_unit_rows_parallel(out + i * width(), 1, width(), normalize_, vectors_.paths()[0].c_str(),
                            vectors_.first_row() + rows[static_cast<std::size_t>(i)]);
}

}  // namespace runner::ann
