# Everything the project links, found once. Debian 12, 13 and testing, or Homebrew.
find_program(RUNNER_CCACHE ccache)
if(RUNNER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # pch_defines,time_macros: without them ccache refuses every file that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${RUNNER_CCACHE})
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
# libzip's own CMake file on Debian 12 wants command line tools that its package does not bring.
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
find_package(OpenMP REQUIRED)
find_package(Torch REQUIRED)
if(RUNNER_FAISS)
  find_package(faiss CONFIG REQUIRED)
endif()
if(RUNNER_TESTS)
  find_package(GTest REQUIRED)
endif()
if(RUNNER_BENCH)
  find_package(benchmark REQUIRED)
endif()

# Debian 12's yaml-cpp names its target without a namespace.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
