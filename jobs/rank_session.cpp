#include "jobs/rank_session.h"

#include "base/error.h"
#include "base/json_text.h"
#include "base/version.h"
#include "data/content_hash.h"
#include "engines/device_probe.h"

namespace runner::jobs {
namespace {

std::string hash_of(const Json& json) {
  const std::string text = json_message(json);
  data::ContentHash hash;
  hash.update(text.data(), text.size());
  return hash.hex();
}

}  // namespace

void run_in_session(const ranks::RankPlace& place, double timeout,
                    const std::function<void(ranks::Session&)>& work) {
  ranks::Session session(place, timeout);
  try {
    work(session);
  } catch (const Error& error) {
    session.fail(error.line());
    throw;
  } catch (const std::exception& error) {
    session.fail(error.what());
    throw;
  }
  session.leave();
}

std::shared_ptr<ranks::Group> meet(ranks::Session& session, const RankIdentity& identity, ranks::Wire wire) {
  session.introduce({{"RUNNER_RANK_SECRET", ranks::secret_digest()},
                     {"version", version()},
                     {"config", hash_of(identity.config)},
                     {"data", hash_of(identity.data)},
                     {"precision", to_word(identity.precision)},
                     {"device", c10::DeviceTypeName(identity.device.type(), true)},
                     {"gpu", ranks::gpu_of(identity.device)}});
  return session.connect(wire, identity.device);
}

runtime::DeviceChoice choose_rank_device(const std::string& wanted, bool fallback,
                                         const std::optional<ranks::RankPlace>& place) {
  auto choice = runtime::choose_device(wanted, fallback, lvm::probe_device);
  const bool unnumbered = wanted == "auto" || wanted == "cuda";
  // Slurm may show each task its own device alone.
  if (!place || !unnumbered || choice.actual.kind != runtime::DeviceKind::cuda ||
      torch::cuda::device_count() < 2)
    return choice;
  return runtime::choose_device("cuda:" + std::to_string(place->local_rank), false, lvm::probe_device);
}

}  // namespace runner::jobs
