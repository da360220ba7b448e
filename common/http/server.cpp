#include "common/http/server.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <charconv>
#include <chrono>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "common/bytes/reused_text.h"
#include "common/http/foreign_page.h"
#include "common/http/tls.h"

namespace rowtide::http {

std::optional<std::string> Request::parameter(const std::string& name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::nullopt : std::optional(found->second);
}

struct Server::Impl {
  std::map<std::string, Handler> handlers;
  std::map<std::string, RequestHandler> requests;
  ServerOptions options;
  bool is_on_loopback = false;
  std::atomic<bool> is_stopping = false;
  std::unique_ptr<httplib::Server> server;
  int port = 0;
  std::jthread thread;
};

namespace {

constexpr std::size_t kThreads = 16;
constexpr std::time_t kSilenceSeconds = 1;  // an idle connection must not keep a probe waiting

constexpr std::chrono::seconds kWriteTime{10};
/// A response in pieces looks so often whether it is to end, or its client gone. A piece fits into a socket
/// that can be written to, so that nobody who is slow is taken for gone.
constexpr std::chrono::milliseconds kLookTime{500};
constexpr std::size_t kPieceBytes = std::size_t{8} * 1024;

/// Sends what `next` gives.
class Pieces {
 public:
  Pieces(Response response, const std::atomic<bool>& is_stopping)
      : response_(std::move(response)), is_stopping_(is_stopping) {}

  bool operator()(httplib::DataSink& sink) {
    empty_for_reuse(text_);  // `next` may take long
    const bool is_last = !response_.next(text_);
    if (!can_write(sink) || !send(sink)) return false;
    if (is_last) sink.done();
    return true;
  }

 private:
  /// Waits for a client that stands still. False: it is gone, or we are to stop.
  [[nodiscard]] bool can_write(httplib::DataSink& sink) const {
    const auto since = std::chrono::steady_clock::now();
    while (!is_stopping_) {
      const bool is_over = response_.is_over != nullptr && response_.is_over();
      if (is_over && std::chrono::steady_clock::now() - since > kWriteTime) return false;
      const auto begin = std::chrono::steady_clock::now();
      if (sink.is_writable()) return true;
      if (std::chrono::steady_clock::now() - begin < kLookTime / 2) return false;
    }
    return false;
  }
  [[nodiscard]] bool send(httplib::DataSink& sink) const {
    for (std::size_t sent = 0; sent < text_.size(); sent += kPieceBytes) {
      const std::size_t size = std::min(kPieceBytes, text_.size() - sent);
      if (!can_write(sink) || !sink.write(text_.data() + sent, size)) return false;
    }
    return true;
  }

