#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace rowtide::sql {

using Row = std::vector<std::optional<std::string>>;

struct Result {
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

/// A connection for statements. Not thread-safe. Errors carry the server's number and text, and say whether
/// trying again can help: UNAVAILABLE for a lost or refused connection, others not. Never the password.
class Session {
 public:
  virtual ~Session() = default;
  [[nodiscard]] virtual absl::StatusOr<Result> query(std::string_view sql) = 0;
};

/// The one value of a query, NULL and no row alike as nullopt.
[[nodiscard]] absl::StatusOr<std::optional<std::string>> single_value(Session& session, std::string_view sql);

}  // namespace rowtide::sql
