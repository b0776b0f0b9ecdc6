// In every plug-in: the version it was built as. The worker refuses a plug-in of another version by name.
extern "C" __attribute__((visibility("default"))) const char* runner_plugin_version() {
  return RUNNER_VERSION;
}
