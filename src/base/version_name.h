#pragma once
// Names of versions beside a link: NAME.index → NAME.20261121T060226Z.index, in UTC. They sort by age.

#include <ctime>
#include <filesystem>
#include <optional>
#include <string>

namespace runner {

std::string version_name(const std::filesystem::path& link, std::time_t time);
// The time in a version's name; nothing for the name of anything else.
std::optional<std::time_t> version_time(const std::filesystem::path& link, const std::string& name);

}  // namespace runner
