#pragma once
// What a library's name tells.

#include <optional>
#include <string>

#include "openmp_scan/binaries/image.h"

namespace runner::runtime {

// By name alone: libomp*, libiomp5*, libgomp*, renamed copies too; nothing for libomptarget, libgomp-plugin …
std::optional<RuntimeKind> runtime_by_name(const std::string& file_name);
std::optional<BlasMark> blas_by_name(const std::string& file_name);

}  // namespace runner::runtime
