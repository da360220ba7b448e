#include "common/http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>

#include "common/http/get.h"

namespace rowtide::http {
namespace {

std::string exchange(std::uint16_t port, const std::string& request) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::send(descriptor, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  std::string answer;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::recv(descriptor, buffer.data(), buffer.size(), 0)) > 0;) {
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(descriptor);
  return answer;
}

std::string get(const Server& server, const std::string& path) {
  return exchange(server.port(), "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

std::unique_ptr<Server> start() {
  auto server =
      Server::start("127.0.0.1:0", {{"/healthz", [] { return Response{.body = "ok\n"}; }},
                                    {"/readyz", [] { return Response{.status = 503, .body = "not yet\n"}; }},
                                    {"/broken", []() -> Response { throw std::runtime_error("oh"); }}});
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

TEST(HttpServer, AnswersWithTheHandlersStatusAndBody) {
  const auto server = start();
  const std::string good = get(*server, "/healthz");
  EXPECT_TRUE(good.starts_with("HTTP/1.1 200 ")) << good;
  EXPECT_TRUE(good.ends_with("\r\n\r\nok\n")) << good;
  EXPECT_TRUE(get(*server, "/readyz").starts_with("HTTP/1.1 503 "));
}

TEST(HttpServer, UnknownPathNamesThePaths) {
  const auto server = start();
  const std::string answer = get(*server, "/nothing");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 ")) << answer;
  EXPECT_NE(answer.find("/healthz"), std::string::npos) << answer;
}

TEST(HttpServer, AThrowingHandlerIsA500) {
  const auto server = start();
  EXPECT_TRUE(get(*server, "/broken").starts_with("HTTP/1.1 500 "));
}

TEST(HttpServer, AHugePieceGivesItsMemoryBack) {
  std::size_t pieces = 0;
  std::size_t kept = 0;
  const auto next = [&](std::string& text) {
    kept = text.capacity();
    text.assign(++pieces == 1 ? 64 * 1024 * 1024 : 1, 'x');
    return pieces != 2;
  };
  const auto server = Server::start(
      "127.0.0.1:0", {}, {{"GET /pieces", [&](const Request&) { return Response{.next = next}; }}});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_GT(get(**server, "/pieces").size(), 64U * 1024 * 1024);
  EXPECT_EQ(pieces, 2U);
  EXPECT_LT(kept, 1024U) << "when the second was asked for";
}

TEST(HttpServer, OnlyGet) {
  const auto server = start();
  EXPECT_TRUE(
      exchange(server->port(), "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
          .starts_with("HTTP/1.1 405 "));
}

TEST(HttpServer, AnotherMethodIsToldThoseOfThePath) {
  const auto nothing = [](const Request&) { return Response{}; };
  const auto server = Server::start("127.0.0.1:0", {{"/status", [] { return Response{}; }}},
                                    {{"GET /here", nothing}, {"DELETE /here", nothing}});
  ASSERT_TRUE(server.ok()) << server.status();
  const auto ask = [&](const std::string& what) {
    return exchange((*server)->port(), what + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  };
  for (const char* method : {"HEAD", "PUT"}) {
    EXPECT_TRUE(ask(std::string(method) + " /here").starts_with("HTTP/1.1 405 ")) << method;
  }
  EXPECT_NE(ask("PUT /here").find("use DELETE, GET\n"), std::string::npos) << ask("PUT /here");
  EXPECT_NE(ask("DELETE /status").find("use GET\n"), std::string::npos);
  EXPECT_NE(ask("GET /nowhere").find("there is: /here /status\n"), std::string::npos);
}

TEST(HttpServer, ABodyIsTakenToItsLimitAndNoneOfUnknownLength) {
  const auto echo = [](const Request& request) { return Response{.body = request.body}; };
  const auto server =
      Server::start("127.0.0.1:0", {}, {{"POST /here", echo}}, {.certificate = {}, .max_body_bytes = 10});
  ASSERT_TRUE(server.ok()) << server.status();
  const auto status = [&](const std::string& headers, const std::string& body) {
    const std::string answer =
        exchange((*server)->port(), "POST /here HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n" + body);
    return answer.substr(0, std::string("HTTP/1.1 200").size());
  };
  EXPECT_EQ(status("Content-Length: 10\r\n", "0123456789"), "HTTP/1.1 200");
  EXPECT_EQ(status("Content-Length: 11\r\n", "0123456789a"), "HTTP/1.1 413");
  EXPECT_EQ(status("Transfer-Encoding: chunked\r\n", "b\r\n0123456789a\r\n0\r\n\r\n"), "HTTP/1.1 415");
  EXPECT_EQ(status("Content-Encoding: gzip\r\nContent-Length: 10\r\n", "0123456789"), "HTTP/1.1 415");
  EXPECT_EQ(status("", ""), "HTTP/1.1 411");
}

/// The status of a request with these headers to a path that changes something.
class ForeignPages : public testing::Test {
 protected:
  static std::unique_ptr<Server> start_at(const std::string& address) {
    const auto here = [](const Request&) { return Response{}; };
    auto server = Server::start(address, {{"/status", [] { return Response{}; }}},
                                {{"GET /here", here}, {"POST /here", here}, {"DELETE /here", here}});
    EXPECT_TRUE(server.ok()) << server.status();
    return *std::move(server);
  }
  static std::string status(const Server& server, const std::string& what, const std::string& headers) {
    return exchange(server.port(),
                    what + " HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n" + headers + "\r\n")
        .substr(0, std::string("HTTP/1.1 200").size());
  }
  static constexpr const char* kTaken = "HTTP/1.1 200";
  static constexpr const char* kRefused = "HTTP/1.1 403";

  const std::unique_ptr<Server> loopback_ = start_at("127.0.0.1:0");
  const std::unique_ptr<Server> all_ = start_at(":0");
};

TEST_F(ForeignPages, AreNotLetInByAnyVerb) {
  const std::string browser = "User-Agent: Mozilla/5.0 (X11)\r\nAccept-Language: en\r\n";
  for (const std::string& headers :
       {"Host: localhost:8080\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n" + browser,
        // localhost:3000 is of the same site
        "Host: localhost:8080\r\nSec-Fetch-Site: same-site\r\nOrigin: http://localhost:3000\r\n" + browser,
        std::string("Host: localhost:8080\r\nOrigin: http://localhost:3000\r\n"),
        std::string("Host: localhost\r\nOrigin: null\r\n"),
        // An <img> at an address that browsers do not trust: neither Origin nor Sec-Fetch-Site.
        "Host: 192.168.1.5:8080\r\n" + browser,
        std::string("Host: 192.168.1.5:8080\r\nUser-Agent: Mozilla/5.0 (X11)\r\n"),
        // DNS rebinding: the page is of the same origin, and may choose its User-Agent.
        "Host: evil.example:8080\r\n" + browser,
        "Host: evil.example:8080\r\nOrigin: http://evil.example:8080\r\n" + browser,
        std::string("Host: evil.example:8080\r\nUser-Agent: curl\r\nAccept-Language: *\r\n")}) {
    for (const char* what : {"GET /here", "POST /here", "DELETE /here"}) {
      EXPECT_EQ(status(*loopback_, what, headers), kRefused) << what << "\n" << headers;
      EXPECT_EQ(status(*all_, what, headers), kRefused) << what << "\n" << headers;
    }
  }
}

TEST_F(ForeignPages, WhatIsNoneIsLetIn) {
  for (const char* headers :
       {"Host: localhost:8080\r\nUser-Agent: curl/8.0\r\n", "Host: [::1]:8080\r\n", "Host: 127.0.0.1\r\n", "",
        "Host: localhost:8080\r\nUser-Agent: Mozilla/5.0\r\nSec-Fetch-Site: same-origin\r\n"
        "Origin: http://localhost:3000\r\n",
        "Host: LOCALHOST:8080\r\nUser-Agent: Mozilla/5.0\r\nSec-Fetch-Site: none\r\nAccept-Language: en\r\n",
        "Host: 10.1.2.3:8080\r\nUser-Agent: Deno/1.40\r\nAccept-Language: *\r\n",
        "Host: localhost\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0) PowerShell/7.4.0\r\n"}) {
    EXPECT_EQ(status(*loopback_, "GET /here", headers), kTaken) << headers;
    EXPECT_EQ(status(*all_, "POST /here", headers), kTaken) << headers;
  }
  for (const char* headers :
       {"Host: tracker.shop.svc:8080\r\nUser-Agent: Python-urllib/3.12\r\n",
        "Host: tracker:8080\r\nUser-Agent: node\r\nAccept-Language: *\r\nSec-Fetch-Mode: cors\r\n"})
    EXPECT_EQ(status(*all_, "DELETE /here", headers), kTaken) << headers;
}

TEST_F(ForeignPages, OnLoopbackNobodyReadsByAnotherName) {
  EXPECT_EQ(status(*loopback_, "GET /status", "Host: evil.example:8080\r\n"), kRefused);
  EXPECT_EQ(status(*loopback_, "GET /status", "Host: 127.0.0.1.evil.example\r\n"), kRefused);
  EXPECT_EQ(status(*all_, "GET /status", "Host: tracker.example:8080\r\n"), kTaken)
      << "Prometheus, by a name";
}

TEST(HttpServer, ATakenPortIsSaid) {
  const auto server = start();
  const auto second = Server::start("127.0.0.1:" + std::to_string(server->port()), {});
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.status().ToString().find("choose another"), std::string::npos) << second.status();
}

TEST(HttpServer, WithoutAnAddressBothFamiliesAreServed) {
  const auto started = Server::start(":0", {{"/healthz", [] { return Response{.body = "ok\n"}; }}});
  ASSERT_TRUE(started.ok()) << started.status();
  const std::uint16_t port = (*started)->port();
  EXPECT_EQ(http::get("127.0.0.1", port, "/healthz").value(), "ok\n");
  const int ipv6 = ::socket(AF_INET6, SOCK_STREAM, 0);
  if (ipv6 < 0) return;  // this host has none
  ::close(ipv6);
  EXPECT_EQ(http::get("::1", port, "/healthz").value(), "ok\n");
}

TEST(HttpServer, IdleConnectionsDoNotKeepAProbeWaiting) {
  const auto started = Server::start("127.0.0.1:0", {{"/healthz", [] { return Response{.body = "ok\n"}; }}});
  ASSERT_TRUE(started.ok()) << started.status();
  std::array<int, 14> idle{};  // a port scanner, a health checker that only connects
  for (int& descriptor : idle) {
    descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons((*started)->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  EXPECT_EQ(http::get("127.0.0.1", (*started)->port(), "/healthz").value(), "ok\n");
  for (const int descriptor : idle) ::close(descriptor);
}

}  // namespace
}  // namespace rowtide::http
