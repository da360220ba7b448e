#include "common/http/server.h"

#include <civetweb.h>
#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace rowtide::http {

struct Server::Impl {
  std::map<std::string, Handler> handlers;
  mg_context* context = nullptr;
  std::uint16_t port = 0;
};

namespace {

Response answer(const std::map<std::string, Handler>& handlers, const mg_request_info& request) {
  const std::string_view method = request.request_method;
  if (method != "GET" && method != "HEAD") {
    return {.status = 405, .body = fmt::format("{} is not allowed here; use GET\n", method)};
  }
  const auto handler = handlers.find(request.local_uri);
  if (handler != handlers.end()) return handler->second();
  std::string paths;
  for (const auto& [path, unused] : handlers) paths += " " + path;
  return {.status = 404, .body = "nothing here; there is:" + paths + "\n"};
}

int handle(mg_connection* connection, void* data) noexcept {
  const auto& impl = *static_cast<const Server::Impl*>(data);
  const mg_request_info& request = *mg_get_request_info(connection);
  Response response;
  try {
    response = answer(impl.handlers, request);
  } catch (const std::exception& error) {
    response = {.status = 500, .body = fmt::format("the handler failed: {}\n", error.what())};
  }
  const std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                  response.status, mg_get_response_code_text(connection, response.status),
                  response.content_type, response.body.size());
  mg_write(connection, head.data(), head.size());
  if (std::string_view(request.request_method) != "HEAD") {
    mg_write(connection, response.body.data(), response.body.size());
  }
  return response.status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::start(const std::string& address,
                                                      std::map<std::string, Handler> handlers) {
  auto impl = std::make_unique<Impl>();
  impl->handlers = std::move(handlers);

  const std::array<const char*, 7> options{"listening_ports",    address.c_str(), "num_threads", "2",
                                           "request_timeout_ms", "10000",         nullptr};
  const mg_callbacks callbacks{};
  impl->context = mg_start(&callbacks, impl.get(), const_cast<const char**>(options.data()));
  if (impl->context == nullptr) {
    return absl::UnavailableError(
        fmt::format("cannot listen on {}: it is not an address of this host, or the port is taken; choose "
                    "another with --listen",
                    address));
  }
  std::array<mg_server_port, 4> ports{};
  if (mg_get_server_ports(impl->context, static_cast<int>(ports.size()), ports.data()) > 0) {
    impl->port = static_cast<std::uint16_t>(ports[0].port);
  }
  mg_set_request_handler(impl->context, "/", handle, impl.get());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  mg_stop(impl_->context);
}

std::uint16_t Server::port() const {
  return impl_->port;
}

}  // namespace rowtide::http
