#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/status/try.h"
#include "tracker/source/connection.h"
#include "tracker/sql/session.h"

namespace rowtide::source {

/// A session for statements at the source, connected. Not thread-safe.
class MysqlSession final : public sql::Session {
 public:
  explicit MysqlSession(Connection connection) : connection_(std::move(connection)) {}

  [[nodiscard]] static absl::StatusOr<std::unique_ptr<MysqlSession>> connect(
      const task::Source& source, const task::SecretReader& secrets, const ConnectOptions& options = {}) {
    ASSIGN_OR_RETURN(Connection connection, Connection::open(source, secrets, options));
    return std::make_unique<MysqlSession>(std::move(connection));
  }

  [[nodiscard]] absl::StatusOr<sql::Result> query(std::string_view sql) override {
    return connection_.query(sql);
  }
  [[nodiscard]] const Connection& connection() const { return connection_; }

 private:
  Connection connection_;
};

}  // namespace rowtide::source
