# Compiler settings, and the few functions the folders use to declare what they build.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# GCC's -O3 costs a sixth of the build. Libraries whose loops are the work (runner_ann, runner_lvm_cpu) ask for it
# themselves: without it a search of 10 queries takes twice its time.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -fvect-cost-model=dynamic -DNDEBUG")
endif()

# Program, core library and plug-ins lie in one folder of the build tree; installed, plug-ins lie in lib/runner.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
if(APPLE)
  set(RUNNER_ORIGIN "@loader_path")  # dyld does not know $ORIGIN
  set(CMAKE_SHARED_MODULE_SUFFIX ${CMAKE_SHARED_LIBRARY_SUFFIX})  # plug-ins are .dylib files there, as worker/launch/paths.cpp says
else()
  set(RUNNER_ORIGIN "$ORIGIN")
endif()
set(CMAKE_BUILD_RPATH "${RUNNER_ORIGIN}")
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)  # else the build's folder stands in every program, and two builds of a commit differ
set(CMAKE_INSTALL_RPATH "${RUNNER_ORIGIN};${RUNNER_ORIGIN}/../lib/runner")

add_library(runner_options_flags INTERFACE)
target_compile_options(runner_options_flags INTERFACE -Wall -Wextra -Werror)
# GCC 12 and 13 warn of overlapping copies inside std::string's own operator+ (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  target_compile_options(runner_options_flags INTERFACE -Wno-restrict)
endif()
# GCC 13 and newer take a reference returned by a function with a view as argument for one into that view, and warn of
# bounds inside their own std::vector<bool>::reserve, which libtorch's headers call.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND NOT CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(runner_options_flags INTERFACE -Wno-dangling-reference -Wno-error=array-bounds)
endif()
# Files whose bits must not depend on how a loop is written: GCC 13 and newer take some multiply-adds apart, for what
# they hold to be the speed of CPUs in general, and others not.
include(CheckCXXCompilerFlag)
check_cxx_compiler_flag("--param=avoid-fma-max-bits=0" RUNNER_HAS_AVOID_FMA)
set(RUNNER_WHOLE_FMA $<$<BOOL:${RUNNER_HAS_AVOID_FMA}>:--param=avoid-fma-max-bits=0>)
target_include_directories(runner_options_flags INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
if(RUNNER_SANITIZE)
  # GCC warns of <regex> and <functional> themselves under the sanitizers.
  target_compile_options(runner_options_flags INTERFACE -fsanitize=${RUNNER_SANITIZE} -fno-omit-frame-pointer
                                                        -Wno-maybe-uninitialized)
  target_link_options(runner_options_flags INTERFACE -fsanitize=${RUNNER_SANITIZE})
endif()

# Plug-in code may be compiled for the build machine's CPU; the launcher never is, so that it can say what is missing.
add_library(runner_plugin_flags INTERFACE)
target_link_libraries(runner_plugin_flags INTERFACE runner_options_flags)
if(RUNNER_NATIVE)
  target_compile_options(runner_plugin_flags INTERFACE -march=native)
endif()

# Third-party headers are not ours to warn about.
function(runner_system_includes target)
  foreach(library ${ARGN})
    get_target_property(dirs ${library} INTERFACE_INCLUDE_DIRECTORIES)
    if(dirs)
      target_include_directories(${target} SYSTEM PUBLIC ${dirs})
    endif()
  endforeach()
endfunction()

# The precompiled header of another target. GCC takes one only for the same kind of position-independent code, so
# programs are compiled as the libraries are.
function(runner_reuse_header target from)
  target_precompile_headers(${target} REUSE_FROM ${from})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL EXECUTABLE)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
endfunction()

# Headers of libtorch, as runner_lvm has compiled them.
function(runner_use_torch_header target)
  runner_reuse_header(${target} runner_lvm)
endfunction()

# runner_test(NAME file... [LIBS lib...] [WHOLE] [TIMEOUT seconds] [ENVIRONMENT name=value...]): one test program. WHOLE
# registers it as one ctest test
# (for programs whose start is slow: libtorch); otherwise each TEST() is one.
function(runner_test name)
  cmake_parse_arguments(T "WHOLE" "TIMEOUT" "LIBS;ENVIRONMENT" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 300)
  endif()
  add_executable(${name} ${T_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests
                                           BUILD_RPATH "${RUNNER_ORIGIN}/..")
  target_link_libraries(${name} PRIVATE runner_test_flags ${T_LIBS} GTest::gtest_main)
  if("runner_lvm" IN_LIST T_LIBS)
    runner_use_torch_header(${name})
    set_target_properties(${name} PROPERTIES UNITY_BUILD ${RUNNER_UNITY} UNITY_BUILD_BATCH_SIZE 0)
    # The header is optimized; GCC 13 and newer take it only for the very settings that it was compiled with.
    if(NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
    endif()
  else()
    # Several files at a time, as the libraries: GoogleTest's headers cost more than a test.
    set_target_properties(${name} PROPERTIES UNITY_BUILD ${RUNNER_UNITY} UNITY_BUILD_BATCH_SIZE 8)
    # GCC takes the files for headers then, whose fixtures should not lie in unnamed namespaces.
    target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
    if(T_LIBS AND NOT "runner_ann" IN_LIST T_LIBS)  # OpenMP's flag is one more
      runner_reuse_header(${name} runner_test_header)
    endif()
  endif()
  if(T_WHOLE)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT} ENVIRONMENT "${T_ENVIRONMENT}")
  else()
    include(GoogleTest)
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES
                         PROPERTIES TIMEOUT ${T_TIMEOUT} ENVIRONMENT "${T_ENVIRONMENT}")
  endif()
endfunction()
