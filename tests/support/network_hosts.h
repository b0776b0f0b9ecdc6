#pragma once
// Machines of a test's own on this one: a network namespace each, joined by veth pairs to a bridge in one
// more, so that no address or route of this machine is touched. Programs there have a host name, processes
// and a /proc of their own. Needs root, iproute2 and util-linux.

#include <sched.h>
#include <unistd.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "support/run_program.h"

namespace runner::test {

class NetworkHosts {
 public:
  explicit NetworkHosts(int count) : count_(count) {}
  NetworkHosts(const NetworkHosts&) = delete;
  NetworkHosts& operator=(const NetworkHosts&) = delete;
  ~NetworkHosts() {
    for (const std::string& space : spaces_) run_program({"ip", "netns", "delete", space});
  }

  // "" once they are joined, else why there are none.
  std::string start() {
    if (::geteuid() != 0) return "network namespaces need root";
    for (const char* program : {"ip", "tc", "unshare"})
      if (!has_program(program)) return std::string("no ") + program + " here (Debian: iproute2 util-linux)";
    if (const auto probe = run_program({"unshare", "--uts", "--pid", "--fork", "--mount-proc", "true"});
        probe.exit_code != 0)
      return "no namespaces here: " + probe.err;
    add(bridge());
    at(bridge(), {"ip", "link", "add", "bridge", "type", "bridge"});
    at(bridge(), {"ip", "link", "set", "bridge", "up"});
    for (int host = 0; host < count_; ++host) {
      add(space(host));
      at(bridge(),
         {"ip", "link", "add", port(host), "type", "veth", "peer", "name", "eth0", "netns", space(host)});
      at(bridge(), {"ip", "link", "set", port(host), "master", "bridge", "up"});
      at(space(host), {"ip", "address", "add", address(host) + "/24", "dev", "eth0"});
      for (const char* link : {"lo", "eth0"}) at(space(host), {"ip", "link", "set", link, "up"});
    }
    return why_not_;
  }

  static std::string address(int host) { return "10.77.0." + std::to_string(host + 1); }
  static std::string name(int host) { return "host" + std::to_string(host); }

  ProgramResult run(int host, const std::vector<std::string>& command,
                    const std::map<std::string, std::string>& environment) const {
    std::vector<std::string> line{"ip",
                                  "netns",
                                  "exec",
                                  space(host),
                                  "unshare",
                                  "--uts",
                                  "--pid",
                                  "--fork",
                                  "--kill-child",
                                  "--mount-proc",
                                  "sh",
                                  "-c",
                                  "hostname " + name(host) + " && exec \"$@\"",
                                  "sh"};
    line.insert(line.end(), command.begin(), command.end());
    return run_program(line, {"", environment});
  }
  // `work` in a thread of its own whose sockets are that host's.
  template <class Work>
  void on(int host, const Work& work) const {
    std::thread([&] {
      const int fd = ::open(("/run/netns/" + space(host)).c_str(), O_RDONLY | O_CLOEXEC);
      if (::setns(fd, CLONE_NEWNET) == 0) work();
      ::close(fd);
    }).join();
  }

  void cut_link(int host) { at(bridge(), {"ip", "link", "set", port(host), "down"}); }
  // Both ways; by netem, with a delay, where the kernel has it, else by a token bucket. "" when it is slow.
  std::string slow_link(int host) {
    for (const auto& [where, link] : {std::pair{space(host), std::string("eth0")}, {bridge(), port(host)}})
      if (run_at(where, queue(link, {"netem", "delay", "5ms", "rate", "20mbit"})).exit_code != 0)
        at(where, queue(link, {"tbf", "rate", "20mbit", "burst", "32kbit", "latency", "400ms"}));
    return why_not_;
  }

 private:
  std::string bridge() const { return "runner" + std::to_string(::getpid()) + "-bridge"; }
  std::string space(int host) const { return "runner" + std::to_string(::getpid()) + "-" + name(host); }
  static std::string port(int host) { return "to-" + name(host); }
  static std::vector<std::string> queue(const std::string& link, const std::vector<std::string>& kind) {
    std::vector<std::string> line{"tc", "qdisc", "add", "dev", link, "root"};
    line.insert(line.end(), kind.begin(), kind.end());
    return line;
  }

  void add(const std::string& space) {
    note(run_program({"ip", "netns", "add", space}));
    spaces_.push_back(space);
  }
  static ProgramResult run_at(const std::string& space, std::vector<std::string> command) {
    command.insert(command.begin(), {"ip", "netns", "exec", space});
    return run_program(command);
  }
  void at(const std::string& space, const std::vector<std::string>& command) { note(run_at(space, command)); }
  void note(const ProgramResult& result) {
    if (result.exit_code != 0 && why_not_.empty()) why_not_ = "no network of namespaces here: " + result.err;
  }

  int count_;
  std::vector<std::string> spaces_;
  std::string why_not_;
};

}  // namespace runner::test
