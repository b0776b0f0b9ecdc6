# native_features.inc: the CPU features that -march=native turns on for the plug-ins, as string literals; empty for
# a portable build. The names are those of GCC's and Clang's __builtin_cpu_supports.
set(features "")
if(RUNNER_NATIVE)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -march=native -dM -E -x c++ /dev/null
                  OUTPUT_VARIABLE macros RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "RUNNER_NATIVE: ${CMAKE_CXX_COMPILER} -march=native fails")
  endif()
  foreach(macro SSE3 SSSE3 SSE4_1 SSE4_2 POPCNT AVX AVX2 FMA BMI BMI2 AVX512F AVX512BW AVX512DQ AVX512VL AVX512CD
                AVX512IFMA AVX512VBMI AVX512VBMI2 AVX512VNNI AVX512BITALG AVX512VPOPCNTDQ)
    if(macros MATCHES "#define __${macro}__ ")
      string(TOLOWER ${macro} feature)
      string(REPLACE "_" "." feature ${feature})
      string(APPEND features "\"${feature}\",\n")
    endif()
  endforeach()
endif()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/native_features.inc CONTENT "${features}" @ONLY)
