#include "ranks/store.h"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "ranks/address.h"

namespace runner::ranks {
namespace {

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

// A socket that the starter of the ranks has opened for this one; -1: none.
int inherited_socket() {
  const char* text = std::getenv(socket_variable);
  return text == nullptr || *text == '\0' ? -1 : std::atoi(text);
}

// The socket of this process that listens on `port`; for libtorch before 2.2.
[[maybe_unused]] int listener_on(int port) {
  for (int fd = 0; fd < 65536; ++fd) {
    int listening = 0;
    socklen_t size = sizeof listening;
    if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0 &&
        port_of(fd) == port)
      return fd;
  }
  return -1;
}

// Options is c10d's struct: since libtorch 2.4 it asks for libuv, which Debian's builds are without.
template <class Options>
Options options_of(int port, double timeout) {
  Options o;
  if constexpr (requires { o.useLibUV; }) o.useLibUV = false;
  o.port = static_cast<std::uint16_t>(port);
  o.waitWorkers = false;
  o.timeout = milliseconds(timeout);
  return o;
}

// A store whose server accepts on `socket` alone. Options is c10d's struct: since libtorch 2.2 it takes a
// socket; before, the server listens on all addresses, at a port of the system's choice until `socket` takes
// that one's place.
template <class Options>
Store serve(const std::string& host, Options options, int socket) {
  options.isServer = true;
  if constexpr (requires { options.masterListenFd; }) {
    options.port = static_cast<std::uint16_t>(port_of(socket));
    options.masterListenFd = socket;
    return c10::make_intrusive<c10d::TCPStore>(host, options);
  } else {
    options.port = 0;
    auto store = c10::make_intrusive<c10d::TCPStore>(host, options);
    // Answers: the server accepts a connection before each, and so has accepted both of this store's, which
    // would be reset otherwise.
    put(*store, "store", "open");
    for (int i = 0; i < 3; ++i) take(*store, "store");
    const int open = listener_on(store->getPort());
    if (open < 0 || ::dup2(socket, open) < 0)
      throw EnvironmentError("cannot hand the store its socket", host);
    ::close(socket);
    put(*store, "store", "moved");  // the server looks at its socket anew
    return store;
  }
}

// While it lives and `seconds` have passed, connections to `port` are ended: since libtorch 2.4 c10d waits
// for the first answers of a store without a timeout.
class ConnectionLimit {
 public:
  ConnectionLimit(int port, double seconds)
      : thread_([this, port, seconds] {
          std::unique_lock lock(mutex_);
          if (!wake_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return over_; }))
            shut_connections_to(port);
        }) {}
  ConnectionLimit(const ConnectionLimit&) = delete;
  ConnectionLimit& operator=(const ConnectionLimit&) = delete;
  ~ConnectionLimit() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace

Store open_store(RankPlace& place, double timeout) {
  if (!place.leads()) return connect_store(place, timeout);
  const int inherited = inherited_socket();
  const int socket = inherited >= 0 ? inherited : listen_on(place.address, place.port);
  if (place.port == 0) place.port = port_of(socket);
  Store store = serve(place.address, options_of<c10d::TCPStoreOptions>(place.port, timeout), socket);
  put(*store, "store", "open");
  return store;
}

Store connect_store(const RankPlace& place, double timeout) {
  try {
    const ConnectionLimit limit(place.port,
                                timeout + 0.1);  // after c10d's own, which then does not try again
    auto store = c10::make_intrusive<c10d::TCPStore>(place.address,
                                                     options_of<c10d::TCPStoreOptions>(place.port, timeout));
    // Who has accepted the connection may be another program, or stopped. c10d gives its socket a timeout
    // with the first of these calls; before, any other would wait for ever.
    take(*store, "store");
    return store;
  } catch (const std::exception& error) {
    spdlog::debug("{}", error.what());
    throw RunError(
        fmt::format("rank 0 does not answer there within {:.0f} s (environment.rank_timeout): it has not "
                    "started, another MASTER_PORT was meant, or a firewall is between",
                    timeout),
        fmt::format("{}:{}", place.address, place.port));
  }
}

void put(c10d::Store& store, const std::string& key, const std::string& text) {
  store.set(key, std::vector<std::uint8_t>(text.begin(), text.end()));
}

std::string take(c10d::Store& store, const std::string& key) {
  const std::vector<std::uint8_t> bytes = store.get(key);
  return {bytes.begin(), bytes.end()};
}

}  // namespace runner::ranks
