#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/source/server_error.h"
#include "tracker/sql/session.h"

struct st_mysql;

namespace rowtide::source {

struct ConnectOptions {
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds read_timeout{30};  ///< without a byte from the server: ConnectionLost
};

/// One connection of the client library, closed with the object. TLS and authentication are the library's.
/// Not thread-safe.
class Connection {
 public:
  /// Reads the credentials anew each time, so a changed Secret needs no restart. Errors: server_error.h; a
  /// missing Secret is UNAUTHENTICATED with the reason SecretMissing.
  [[nodiscard]] static absl::StatusOr<Connection> open(const task::Source& source,
                                                       const task::SecretReader& secrets,
                                                       const ConnectOptions& options = {});
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  [[nodiscard]] absl::StatusOr<sql::Result> query(std::string_view sql);

  /// For what the library has no function for. Lives as long as this object.
  [[nodiscard]] st_mysql* handle() const { return handle_; }
  /// The library's last error, as a status.
  [[nodiscard]] absl::Status last_error() const;

  [[nodiscard]] const std::string& server_version() const { return server_version_; }
  /// "TLS_AES_256_GCM_SHA384"; empty: not encrypted.
  [[nodiscard]] std::string tls_cipher() const;
  [[nodiscard]] const Target& target() const { return target_; }

 private:
  Connection(st_mysql* handle, Target target) : handle_(handle), target_(std::move(target)) {}

  st_mysql* handle_ = nullptr;
  Target target_;
  std::string server_version_;
};

}  // namespace rowtide::source
