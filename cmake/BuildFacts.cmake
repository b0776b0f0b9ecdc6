# What `runner --version --verbose` says of this build. The commit may change without any source that is compiled, so it is
# asked at each build; the file is written again only when it has.
set(RUNNER_FACTS_DIR ${PROJECT_BINARY_DIR}/facts)
set(facts_faiss "none: built without it")
if(RUNNER_FAISS)
  set(facts_faiss "${faiss_VERSION}")
endif()
add_custom_target(runner_build_facts
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${RUNNER_FACTS_DIR}/cli/build_facts.h -DSOURCE=${PROJECT_SOURCE_DIR}
          "-DLIBTORCH=${Torch_VERSION}" "-DFAISS=${facts_faiss}" "-DBUILD_TYPE=${CMAKE_BUILD_TYPE}"
          "-DCOMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
          -P ${PROJECT_SOURCE_DIR}/cmake/write_build_facts.cmake
  BYPRODUCTS ${RUNNER_FACTS_DIR}/cli/build_facts.h
  COMMENT "" VERBATIM)
