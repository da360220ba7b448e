#include "common/http/get.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "common/http/server.h"

namespace rowtide::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A peer that takes one connection and does with it what it likes.
class BadPeer {
 public:
  explicit BadPeer(std::function<void(int)> behave) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 1) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no port to listen on");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this, behave = std::move(behave)] {
      const int connection = ::accept(listener_, nullptr, nullptr);
      std::array<char, 1024> request{};
      (void)::recv(connection, request.data(), request.size(), 0);
      behave(connection);
      ::close(connection);
    });
  }
  ~BadPeer() {
    thread_.join();
    ::close(listener_);
  }
  BadPeer(const BadPeer&) = delete;
  BadPeer& operator=(const BadPeer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

/// False when the other end has gone.
bool say(int connection, const std::string& text) {
  return ::send(connection, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

const std::string kHead = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";

TEST(HttpGet, ReadsTheBody) {
  const auto server = Server::start("127.0.0.1:0", {{"/status", [] { return Response{.body = "{}"}; }}});
  ASSERT_TRUE(server.ok());
  const auto body = get("127.0.0.1", (*server)->port(), "/status");
  ASSERT_TRUE(body.ok()) << body.status();
  EXPECT_EQ(*body, "{}");
  EXPECT_TRUE(absl::IsUnavailable(get("127.0.0.1", (*server)->port(), "/other").status()));
}

TEST(HttpGet, AnAnswerThatDripsEndsByTheDeadline) {
  const BadPeer peer([](int connection) {
    (void)say(connection, kHead);
    while (say(connection, "x")) std::this_thread::sleep_for(milliseconds(20));
  });
  const auto began = steady_clock::now();
  const auto body = get("127.0.0.1", peer.port(), "/status", {.deadline = milliseconds(300)});
  EXPECT_TRUE(absl::IsDeadlineExceeded(body.status())) << body.status();
  EXPECT_LT(steady_clock::now() - began, milliseconds(5'000));
}

TEST(HttpGet, AnEndlessAnswerEndsByItsSize) {
  const BadPeer peer([](int connection) {
    (void)say(connection, kHead);
    while (say(connection, std::string(4096, 'x'))) {
    }
  });
  EXPECT_TRUE(absl::IsResourceExhausted(get("127.0.0.1", peer.port(), "/status").status()));
}

TEST(HttpGet, ARedirectIsNotFollowed) {
  std::atomic<int> reached{0};
  const auto target = Server::start("127.0.0.1:0", {{"/status", [&] {
                                                       ++reached;
                                                       return Response{.body = "{}"};
                                                     }}});
  ASSERT_TRUE(target.ok());
  const BadPeer peer([&](int connection) {
    (void)say(connection, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" +
                              std::to_string((*target)->port()) + "/status\r\n\r\n");
  });
  EXPECT_TRUE(absl::IsUnavailable(get("127.0.0.1", peer.port(), "/status").status()));
  EXPECT_EQ(reached, 0);
}

TEST(HttpGet, NamesAndNonsenseAreErrors) {
  EXPECT_TRUE(absl::IsInvalidArgument(get("localhost", 1, "/").status()));
  EXPECT_TRUE(absl::IsUnavailable(get("127.0.0.1", 1, "/").status()));
  const BadPeer peer([](int connection) { (void)say(connection, "SSH-2.0\r\n"); });
  EXPECT_TRUE(absl::IsInternal(get("127.0.0.1", peer.port(), "/").status()));
}

}  // namespace
}  // namespace rowtide::http
