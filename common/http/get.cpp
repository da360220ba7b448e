#include "common/http/get.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "common/status/try.h"

namespace rowtide::http {
namespace {

using std::chrono::steady_clock;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

struct Peer {
  sockaddr_storage address{};
  socklen_t size = 0;
};

absl::StatusOr<Peer> peer_of(const std::string& address, std::uint16_t port) {
  Peer peer;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&peer.address, &v4, sizeof(v4));
    peer.size = sizeof(v4);
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&peer.address, &v6, sizeof(v6));
    peer.size = sizeof(v6);
  } else {
    return absl::InvalidArgumentError(fmt::format("\"{}\" is not an IP address", address));
  }
  return peer;
}

absl::Status failed(const char* step) {
  return absl::UnavailableError(fmt::format("{}: {}", step, std::strerror(errno)));
}

/// Until the socket can be read or written; DeadlineExceeded when the time is over.
absl::Status wait_for(const Socket& socket, short events, steady_clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now()).count();
  pollfd waiting{.fd = socket.get(), .events = events, .revents = 0};
  const int ready = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left));
  if (ready < 0 && errno != EINTR) return failed("poll");
  return ready == 0 ? absl::DeadlineExceededError("no whole answer in time") : absl::OkStatus();
}

absl::Status connect_to(const Socket& socket, const Peer& peer, steady_clock::time_point end) {
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&peer.address), peer.size) == 0)
    return absl::OkStatus();
  if (errno != EINPROGRESS) return failed("connect");
  RETURN_IF_ERROR(wait_for(socket, POLLOUT, end));
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  errno = error;
  return error == 0 ? absl::OkStatus() : failed("connect");
}

absl::Status send_all(const Socket& socket, std::string_view text, steady_clock::time_point end) {
  while (!text.empty()) {
    RETURN_IF_ERROR(wait_for(socket, POLLOUT, end));
    const ssize_t sent = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return failed("send");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> receive_all(const Socket& socket, std::size_t limit,
                                        steady_clock::time_point end) {
  std::string answer;
  std::array<char, 4096> buffer{};
  while (true) {
    RETURN_IF_ERROR(wait_for(socket, POLLIN, end));
    const ssize_t received = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (received == 0) return answer;
    if (received < 0 && errno != EAGAIN && errno != EINTR) return failed("receive");
    if (received > 0) answer.append(buffer.data(), static_cast<std::size_t>(received));
    if (answer.size() > limit) {
      return absl::ResourceExhaustedError(fmt::format("the answer is longer than {} bytes", limit));
    }
  }
}

absl::StatusOr<std::string> body_of(const std::string& answer) {
  const std::size_t head_end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.") || head_end == std::string::npos) {
    return absl::InternalError("the answer is not HTTP");
  }
  const std::string status_line = answer.substr(0, answer.find("\r\n"));
  if (status_line.find(" 200") == std::string::npos) {
    return absl::UnavailableError(fmt::format("the answer is {}", status_line));
  }
  return answer.substr(head_end + 4);
}

}  // namespace

absl::StatusOr<std::string> get(const std::string& address, std::uint16_t port, const std::string& path,
                                const GetLimits& limits) {
  const auto end = steady_clock::now() + limits.deadline;
  ASSIGN_OR_RETURN(const Peer peer, peer_of(address, port));
  const Socket socket(
      ::socket(peer.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (socket.get() < 0) return failed("socket");
  RETURN_IF_ERROR(connect_to(socket, peer, end));
  const std::string host = peer.address.ss_family == AF_INET6 ? fmt::format("[{}]", address) : address;
  RETURN_IF_ERROR(send_all(socket, fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\n\r\n", path, host), end));
  ASSIGN_OR_RETURN(const std::string answer, receive_all(socket, limits.max_bytes, end));
  return body_of(answer);
}

}  // namespace rowtide::http
