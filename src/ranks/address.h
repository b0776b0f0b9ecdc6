#pragma once
// Sockets and addresses that ranks meet at.

#include <string>

namespace runner::ranks {

// A socket that listens on this address alone (a name: on what it stands for), closed by exec. Port 0: any
// that is free. Throws EnvironmentError, naming MASTER_PORT when it is in use.
int listen_on(const std::string& host, int port);
int port_of(int socket);  // that it is bound to

// Ends this process's connections to `port` of whatever machine: who waits for an answer there goes on with
// an error.
void shut_connections_to(int port);

// The address of this machine from which packets to `host` leave, as text. Throws EnvironmentError when the
// name stands for nothing.
std::string own_address_toward(const std::string& host);

// Nobody outside reaches it: loopback, link-local, and the ranges of private networks. False for a name that
// stands for nothing.
bool is_private(const std::string& host);

std::string host_name();

}  // namespace runner::ranks
