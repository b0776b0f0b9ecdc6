#include "openmp_scan/binaries/image.h"

namespace runner::runtime {

const char* to_string(RuntimeKind kind) {
  switch (kind) {
    case RuntimeKind::libomp:
      return "libomp";
    case RuntimeKind::libiomp5:
      return "libiomp5";
    case RuntimeKind::libgomp:
      break;
  }
  return "libgomp";
}

const char* to_string(BlasKind kind) {
  switch (kind) {
    case BlasKind::openblas:
      return "openblas";
    case BlasKind::mkl:
      return "mkl";
    case BlasKind::blis:
      return "blis";
    case BlasKind::accelerate:
      break;
  }
  return "accelerate";
}

const char* to_string(BlasThreads threads) {
  switch (threads) {
    case BlasThreads::serial:
      return "serial";
    case BlasThreads::pthread:
      return "pthread";
    case BlasThreads::openmp:
      return "openmp";
    case BlasThreads::tbb:
      return "tbb";
    case BlasThreads::system:
      return "system";
    case BlasThreads::chosen_at_run_time:
      break;
  }
  return "chosen at run time";
}

}  // namespace runner::runtime
