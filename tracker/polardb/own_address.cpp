#include "tracker/polardb/own_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "common/status/reason.h"

namespace rowtide::polardb {

absl::StatusOr<std::string> own_address_towards(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* raw = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &raw) != 0) {
    return failure(absl::StatusCode::kUnavailable, "UnknownHost",
                   fmt::format("'{}' does not resolve here; check the DNS of this network", host));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> found(raw, &freeaddrinfo);
  for (const addrinfo* each = found.get(); each != nullptr; each = each->ai_next) {
    const int socket = ::socket(each->ai_family, SOCK_DGRAM, 0);
    if (socket < 0) continue;
    sockaddr_storage own{};
    socklen_t size = sizeof(own);
    auto* address = reinterpret_cast<sockaddr*>(&own);
    const bool is_known =
        ::connect(socket, each->ai_addr, each->ai_addrlen) == 0 && ::getsockname(socket, address, &size) == 0;
    ::close(socket);
    std::array<char, NI_MAXHOST> text{};
    if (is_known && getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
      return std::string(text.data());
  }
  return failure(absl::StatusCode::kUnavailable, "Unreachable",
                 fmt::format("there is no route to {}; check the network of this pod", host));
}

}  // namespace rowtide::polardb
