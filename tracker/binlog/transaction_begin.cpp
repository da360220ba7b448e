#include "tracker/binlog/transaction_begin.h"

#include "common/status/try.h"
#include "tracker/binlog/transaction_events.h"
#include "tracker/types/temporal.h"

namespace rowtide::binlog {

absl::StatusOr<std::optional<TransactionBegin>> transaction_begin(const EventView& event) {
  TransactionBegin begin{.gtid = {},
                         .time_us = std::int64_t{event.header.timestamp} * types::kMicrosPerSecond};
  switch (event.header.type) {
    case EventType::GtidLog:
    case EventType::AnonymousGtid:
    case EventType::GtidTagged: {
      ASSIGN_OR_RETURN(const GtidEvent gtid, event.header.type == EventType::GtidTagged
                                                 ? parse_gtid_tagged(event.body)
                                                 : parse_gtid(event.body));
      if (gtid.gtid.number != 0) begin.gtid = gtid.gtid;
      if (gtid.commit_timestamp_us) begin.time_us = *gtid.commit_timestamp_us;
      return begin;
    }
    case EventType::MariadbGtidLog: {
      ASSIGN_OR_RETURN(const MariadbGtidEvent gtid, parse_mariadb_gtid(event.body, event.header.server_id));
      begin.gtid = gtid.gtid;
      return begin;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace rowtide::binlog
