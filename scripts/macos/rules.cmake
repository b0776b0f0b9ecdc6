# Read after CMake's own rules for the system, which ask a Mac's sw_vers whether its linker knows run paths.
set(CMAKE_SHARED_LIBRARY_RUNTIME_C_FLAG "-Wl,-rpath,")
