#include "tracker/source/handshake_probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "common/bytes/byte_reader.h"
#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/source/server_error.h"

namespace rowtide::source {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

struct Resolved {
  int error = 0;
  std::vector<Address> addresses;
};

Resolved resolve_now(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  Resolved resolved;
  resolved.error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  if (resolved.error != 0) return resolved;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    Address& address = resolved.addresses.emplace_back();
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    address.length = info->ai_addrlen;
  }
  ::freeaddrinfo(list);
  return resolved;
}

/// getaddrinfo() takes as long as its resolver likes, so it has a thread that may be left behind.
absl::StatusOr<std::vector<Address>> resolve(const std::string& host, std::uint16_t port,
                                             milliseconds timeout) {
  auto promise = std::make_shared<std::promise<Resolved>>();
  std::future<Resolved> future = promise->get_future();
  std::thread([promise, host, port] {
    promise->set_value(resolve_now(host, std::to_string(port)));
  }).detach();
  if (future.wait_for(timeout) != std::future_status::ready) {
    return failure(StatusCode::kUnavailable, "Timeout",
                   fmt::format("the name '{}' was not resolved within {} ms; check the DNS of this network",
                               host, timeout.count()));
  }
  Resolved resolved = future.get();
  if (resolved.error != 0) {
    return failure(
        StatusCode::kUnavailable, "UnknownHost",
        fmt::format("the name '{}' is not known: {}; check spec.source.host and the DNS of this network",
                    host, ::gai_strerror(resolved.error)));
  }
  return std::move(resolved.addresses);
}

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

Socket socket_for(const Address& address) {
  return Socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/// Waits for `events` until the deadline. False: too late.
bool wait_for(const Socket& socket, short events, Clock::time_point deadline) {
  pollfd poll{.fd = socket.get(), .events = events, .revents = 0};
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count();
  return left > 0 && ::poll(&poll, 1, static_cast<int>(left)) == 1;
}

/// 0, or the system's error.
int connect_to(const Socket& socket, const Address& address, Clock::time_point deadline) {
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0)
    return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(socket, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

/// A packet: length 3, sequence 1, payload. Empty on time-out or a connection that ended.
std::string read_packet(const Socket& socket, Clock::time_point deadline) {
  constexpr std::size_t kHeader = 4;
  std::string bytes;
  std::size_t wanted = kHeader;
  while (bytes.size() < wanted) {
    std::array<char, 512> part{};
    if (!wait_for(socket, POLLIN, deadline)) return {};
    const ssize_t count = ::read(socket.get(), part.data(), part.size());
    if (count <= 0) return {};
    bytes.append(part.data(), static_cast<std::size_t>(count));
    if (bytes.size() >= kHeader) wanted = kHeader + ByteReader(as_bytes(bytes)).u24();
  }
  return bytes.substr(kHeader, wanted - kHeader);
}

absl::StatusOr<std::string> read_greeting(const std::string& payload, const Target& target) {
  if (payload.empty()) return classify_error(2003, "no greeting (110)", target);
  ByteReader reader(as_bytes(payload));
  constexpr std::uint8_t kError = 0xff;
  if (reader.u8() != kError) {
    const std::string_view version = as_text(reader.rest());
    return std::string(version.substr(0, version.find('\0')));
  }
  const std::uint16_t number = reader.u16();
  std::string_view text = as_text(reader.rest());
  constexpr std::size_t kSqlState = 6;  // "#HY000", not sent by every server this early
  if (text.starts_with('#')) text.remove_prefix(std::min(kSqlState, text.size()));
  return classify_error(number, text, target);
}

}  // namespace

absl::StatusOr<std::size_t> resolve_host(const std::string& host, milliseconds timeout) {
  ASSIGN_OR_RETURN(const std::vector<Address> addresses, resolve(host, 0, timeout));
  return addresses.size();
}

int probe_connect(const std::string& host, std::uint16_t port, milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  absl::StatusOr<std::vector<Address>> addresses = resolve(host, port, timeout);
  int error = ETIMEDOUT;
  if (!addresses.ok()) return error;
  for (const Address& address : *addresses) {
    const Socket socket = socket_for(address);
    error = connect_to(socket, address, deadline);
    if (error == 0) break;
  }
  return error;
}

absl::StatusOr<std::string> probe_handshake(const std::string& host, std::uint16_t port,
                                            milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const Target target{host, port, ""};
  ASSIGN_OR_RETURN(std::vector<Address> addresses, resolve(host, port, timeout));
  int error = ETIMEDOUT;
  for (const Address& address : addresses) {
    const Socket socket = socket_for(address);
    error = connect_to(socket, address, deadline);
    if (error == 0) return read_greeting(read_packet(socket, deadline), target);
  }
  return classify_error(2003, fmt::format("{} ({})", std::strerror(error), error), target);
}

}  // namespace rowtide::source
