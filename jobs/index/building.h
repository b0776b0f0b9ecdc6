#pragma once
#include <filesystem>

namespace runner::jobs {

// A file that is being built: removed unless it was given its name by the end, and what a killed build has
// left under it at the start.
class Building {
 public:
  explicit Building(std::filesystem::path file) : path(std::move(file)) { remove(); }
  ~Building() { remove(); }
  Building(const Building&) = delete;
  Building& operator=(const Building&) = delete;

  const std::filesystem::path path;

 private:
  void remove() const {
    std::error_code error;
    std::filesystem::remove(path, error);
  }
};

}  // namespace runner::jobs