  const Response response_;
  const std::atomic<bool>& is_stopping_;
  std::string text_;
};

Request request_of(const httplib::Request& request) {
  Request ours{.parameters = request.params, .headers = {}, .body = request.body};
  for (const auto& [name, value] : request.headers) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    ours.headers.emplace(std::move(lower), value);
  }
  return ours;
}

void respond(Response ours, const std::atomic<bool>& is_stopping, httplib::Response& response) {
  response.status = ours.status;
  if (ours.next == nullptr) {
    response.set_content(ours.body, ours.content_type);
    return;
  }
  const std::string content_type = ours.content_type;
  response.set_chunked_content_provider(
      content_type, [pieces = std::make_shared<Pieces>(std::move(ours), is_stopping)](
                        std::size_t /*offset*/, httplib::DataSink& sink) { return (*pieces)(sink); });
}

Response guarded(const Handler& handler) {
  try {
    return handler();
  } catch (const std::exception& error) {
    return {.status = 500, .body = fmt::format("the handler failed: {}\n", error.what())};
  }
}

/// "GET, POST": what may be asked of the path; empty: there is nothing.
std::string methods_of(const Server::Impl& impl, const std::string& path) {
  std::string methods = impl.handlers.contains(path) ? "GET" : "";
  for (const auto& [where, unused] : impl.requests) {
    const std::size_t space = where.find(' ');
    if (where.substr(space + 1) == path) methods += (methods.empty() ? "" : ", ") + where.substr(0, space);
  }
  return methods;
}

Response answer(const Server::Impl& impl, const httplib::Request& request) {
  const auto handler = impl.handlers.find(request.path);
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (is_read && handler != impl.handlers.end()) return guarded(handler->second);
  if (const std::string methods = methods_of(impl, request.path); !methods.empty())
    return {.status = 405, .body = fmt::format("{} is not allowed here; use {}\n", request.method, methods)};
  std::set<std::string> paths;
  for (const auto& [path, unused] : impl.handlers) paths.insert(path);
  for (const auto& [where, unused] : impl.requests) paths.insert(where.substr(where.find(' ') + 1));
  return {.status = 404, .body = fmt::format("nothing here; there is: {}\n", fmt::join(paths, " "))};
}

std::unique_ptr<httplib::Server> make_server(const ServerOptions& options) {
  if (options.certificate == nullptr) return std::make_unique<httplib::Server>();
  return std::make_unique<httplib::SSLServer>(
      [&options](SSL_CTX& context) { return serve_certificates(context, options.certificate); });
}

/// The library holds only a body of a told length to the limit: one in pieces, or one that is packed, could
/// be of any.
std::optional<Response> refuse_body(const httplib::Request& request) {
  if (request.has_header("Transfer-Encoding") || request.has_header("Content-Encoding"))
    return Response{.status = 415, .body = "a body in pieces or packed is not taken; send it plain\n"};
  if (request.method == "POST" && !request.has_header("Content-Length"))
    return Response{.status = 411, .body = "Content-Length is missing\n"};
  return std::nullopt;
}

/// Who is kept out whatever is asked for. On loopback nobody has a name but this host: another Host is that
/// of a page whose name was made to lead here.
std::optional<Response> refuse_foreign(const httplib::Request& request, bool is_on_loopback,
                                       bool is_request) {
  const auto header = [&](const char* name) { return request.get_header_value(name); };
  if (is_on_loopback && !is_address_or_localhost(header("Host"))) {
    return Response{.status = 403,
                    .body = fmt::format(
                        "Host: {} is not this host's: ask for localhost or an IP address (a proxy in front "
                        "has to set Host to localhost)\n",
                        header("Host"))};
  }
  if (is_request && is_foreign_page(header)) {
    return Response{
        .status = 403,
        .body =
            "a page of another origin, or one in a browser that does not say which (Sec-Fetch-Site), is "
            "not let in; ask through a proxy at the page's own origin, over HTTPS or at localhost, or "
            "with a program that is no browser at an IP address or localhost\n"};
  }
  return std::nullopt;
}

void configure(Server::Impl& impl) {
  httplib::Server& server = *impl.server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_tcp_nodelay(true);  // lines go out as they come
  server.set_payload_max_length(impl.options.max_body_bytes);
  server.set_keep_alive_max_count(1);
  server.set_keep_alive_timeout(kSilenceSeconds);
  server.set_read_timeout(kSilenceSeconds);
  server.set_write_timeout(impl.requests.empty() ? std::chrono::milliseconds(kWriteTime) : kLookTime);
  // Without the library's SO_REUSEPORT, by which a second server could take the same port.
  server.set_socket_options([](socket_t socket) {
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  });
  server.set_pre_routing_handler([&impl](const httplib::Request& request, httplib::Response& response) {
    const bool is_request = impl.requests.contains(request.method + " " + request.path);
    std::optional<Response> refusal = refuse_foreign(request, impl.is_on_loopback, is_request);
    if (!refusal) refusal = refuse_body(request);
    if (is_request && !refusal) return httplib::Server::HandlerResponse::Unhandled;
    respond(refusal ? *std::move(refusal) : answer(impl, request), impl.is_stopping, response);
    return httplib::Server::HandlerResponse::Handled;
  });
  for (const auto& [where, handler] : impl.requests) {
    const auto serve = [&impl, &handler](const httplib::Request& request, httplib::Response& response) {
      respond(guarded([&] { return handler(request_of(request)); }), impl.is_stopping, response);
    };
    const std::size_t space = where.find(' ');
    const std::string path = where.substr(space + 1);
    if (where.starts_with("GET ")) server.Get(path, serve);
    if (where.starts_with("POST ")) server.Post(path, serve);
    if (where.starts_with("DELETE ")) server.Delete(path, serve);
  }
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

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
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
                                                      std::map<std::string, Handler> handlers,
                                                      std::map<std::string, RequestHandler> requests,
                                                      ServerOptions options) {
  const auto [host, port] = parse_address(address);
  if (port < 0) {
    return absl::InvalidArgumentError(
        fmt::format("address {}: not HOST:PORT, [IPV6]:PORT or :PORT with a port from 0 to 65535", address));
  }
  auto impl = std::make_unique<Impl>();
  impl->handlers = std::move(handlers);
  impl->requests = std::move(requests);
  impl->options = std::move(options);
  impl->is_on_loopback = is_loopback(host);
  impl->server = make_server(impl->options);
  configure(*impl);
  impl->port = host.empty() ? bind_to_all(*impl->server, port) : bind(*impl->server, host, port);
  if (impl->port < 0) {
    return absl::UnavailableError(fmt::format(
        "cannot listen on {}: it is not an address of this host, or the port is taken; choose another",
        address));
  }
  impl->thread = std::jthread([&server = *impl->server] { server.listen_after_bind(); });
  // stop() does nothing before.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!impl->server->is_running()) {
    if (std::chrono::steady_clock::now() > end)
      return absl::UnavailableError(fmt::format("the server at {} did not begin to answer in 5 s", address));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->is_stopping = true;
  impl_->server->stop();
}

std::uint16_t Server::port() const {
  return static_cast<std::uint16_t>(impl_->port);
}

}  // namespace rowtide::http
