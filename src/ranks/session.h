#pragma once
// A rank's part in a run, from joining to leaving.

#include <memory>

#include "ranks/group.h"
#include "ranks/roll_call.h"

namespace runner::ranks {

class Session {
 public:
  // Joins the other ranks: returns when all have come. Rank 0 warns of an address that strangers may reach.
  // Throws as open_store() and join() do.
  Session(const RankPlace& place, double timeout);
  // A session that ends without leave() has failed: the others are told.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const RankPlace& place() const { return place_; }
  void introduce(const Introduction& introduction);
  std::shared_ptr<Group> connect(Wire wire, const torch::Device& device);

  void fail(const std::string& why);  // this rank ends with an error of its own
  void leave();                       // the work is done

 private:
  RankPlace place_;
  Store store_;
  std::shared_ptr<Watch> watch_;
  bool open_ = true;
};

}  // namespace runner::ranks
