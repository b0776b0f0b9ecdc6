# Completion scripts and the man page, printed by the built program from what its commands declare, and installed where
# shells and man look by themselves. Built for another system, it is CMAKE_CROSSCOMPILING_EMULATOR that prints them.
set(RUNNER_SHELL_DIR ${PROJECT_BINARY_DIR}/shell)
set(shell_files ${RUNNER_SHELL_DIR}/runner ${RUNNER_SHELL_DIR}/_runner ${RUNNER_SHELL_DIR}/runner.fish
                ${RUNNER_SHELL_DIR}/runner.1)
add_custom_command(OUTPUT ${shell_files}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${RUNNER_SHELL_DIR}
  COMMAND runner completion bash > ${RUNNER_SHELL_DIR}/runner
  COMMAND runner completion zsh > ${RUNNER_SHELL_DIR}/_runner
  COMMAND runner completion fish > ${RUNNER_SHELL_DIR}/runner.fish
  COMMAND runner help --man > ${RUNNER_SHELL_DIR}/runner.1
  DEPENDS runner COMMENT "Completion scripts and the man page" VERBATIM)
add_custom_target(shell_files ALL DEPENDS ${shell_files})
add_dependencies(product shell_files)
install(FILES ${RUNNER_SHELL_DIR}/runner DESTINATION share/bash-completion/completions)
install(FILES ${RUNNER_SHELL_DIR}/_runner DESTINATION share/zsh/site-functions)
install(FILES ${RUNNER_SHELL_DIR}/runner.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${RUNNER_SHELL_DIR}/runner.1 DESTINATION share/man/man1)
