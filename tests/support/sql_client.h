#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rowtide::test {

using Row = std::vector<std::optional<std::string>>;  ///< NULL is nothing; all else is the server's text
using Rows = std::vector<Row>;

struct SqlEndpoint {
  std::string host;  ///< ignored if there is a socket
  int port = 0;
  std::string socket;
  std::string user = "root";
  std::string password;
  std::string database;
};

/// One connection (utf8mb4) for a test's own statements. Functions throw std::runtime_error with the server's
/// message. Not thread-safe: one client per thread.
class SqlClient {
 public:
  explicit SqlClient(const SqlEndpoint& endpoint);
  ~SqlClient();
  SqlClient(SqlClient&&) noexcept;
  SqlClient& operator=(SqlClient&&) noexcept;

  /// One statement; its result, if any, is thrown away.
  void exec(std::string_view sql);
  [[nodiscard]] Rows query(std::string_view sql);
  /// The only field of the only row; throws if there is another number of them or it is NULL.
  [[nodiscard]] std::string value(std::string_view sql);

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace rowtide::test
