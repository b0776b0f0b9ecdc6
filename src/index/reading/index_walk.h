#pragma once
// An index file looked through before FAISS reads it. FAISS trusts what it reads: a list that is cut short
// is mapped all the same, a neighbour that is no row is followed. So every length is compared with the bytes
// that are left, every number with those that it must agree with, every row that a graph or a list names with
// the rows there are. The formats are those of faiss/impl/index_read.cpp, 1.7.3 to 1.13.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "index/reading/index_bytes.h"

namespace runner::ann {

inline std::uint64_t unsigned_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

// What one index in the file (they nest) says about itself.
struct IndexShape {
  std::string type;  // FAISS's four letters
  std::int64_t width = 0, rows = 0;
  std::int32_t metric = 0;  // faiss::MetricType
};

// A type whose inner structure is not known here: FAISS must be trusted with it, or refuse it.
struct UnknownType {
  std::string type;
};

class IndexWalk {
 public:
  explicit IndexWalk(IndexBytes bytes) : in_(std::move(bytes)) {}

  // The whole file. Throws DataError naming the place and what is wrong there; UnknownType.
  IndexShape whole();
  // Files that hold the inverted lists of this one ("ilod").
  const std::vector<std::string>& list_files() const { return list_files_; }

 private:
  // What an index of lists may call its rows: anything that they were added with, or, inside an index that
  // looks up what it finds, the row numbers, each once.
  enum class Ids { any, rows };
  struct Lists {
    IndexShape shape;
    std::uint64_t count = 0;
  };
  struct Codes {
    std::uint64_t size = 0;  // bytes of one
    std::uint64_t bits = 0;  // of all sub-codes, norms left out
    std::uint64_t parts = 0;
  };
  struct FastScan {
    std::int32_t block;   // rows; 0: not in blocks
    std::uint64_t parts;  // of a code, rounded up to an even number
  };

  IndexShape index(Ids ids);
  IndexShape header(const std::string& type);
  void same(const IndexShape& outer, const IndexShape& inner);

  // index_walk_types.cpp: types that keep their rows one after the other, and those around another one.
  void flat(const IndexShape& shape);
  void lsh(const IndexShape& shape);
  void product_codes(IndexShape& shape);
  void scalar_codes(const IndexShape& shape);
  void additive_codes(const IndexShape& shape);
  void id_map(const IndexShape& shape);
  void refine(const IndexShape& shape);
  void pre_transform(const IndexShape& shape, Ids ids);
  void multi_index(const IndexShape& shape);
  void residual_coarse(const IndexShape& shape);
  void fast_scan_codes(const IndexShape& shape);
  void fast_scan_way();

  // index_walk_codecs.cpp
  Codes product_quantizer(std::int64_t width);
  Codes scalar_quantizer(std::int64_t width);
  Codes additive_quantizer(std::int64_t width, std::uint64_t splits);
  Codes residual_quantizer(std::int64_t width);
  Codes local_search_quantizer(std::int64_t width);
  // By the last letters of a type: residual, local search, or products of them.
  Codes additive_quantizer_of(const std::string& type, std::int64_t width);
  // Returns the width that comes out. One that is not used is not trained either.
  std::int64_t transform(std::int64_t width, bool used = true);
  void linear_transform(bool pca, const std::string& type);

  // index_walk_graphs.cpp
  void hnsw(const IndexShape& shape);
  void hnsw_levels(std::int64_t rows);
  void nsg(const IndexShape& shape);
  void nn_descent(const IndexShape& shape);
  void storage(const IndexShape& shape);

  // index_walk_lists.cpp
  void inverted_file(const IndexShape& shape, Ids ids);
  void queries_of_a_list();
  Lists inverted_file_head(const IndexShape& shape);
  void inverted_lists(const Lists& of, std::uint64_t code_size, Ids ids, FastScan block = {0, 0});
  void array_lists(const Lists& of, std::uint64_t code_size, Ids ids);
  void block_lists(const Lists& of, Ids ids, FastScan block);
  void lists_elsewhere(const Lists& of, std::uint64_t code_size, Ids ids);

  IndexBytes in_;
  int depth_ = 0;
  std::vector<std::string> list_files_;
};

}  // namespace runner::ann
