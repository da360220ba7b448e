#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace rowtide::http {

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  /// Instead of `body`: appends what there is to send, on the connection's thread, again and again; false:
  /// that was all. Returns within a second, also with nothing. Called no more once the client is gone.
  std::function<bool(std::string&)> next = {};
  /// Nothing of worth comes any more: a client that stands still is not waited for. From the same thread.
  std::function<bool()> is_over = {};
};

struct Request {
  std::multimap<std::string, std::string> parameters;  ///< of the query, decoded
  std::map<std::string, std::string> headers;          ///< names in lower case
  std::string body;

  /// The first of its name.
  [[nodiscard]] std::optional<std::string> parameter(const std::string& name) const;
};

/// Called on a server thread, with the path's handler; must be thread-safe and quick.
using Handler = std::function<Response()>;

/// As Handler, for what depends on the request or changes something. May be slow: it has a thread while it
/// lasts.
using RequestHandler = std::function<Response(const Request&)>;

/// A certificate and its private key.
struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

struct ServerOptions {
  /// For TLS: asked at each connection, on its thread, so that a certificate can be changed while serving.
  /// Empty: plain HTTP.
  std::function<KeyPair()> certificate = {};
  std::size_t max_body_bytes =
      std::size_t{64} * 1024;  ///< more is answered with 413; of unknown length, with 411 or 415
};

/// Serves GET on a few fixed paths: metrics, health, status; and what `requests` has, by "POST /path". Others
/// answer 404 with the list of paths. What `requests` has is refused to web pages of other origins
/// (foreign_page.h), and on a loopback address everything to who asks for another host.
class Server {
 public:
  /// `address`: ":8080" (all addresses, IPv4 and IPv6), "[::1]:8080", or "127.0.0.1:0" (a free port).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Server>> start(
      const std::string& address, std::map<std::string, Handler> handlers,
      std::map<std::string, RequestHandler> requests = {}, ServerOptions options = {});
  ~Server();  ///< ends responses that come in pieces
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  struct Impl;

 private:
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowtide::http
