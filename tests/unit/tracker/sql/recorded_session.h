#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tracker/sql/session.h"

namespace rowtide::test {

/// Answers statements with rows that a real server once gave: the first recording whose text occurs in the
/// statement. A statement without one fails, so that a test says all it relies on.
class RecordedSession final : public sql::Session {
 public:
  void record(std::string part, std::vector<sql::Row> rows) {
    recordings_.emplace_back(std::move(part), sql::Result{.columns = {}, .rows = std::move(rows)});
  }

  [[nodiscard]] absl::StatusOr<sql::Result> query(std::string_view sql) override {
    statements.emplace_back(sql);
    for (const auto& [part, result] : recordings_) {
      if (sql.find(part) != std::string_view::npos) return result;
    }
    return absl::FailedPreconditionError("no recording for: " + std::string(sql));
  }

  std::vector<std::string> statements;

 private:
  std::vector<std::pair<std::string, sql::Result>> recordings_;
};

}  // namespace rowtide::test
