# Apple's clang knows OpenMP but brings no libomp, and Homebrew's is keg-only: in no folder that CMake looks into. Says to
# find_package(OpenMP) what it would ask for. Whoever has set OpenMP_ROOT or these variables is not overruled.
set(kegs $ENV{HOMEBREW_PREFIX}/opt/libomp /opt/homebrew/opt/libomp /usr/local/opt/libomp)
# These first: PyTorch's wheel on CMAKE_PREFIX_PATH holds a libomp too, whose install name is a path that is on no Mac.
find_library(OpenMP_omp_LIBRARY omp PATHS ${OpenMP_ROOT} ${kegs} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_path(OpenMP_CXX_INCLUDE_DIR omp.h PATHS ${OpenMP_ROOT} ${kegs} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(OpenMP_omp_LIBRARY omp)
find_path(OpenMP_CXX_INCLUDE_DIR omp.h)
if(OpenMP_omp_LIBRARY AND OpenMP_CXX_INCLUDE_DIR)
  set(OpenMP_CXX_FLAGS "-Xclang -fopenmp" CACHE STRING "OpenMP for Apple's clang")
  set(OpenMP_CXX_LIB_NAMES omp CACHE STRING "The library of OpenMP_CXX_FLAGS")
  set(OpenMP_C_INCLUDE_DIR ${OpenMP_CXX_INCLUDE_DIR} CACHE PATH "omp.h")
  set(OpenMP_C_FLAGS "${OpenMP_CXX_FLAGS}" CACHE STRING "OpenMP for Apple's clang")
  set(OpenMP_C_LIB_NAMES omp CACHE STRING "The library of OpenMP_C_FLAGS")
else()
  message(WARNING "No libomp found (looked in ${kegs}): brew install libomp, or set OpenMP_ROOT")
endif()
