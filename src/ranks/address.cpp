#include "ranks/address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace runner::ranks {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses addresses_of(const std::string& host, int port, int kind) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = kind;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code != 0)
    throw EnvironmentError(fmt::format("cannot find the machine of rank 0: {}", ::gai_strerror(code)), host);
  return {list, &::freeaddrinfo};
}

class Socket {
 public:
  Socket(int family, int kind) : fd_(::socket(family, kind, 0)) {
    if (fd_ >= 0) ::fcntl(fd_, F_SETFD, FD_CLOEXEC);
  }
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

bool is_private(const in_addr& address) {
  const std::uint32_t a = ntohl(address.s_addr);
  const auto within = [a](std::uint32_t network, int bits) {
    return (a >> (32 - bits)) == (network >> (32 - bits));
  };
  return within(0x7f000000u, 8) || within(0x0a000000u, 8) || within(0xac100000u, 12) ||
         within(0xc0a80000u, 16) || within(0xa9fe0000u, 16) || within(0x64400000u, 10);
}

bool is_private(const in6_addr& a) {
  if (IN6_IS_ADDR_V4MAPPED(&a)) {
    in_addr inner;
    std::memcpy(&inner, a.s6_addr + 12, sizeof inner);
    return is_private(inner);
  }
  return IN6_IS_ADDR_LOOPBACK(&a) || IN6_IS_ADDR_LINKLOCAL(&a) || (a.s6_addr[0] & 0xfe) == 0xfc;
}

int port_in(const sockaddr_storage& address) {  // 0: of no network
  switch (address.ss_family) {
    case AF_INET:
      return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
    case AF_INET6:
      return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
    default:
      return 0;
  }
}

}  // namespace

int listen_on(const std::string& host, int port) {
  const Addresses list = addresses_of(host, port, SOCK_STREAM);
  int code = 0;
  for (const addrinfo* a = list.get(); a != nullptr; a = a->ai_next) {
    Socket socket(a->ai_family, SOCK_STREAM);
    const int on = 1;
    if (socket.get() >= 0 && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        ::bind(socket.get(), a->ai_addr, a->ai_addrlen) == 0 && ::listen(socket.get(), 1024) == 0)
      return socket.release();
    code = errno;
  }
  const char* way_out = code == EADDRINUSE      ? "; another MASTER_PORT is the way out"
                        : code == EADDRNOTAVAIL ? "; rank 0 must run on the machine that MASTER_ADDR names"
                                                : "";
  throw EnvironmentError(
      fmt::format("cannot listen there for the other ranks: {}{}", std::strerror(code), way_out),
      fmt::format("{}:{}", host, port));
}

int port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return port_in(address);
}

void shut_connections_to(int port) {
  for (int fd = 0; fd < 65536; ++fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 && port_in(address) == port)
      ::shutdown(fd, SHUT_RDWR);
  }
}

std::string own_address_toward(const std::string& host) {
  const Addresses list = addresses_of(host, 9, SOCK_DGRAM);  // nothing is sent
  for (const addrinfo* a = list.get(); a != nullptr; a = a->ai_next) {
    const Socket socket(a->ai_family, SOCK_DGRAM);
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    char text[NI_MAXHOST];
    if (socket.get() >= 0 && ::connect(socket.get(), a->ai_addr, a->ai_addrlen) == 0 &&
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
        ::getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST) == 0)
      return text;
  }
  throw EnvironmentError("no way leads there from this machine", host);
}

bool is_private(const std::string& host) {
  try {
    const Addresses list = addresses_of(host, 9, SOCK_DGRAM);
    for (const addrinfo* a = list.get(); a != nullptr; a = a->ai_next) {
      const bool inside = a->ai_family == AF_INET6
                              ? is_private(reinterpret_cast<sockaddr_in6*>(a->ai_addr)->sin6_addr)
                              : is_private(reinterpret_cast<sockaddr_in*>(a->ai_addr)->sin_addr);
      if (!inside) return false;
    }
    return true;
  } catch (const EnvironmentError&) {
    return false;
  }
}

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace runner::ranks
