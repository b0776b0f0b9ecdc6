#include "ranks/session.h"

#include "base/log.h"
#include "ranks/address.h"

namespace runner::ranks {

Session::Session(const RankPlace& place, double timeout)
    : place_(place), store_(open_store(place_, timeout)) {
  if (place.leads() && !is_private(place.address))
    spdlog::warn(
        "the ranks' store listens on {}, which is no private address: it has no authentication, and "
        "gradients "
        "travel in the clear (docs/scale.md)",
        place.address);
  join(place_, *store_, timeout);
  watch_ = Watch::start(place_, connect_store(place_, timeout), timeout);
  spdlog::info("rank {} of {} ({}), store at {}:{}", place.rank, place.size, place.source, place.address,
               place_.port);
}

Session::~Session() {
  if (open_) fail("it stopped");
}

void Session::introduce(const Introduction& introduction) {
  roll_call(place_, *store_, *watch_, introduction);
}

std::shared_ptr<Group> Session::connect(Wire wire, const torch::Device& device) {
  return make_group({place_, store_, watch_, wire}, device);
}

void Session::fail(const std::string& why) {
  open_ = false;
  watch_->tell_failure(why);
}

void Session::leave() {
  open_ = false;
  watch_->leave();
}

}  // namespace runner::ranks
