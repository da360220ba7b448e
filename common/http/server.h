#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace rowtide::http {

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Called on a server thread, with the path's handler; must be thread-safe and quick.
using Handler = std::function<Response()>;

/// Serves GET on a few fixed paths: metrics, health, status. Other paths answer 404 with the list of paths.
class Server {
 public:
  /// `address`: ":8080" (all addresses, IPv4 and IPv6), "[::1]:8080", or "127.0.0.1:0" (a free port).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Server>> start(const std::string& address,
                                                                     std::map<std::string, Handler> handlers);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  struct Impl;

 private:
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowtide::http
