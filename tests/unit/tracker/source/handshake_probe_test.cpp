#include "tracker/source/handshake_probe.h"
#include "common/status/reason.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "tracker/source/server_error.h"

namespace rowtide::source {
namespace {

using namespace std::chrono_literals;

/// A listener on the loopback interface that says one thing to the first who connects, in two parts, and
/// hangs up. For what a real server says only in states that are hard to bring about.
class Speaker {
 public:
  explicit Speaker(std::string says) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 1), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    if (says.empty()) return;
    thread_ = std::jthread([this, says = std::move(says)] {
      const int client = ::accept(socket_, nullptr, nullptr);
      EXPECT_EQ(::send(client, says.data(), 3, MSG_NOSIGNAL), 3);
      const auto rest = static_cast<ssize_t>(says.size()) - 3;
      EXPECT_EQ(::send(client, says.data() + 3, static_cast<std::size_t>(rest), MSG_NOSIGNAL), rest);
      ::close(client);
    });
  }
  ~Speaker() {
    ::shutdown(socket_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(socket_);
  }
  Speaker(const Speaker&) = delete;
  Speaker& operator=(const Speaker&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

std::string packet(const std::string& payload) {
  return std::string{static_cast<char>(payload.size()), '\0', '\0', '\0'} + payload;
}

TEST(HandshakeProbe, ReadsTheVersion) {
  const Speaker server(
      packet(std::string("\x0A"
                         "8.0.15\0rest",
                         12)));
  const absl::StatusOr<std::string> version = probe_handshake("127.0.0.1", server.port(), 5s);
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(*version, "8.0.15");
}

TEST(HandshakeProbe, UnderstandsBeingTurnedAway) {
  const Speaker blocked(packet("\xFF\x69\x04Host '10.0.3.7' is blocked because of many connection errors"));
  const absl::Status status = probe_handshake("127.0.0.1", blocked.port(), 5s).status();
  EXPECT_EQ(reason_of(status), "HostBlocked");
  EXPECT_EQ(client_address_in(std::string(status.message())), "10.0.3.7");
  const Speaker refused(packet("\xFF\x6A\x04#HY000Host '10.0.3.7' is not allowed to connect"));
  EXPECT_EQ(reason_of(probe_handshake("127.0.0.1", refused.port(), 5s).status()), "HostNotPrivileged");
}

TEST(HandshakeProbe, TellsSilenceFromRefusalFromAnUnknownName) {
  std::uint16_t free_port = 0;
  {
    const Speaker silent("");
    free_port = silent.port();
    EXPECT_EQ(reason_of(probe_handshake("127.0.0.1", silent.port(), 200ms).status()), "Timeout");
  }
  EXPECT_EQ(reason_of(probe_handshake("127.0.0.1", free_port, 5s).status()), "ConnectionRefused");
  EXPECT_EQ(reason_of(probe_handshake("no-such-host.invalid", 3306, 20s).status()), "UnknownHost");
}

TEST(ResolveHost, KnowsLoopback) {
  EXPECT_EQ(resolve_host("127.0.0.1", 5s).value(), 1U);
  EXPECT_EQ(reason_of(resolve_host("no-such-host.invalid", 20s).status()), "UnknownHost");
}

}  // namespace
}  // namespace rowtide::source
