#include "common/http/server.h"

#include <fmt/format.h>
#include <httplib.h>

#include <charconv>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

namespace rowtide::http {

struct Server::Impl {
  std::map<std::string, Handler> handlers;
  httplib::Server server;
  int port = 0;
  std::jthread thread;
};

namespace {

constexpr std::size_t kThreads = 16;
constexpr std::time_t kSilenceSeconds = 1;  // an idle connection must not keep a probe waiting

Response answer(const std::map<std::string, Handler>& handlers, const httplib::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return {.status = 405, .body = fmt::format("{} is not allowed here; use GET\n", request.method)};
  }
  if (const auto handler = handlers.find(request.path); handler != handlers.end()) {
    try {
      return handler->second();
    } catch (const std::exception& error) {
      return {.status = 500, .body = fmt::format("the handler failed: {}\n", error.what())};
    }
  }
  std::string paths;
  for (const auto& [path, unused] : handlers) paths += " " + path;
  return {.status = 404, .body = "nothing here; there is:" + paths + "\n"};
}

void configure(httplib::Server& server, const std::map<std::string, Handler>& handlers) {
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_keep_alive_max_count(1);
  server.set_keep_alive_timeout(kSilenceSeconds);
  server.set_read_timeout(kSilenceSeconds);
  server.set_write_timeout(10);
  // Without the library's SO_REUSEPORT, by which a second server could take the same port.
  server.set_socket_options([](socket_t socket) {
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  });
  server.set_pre_routing_handler([&handlers](const httplib::Request& request, httplib::Response& response) {
    const Response ours = answer(handlers, request);
    response.status = ours.status;
    response.set_content(ours.body, ours.content_type);
    return httplib::Server::HandlerResponse::Handled;
  });
}

/// The port, or -1.
int bind(httplib::Server& server, const std::string& host, int port) {
  if (port == 0) return server.bind_to_any_port(host);
  return server.bind_to_port(host, port) ? port : -1;
}

/// "::" takes IPv4, too; a host without IPv6 has no such address.
int bind_to_all(httplib::Server& server, int port) {
  const int bound = bind(server, "::", port);
  return bound >= 0 ? bound : bind(server, "0.0.0.0", port);
}

struct Address {
  std::string host;
  int port = -1;
};

Address parse_address(std::string_view text) {
  Address address;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return address;
  const std::string_view digits = text.substr(colon + 1);
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port < 0 || port > 65535)
    return address;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::string(host), port};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::start(const std::string& address,
                                                      std::map<std::string, Handler> handlers) {
  const auto [host, port] = parse_address(address);
  if (port < 0) {
    return absl::InvalidArgumentError(
        fmt::format("--listen {}: not HOST:PORT, [IPV6]:PORT or :PORT with a port from 0 to 65535", address));
  }
  auto impl = std::make_unique<Impl>();
  impl->handlers = std::move(handlers);
  configure(impl->server, impl->handlers);
  impl->port = host.empty() ? bind_to_all(impl->server, port) : bind(impl->server, host, port);
  if (impl->port < 0) {
    return absl::UnavailableError(
        fmt::format("cannot listen on {}: it is not an address of this host, or the port is taken; choose "
                    "another with --listen",
                    address));
  }
  impl->thread = std::jthread([&server = impl->server] { server.listen_after_bind(); });
  // stop() does nothing before.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!impl->server.is_running()) {
    if (std::chrono::steady_clock::now() > end)
      return absl::UnavailableError(fmt::format("the server at {} did not begin to answer in 5 s", address));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->server.stop();
}

std::uint16_t Server::port() const {
  return static_cast<std::uint16_t>(impl_->port);
}

}  // namespace rowtide::http
