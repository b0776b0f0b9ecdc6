# A tree that runs from anywhere: bin/runner, lib/runner/*.so, share/runner/{configs,python,sample}, and what shells and man read.
include(GNUInstallDirs)
install(TARGETS runner RUNTIME DESTINATION bin)
install(TARGETS runner_core LIBRARY DESTINATION lib/runner)
get_property(plugins GLOBAL PROPERTY RUNNER_PLUGINS)
if(plugins)
  install(TARGETS ${plugins} LIBRARY DESTINATION lib/runner)
endif()
# What a user runs, without tests and benchmarks.
add_custom_target(product DEPENDS runner ${plugins})
install(DIRECTORY configs/ DESTINATION share/runner/configs FILES_MATCHING PATTERN "*.yaml")
install(FILES python/runner_lvm.py DESTINATION share/runner/python)
install(DIRECTORY artifacts/sample/ DESTINATION share/runner/sample OPTIONAL)
include(ShellFiles)
