#include "tracker/pipeline/xa_replay.h"

#include <utility>

#include "common/status/try.h"
#include "tracker/binlog/mariadb_compressed.h"
#include "tracker/binlog/rows_event.h"
#include "tracker/binlog/transaction_events.h"
#include "tracker/sql/statement.h"

namespace rowtide::pipeline {
namespace {

using binlog::EventType;
using Kind = XaReplayEvent::Kind;

absl::StatusOr<XaReplayEvent> replayed_query(const binlog::EventView& event) {
  ASSIGN_OR_RETURN(const auto query, binlog::parse_query(event.body));
  sql::Statement statement = sql::classify_statement(query.sql, query.database);
  if (statement.savepoint)
    return XaReplayEvent{.kind = Kind::Savepoint, .savepoint = *std::move(statement.savepoint)};
  if (statement.xa && statement.xa->verb == sql::XaVerb::Start)
    return XaReplayEvent{.kind = Kind::Group, .xid = std::move(statement.xa->xid)};
  return XaReplayEvent{};
}

}  // namespace

absl::StatusOr<XaReplayEvent> look_at_replayed(const binlog::EventView& event,
                                               std::vector<std::byte>& uncompressed) {
  switch (event.header.type) {
    case EventType::MariadbGtidLog: {
      ASSIGN_OR_RETURN(auto gtid, binlog::parse_mariadb_gtid(event.body, event.header.server_id));
      return XaReplayEvent{.kind = Kind::Group, .xid = std::string(gtid.xid)};
    }
    case EventType::Query:
      return replayed_query(event);
    case EventType::MariadbQueryCompressed: {
      ASSIGN_OR_RETURN(const auto plain, binlog::uncompress_mariadb(event, uncompressed));
      return replayed_query(plain);
    }
    case EventType::XaPrepare:
      return XaReplayEvent{.kind = Kind::Prepare};
    case EventType::TransactionPayload:
      return XaReplayEvent{.kind = Kind::Payload};
    case EventType::MariadbWriteRowsCompressedV1:
    case EventType::MariadbUpdateRowsCompressedV1:
    case EventType::MariadbDeleteRowsCompressedV1:
    case EventType::TableMap:
      return XaReplayEvent{.kind = Kind::Rows};
    default:
      return XaReplayEvent{.kind = binlog::is_rows(event.header.type) ? Kind::Rows : Kind::Other};
  }
}

}  // namespace rowtide::pipeline
