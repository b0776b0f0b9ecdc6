#pragma once
// Slurm on this machine alone, as Debian packages it: munged, slurmctld and slurmd of a test's own, on ports
// of their own, stopped at its end. Needs root (slurmd starts jobs as their users).

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {

class SlurmCluster {
 public:
  // "" once it runs, else why there is none.
  std::string start() {
    if (::geteuid() != 0) return "slurmd needs root";
    for (const char* program : {"munged", "slurmctld", "slurmd", "sbatch"})
      if (run_program({"sh", "-c", std::string("PATH=$PATH:/usr/sbin command -v ") + program}).exit_code != 0)
        return std::string("no ") + program + " here (Debian: slurmctld slurmd slurm-client munge)";
    write_configuration();
    const std::string conf = (folder_ / "slurm.conf").string();
    daemon({"/usr/sbin/munged", "--foreground", "--force", "--socket=" + file("munge.socket"),
            "--key-file=" + file("key"), "--pid-file=" + file("munged.pid"),
            "--log-file=" + file("munged.log"), "--seed-file=" + file("seed")});
    if (!comes_up({"sh", "-c", "test -S " + file("munge.socket")})) return "munged does not start";
    daemon({"/usr/sbin/slurmctld", "-D", "-f", conf});
    daemon({"/usr/sbin/slurmd", "-D", "-f", conf});
    if (!comes_up({"sh", "-c", "sinfo --noheader --format=%t | grep -qx idle"}))
      return "slurmctld and slurmd do not start";
    return "";
  }
  ~SlurmCluster() {
    for (auto daemon = daemons_.rbegin(); daemon != daemons_.rend(); ++daemon) {
      ::kill(*daemon, SIGTERM);
      ::waitpid(*daemon, nullptr, 0);
    }
  }

  // What a user of the cluster has set.
  std::map<std::string, std::string> environment() const { return {{"SLURM_CONF", file("slurm.conf")}}; }
  ProgramResult run(const std::vector<std::string>& command) const {
    return run_program(command, {"", environment()});
  }
  // Waits until the command succeeds; false after two minutes.
  bool comes_up(const std::vector<std::string>& command) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (run(command).exit_code != 0) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    return true;
  }
  // Waits until no job is left; false after two minutes.
  bool drained() const { return comes_up({"sh", "-c", "test -z \"$(squeue --noheader)\""}); }
  std::string log() const {
    return file_contents(folder_ / "slurmctld.log") + file_contents(folder_ / "slurmd.log");
  }

 private:
  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  static int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
  }

  void write_configuration() {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    for (const char* name : {"state", "spool"}) std::filesystem::create_directory(folder_ / name);
    folder_.write("key", std::string(64, 'k') + std::to_string(::getpid()));
    std::filesystem::permissions(folder_ / "key", std::filesystem::perms(0400));
    char host[256] = "";
    ::gethostname(host, sizeof host - 1);
    const std::string name = std::string(host).substr(0, std::string(host).find('.'));
    folder_.write(
        "slurm.conf",
        "ClusterName=test\nSlurmctldHost=" + name + "(127.0.0.1)\nSlurmUser=root\nSlurmdUser=root\n" +
            "AuthType=auth/munge\nCryptoType=crypto/munge\nAuthInfo=socket=" + file("munge.socket") +
            "\nSlurmctldPort=" + std::to_string(free_port()) + "\nSlurmdPort=" + std::to_string(free_port()) +
            "\nStateSaveLocation=" + file("state") + "\nSlurmdSpoolDir=" + file("spool") +
            "\nSlurmctldPidFile=" + file("slurmctld.pid") + "\nSlurmdPidFile=" + file("slurmd.pid") +
            "\nSlurmctldLogFile=" + file("slurmctld.log") + "\nSlurmdLogFile=" + file("slurmd.log") +
            "\nProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nMpiDefault=none\n"
            "SelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\nReturnToService=2\nKillWait=1\n"
            "JobAcctGatherType=jobacct_gather/none\nAccountingStorageType=accounting_storage/none\n"
            "SchedulerType=sched/builtin\nSchedulerParameters=batch_sched_delay=0,sched_interval=1\n"
            "NodeName=" +
            name + " NodeAddr=127.0.0.1 CPUs=" + std::to_string(std::thread::hardware_concurrency()) +
            " State=UNKNOWN\n"
            "PartitionName=all Nodes=" +
            name + " Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4\n");
  }

  void daemon(const std::vector<std::string>& command) {
    const pid_t child = ::fork();
    if (child == 0) {
      const int nowhere = ::open("/dev/null", O_RDWR);
      for (const int fd : {0, 1, 2}) ::dup2(nowhere, fd);
      std::vector<char*> argv;
      for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
      argv.push_back(nullptr);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    daemons_.push_back(child);
  }

  TemporaryFolder folder_;
  std::vector<pid_t> daemons_;
};

}  // namespace runner::test
