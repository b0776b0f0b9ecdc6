# A Mac with Apple silicon as CMake's target, from any system: scripts/cross_macos.sh, which lays out RUNNER_CROSS (its folder):
# bin/ has compilers made of zig's, prefix/ the built libraries, wheel/ PyTorch's wheel for macOS, stubs/ what the system brings.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES RUNNER_CROSS)
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_VERSION 23)  # Darwin 23 is macOS 14
set(CMAKE_SYSTEM_PROCESSOR arm64)
set(CMAKE_OSX_DEPLOYMENT_TARGET 14.0 CACHE STRING "The oldest macOS it runs on")
set(CMAKE_C_COMPILER ${RUNNER_CROSS}/bin/arm64-macos-clang)
set(CMAKE_CXX_COMPILER ${RUNNER_CROSS}/bin/arm64-macos-clang++)
# zig's ar and ranlib know Mach-O. Nothing edits run paths: each file is linked with those that it is installed with.
set(CMAKE_AR ${RUNNER_CROSS}/bin/arm64-macos-ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${RUNNER_CROSS}/bin/arm64-macos-ranlib CACHE FILEPATH "")
set(CMAKE_INSTALL_NAME_TOOL /bin/false CACHE FILEPATH "")
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_SHARED_LIBRARY_RUNTIME_C_FLAG "-Wl,-rpath,")  # CMake asks a Mac's sw_vers whether the linker knows it
set(CMAKE_CROSSCOMPILING_EMULATOR ${RUNNER_CROSS}/bin/instead)
set(CMAKE_FIND_ROOT_PATH ${RUNNER_CROSS})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
list(APPEND CMAKE_PREFIX_PATH ${RUNNER_CROSS}/prefix ${RUNNER_CROSS}/wheel/torch)
list(APPEND CMAKE_LIBRARY_PATH ${RUNNER_CROSS}/stubs)
list(APPEND CMAKE_FRAMEWORK_PATH ${RUNNER_CROSS}/stubs)
set(ENV{PKG_CONFIG_LIBDIR} ${RUNNER_CROSS}/prefix/lib/pkgconfig)
