#include "tracker/source/event_at.h"

#include <fmt/format.h>

#include <string_view>

#include "tracker/source/server_error.h"
#include "tracker/sql/quote.h"

namespace rowtide::source {

bool EventAt::is_inside_transaction() const {
  // A statement too: from MySQL 5.7 and MariaDB 10.0 on each is introduced by an event of its GTID.
  for (const std::string_view each :
       {"Query", "Xid", "Table_map", "Annotate_rows", "Rows_query", "XA_prepare", "Transaction_payload",
        "Intvar", "RAND", "User var", "Begin_load", "Execute_load", "Append_block", "Delete_file"}) {
    if (type.starts_with(each)) return true;
  }
  return type.find("_rows") != std::string::npos;
}

std::string EventAt::gtid() const {
  for (const std::string_view before : {"GTID_NEXT= '", "GTID "}) {
    const std::size_t found = info.find(before);
    if (found == std::string::npos) continue;
    const std::string_view text = std::string_view(info).substr(found + before.size());
    return std::string(text.substr(0, text.find_first_of("' ")));
  }
  return {};
}

absl::StatusOr<std::optional<EventAt>> event_at(sql::Session& session, const std::string& file,
                                                std::uint64_t offset) {
  constexpr unsigned kNoSuchPlace = 1220;
  constexpr std::size_t kType = 2;
  constexpr std::size_t kInfo = 5;
  const absl::StatusOr<sql::Result> events = session.query(
      fmt::format("SHOW BINLOG EVENTS IN {} FROM {} LIMIT 1", sql::quote_literal(file), offset));
  if (error_number_of(events.status()) == kNoSuchPlace)
    return absl::OutOfRangeError(fmt::format("no event begins at {}:{}", file, offset));
  if (!events.ok()) return events.status();
  if (events->rows.empty() || events->rows[0].size() <= kInfo) return std::nullopt;
  return EventAt{events->rows[0][kType].value_or(""), events->rows[0][kInfo].value_or("")};
}

}  // namespace rowtide::source
