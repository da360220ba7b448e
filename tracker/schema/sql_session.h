#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace rowtide::schema {

using SqlRow = std::vector<std::optional<std::string>>;

struct SqlResult {
  std::vector<std::string> columns;
  std::vector<SqlRow> rows;
};

/// A connection for statements. Not thread-safe. Errors carry the server's number and text, and say whether
/// trying again can help: UNAVAILABLE for a lost or refused connection, others not. Never the password.
class SqlSession {
 public:
  virtual ~SqlSession() = default;
  [[nodiscard]] virtual absl::StatusOr<SqlResult> query(std::string_view sql) = 0;
};

/// 'text' with quotes and backslashes escaped, for use in a statement.
[[nodiscard]] std::string quote_literal(std::string_view text);
[[nodiscard]] std::string quote_identifier(std::string_view name);

}  // namespace rowtide::schema
