#include "tracker/sql/session.h"

#include "common/status/try.h"

namespace rowtide::sql {

absl::StatusOr<std::optional<std::string>> single_value(Session& session, std::string_view sql) {
  ASSIGN_OR_RETURN(const Result result, session.query(sql));
  if (result.rows.empty() || result.rows[0].empty()) return std::nullopt;
  return result.rows[0][0];
}

}  // namespace rowtide::sql
