#include "base/status.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace runner {
namespace {

TEST(Status, AChildsPhaseAndStepAreSeenByItsParentAfterItDied) {
  const int fd = status::create();
  const pid_t child = ::fork();
  if (child == 0) {
    status::attach(fd);
    status::set_phase("train epoch 3");
    status::set_step(1234);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_STREQ(status::page().phase, "train epoch 3");
  EXPECT_EQ(status::page().step.load(), 1234);
  EXPECT_EQ(status::page().beats.load(), 2u);
  ::close(fd);
}

TEST(Status, ALongPhaseIsCutNotOverrun) {
  status::set_phase(std::string(1000, 'x'));
  EXPECT_EQ(std::string(status::page().phase).size(), StatusPage::phase_capacity - 1);
}

}  // namespace
}  // namespace runner
