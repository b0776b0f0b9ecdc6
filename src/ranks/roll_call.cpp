#include "ranks/roll_call.h"

#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>

#include "base/error.h"
#include "base/json_parse.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/status.h"
#include "base/time.h"
#include "ranks/address.h"
#include "ranks/sha256.h"

namespace runner::ranks {
namespace {

constexpr const char* gpu = "gpu";

std::string entry(const char* what, int rank) {
  return fmt::format("{}/{}", what, rank);
}

std::string host_and_rank(c10d::Store& store, int rank) {
  return fmt::format("rank {} on {}", rank, take(store, entry("host", rank)));
}

void rest() {
  status::beat();
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace

void join(const RankPlace& place, c10d::Store& store, double timeout) {
  const auto start = std::chrono::steady_clock::now();
  const auto lost = [&](const std::string& what) {
    throw RunError(fmt::format("{} within {:.0f} s (environment.rank_timeout); {} has to start all {} ranks",
                               what, timeout, place.source, place.size),
                   fmt::format("{}:{}", place.address, place.port));
  };
  try {
    put(store, entry("host", place.rank), host_name());
    for (int rank = 0; rank < place.size;) {
      if (store.check({entry("host", rank)})) {
        ++rank;
        continue;
      }
      if (seconds_since(start) > timeout) {
        std::vector<int> missing;
        for (int other = 0; other < place.size; ++other)
          if (!store.check({entry("host", other)})) missing.push_back(other);
        lost(fmt::format("rank {} of {} did not come", fmt::join(missing, ", "), place.size));
      }
      rest();
    }
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    spdlog::debug("{}", error.what());
    throw RunError("rank 0, which keeps the ranks' store, was lost before all had come",
                   fmt::format("{}:{}", place.address, place.port));
  }
}

namespace {

// What each rank says of itself.
std::vector<Introduction> introductions(const RankPlace& place, c10d::Store& store, const Watch& watch,
                                        const Introduction& mine) {
  put(store, entry("who", place.rank), json_message(Json(mine)));
  std::vector<Introduction> all;
  for (int rank = 0; rank < place.size;) {
    const bool failed = watch.failure().has_value();  // looked at first: who refuses another has heard all
    if (store.check({entry("who", rank)})) {
      all.push_back(parse_json(take(store, entry("who", rank)), "what rank " + std::to_string(rank) + " says")
                        .get<Introduction>());
      ++rank;
    } else {
      if (failed) watch.check();
      rest();
    }
  }
  return all;
}

// NCCL takes one rank a GPU, and says so in words of its own.
void refuse_shared_gpus(c10d::Store& store, const std::vector<Introduction>& all) {
  std::map<std::string, std::size_t> owners;
  std::string refused;
  for (std::size_t rank = 0; rank < all.size(); ++rank)
    for (const auto& [name, value] : all[rank]) {
      if (name != gpu || value.empty()) continue;
      const auto [owner, is_new] = owners.emplace(value, rank);
      if (is_new) continue;
      refused += fmt::format("{}{} has the GPU of rank {}", refused.empty() ? "" : "; ",
                             host_and_rank(store, static_cast<int>(rank)), owner->second);
    }
  if (refused.empty()) return;
  throw EnvironmentError(
      fmt::format("{}: NCCL takes one rank a GPU. Start no more ranks than there are GPUs, show each its own "
                  "(CUDA_VISIBLE_DEVICES), or take --device cpu",
                  refused),
      "device");
}

}  // namespace

void roll_call(const RankPlace& place, c10d::Store& store, Watch& watch, const Introduction& mine) {
  std::vector<Introduction> all;
  try {
    all = introductions(place, store, watch, mine);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    watch.explain(error);
  }
  std::string refused;
  for (int rank = 1; rank < place.size; ++rank) {
    const Introduction &theirs = all[static_cast<std::size_t>(rank)], &first = all[0];
    std::string differs;
    for (std::size_t i = 0; i < std::max(first.size(), theirs.size()); ++i) {
      const auto empty = std::pair<std::string, std::string>{"version", "another"};
      const auto& a = i < first.size() ? first[i] : empty;
      const auto& b = i < theirs.size() ? theirs[i] : empty;
      if (a == b || (a.first == gpu && b.first == gpu)) continue;
      differs += differs.empty() ? "" : ", ";
      // A digest of the secret helps nobody who should read it.
      differs += a.first == "RUNNER_RANK_SECRET"
                     ? a.first
                     : fmt::format("{} ({}, not {})", a.first, b.second, a.second);
    }
    if (!differs.empty())
      refused +=
          fmt::format("{}{} differs in {}", refused.empty() ? "" : "; ", host_and_rank(store, rank), differs);
  }
  if (refused.empty()) return refuse_shared_gpus(store, all);
  throw UsageError(fmt::format("{} from {}: all ranks must have the same program, config, data and secret",
                               refused, host_and_rank(store, 0)),
                   "ranks");
}

std::string secret_digest() {
  const char* secret = std::getenv("RUNNER_RANK_SECRET");
  return secret == nullptr || *secret == '\0' ? "none" : sha256_hex(std::string("runner ranks\n") + secret);
}

}  // namespace runner::ranks
