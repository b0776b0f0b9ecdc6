# cmake -DOUTPUT=… -DSOURCE=… -DLIBTORCH=… -DFAISS=… -DBUILD_TYPE=… -DCOMPILER=… -P: writes OUTPUT when it would change.
execute_process(COMMAND git -C ${SOURCE} rev-parse HEAD OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE
                RESULT_VARIABLE failed ERROR_QUIET)
if(failed)
  set(COMMIT "not known: built from an archive")
else()
  execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no OUTPUT_VARIABLE changed ERROR_QUIET)
  if(changed)
    string(APPEND COMMIT ", with changes")
  endif()
endif()
file(WRITE ${OUTPUT}.new "#pragma once
// Written by the build (cmake/write_build_facts.cmake).

namespace runner::cli::build_facts {
inline constexpr const char* commit = \"${COMMIT}\";
inline constexpr const char* libtorch = \"${LIBTORCH}\";
inline constexpr const char* faiss = \"${FAISS}\";
inline constexpr const char* compiler = \"${COMPILER}\";
inline constexpr const char* build_type = \"${BUILD_TYPE}\";
}  // namespace runner::cli::build_facts
")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different ${OUTPUT}.new ${OUTPUT})
