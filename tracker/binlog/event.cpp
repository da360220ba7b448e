#include "tracker/binlog/event.h"

#include <algorithm>
#include <iterator>

namespace rowtide::binlog {
namespace {

struct Name {
  EventType type;
  std::string_view name;
};

constexpr Name kNames[] = {
    {EventType::Unknown, "UNKNOWN"},
    {EventType::StartV3, "START_V3"},
    {EventType::Query, "QUERY"},
    {EventType::Stop, "STOP"},
    {EventType::Rotate, "ROTATE"},
    {EventType::Intvar, "INTVAR"},
    {EventType::AppendBlock, "APPEND_BLOCK"},
    {EventType::DeleteFile, "DELETE_FILE"},
    {EventType::Rand, "RAND"},
    {EventType::UserVar, "USER_VAR"},
    {EventType::FormatDescription, "FORMAT_DESCRIPTION"},
    {EventType::Xid, "XID"},
    {EventType::BeginLoadQuery, "BEGIN_LOAD_QUERY"},
    {EventType::ExecuteLoadQuery, "EXECUTE_LOAD_QUERY"},
    {EventType::TableMap, "TABLE_MAP"},
    {EventType::WriteRowsV1, "WRITE_ROWS_V1"},
    {EventType::UpdateRowsV1, "UPDATE_ROWS_V1"},
    {EventType::DeleteRowsV1, "DELETE_ROWS_V1"},
    {EventType::Incident, "INCIDENT"},
    {EventType::Heartbeat, "HEARTBEAT"},
    {EventType::Ignorable, "IGNORABLE"},
    {EventType::RowsQuery, "ROWS_QUERY"},
    {EventType::WriteRows, "WRITE_ROWS"},
    {EventType::UpdateRows, "UPDATE_ROWS"},
    {EventType::DeleteRows, "DELETE_ROWS"},
    {EventType::GtidLog, "GTID"},
    {EventType::AnonymousGtid, "ANONYMOUS_GTID"},
    {EventType::PreviousGtids, "PREVIOUS_GTIDS"},
    {EventType::TransactionContext, "TRANSACTION_CONTEXT"},
    {EventType::ViewChange, "VIEW_CHANGE"},
    {EventType::XaPrepare, "XA_PREPARE"},
    {EventType::PartialUpdateRows, "PARTIAL_UPDATE_ROWS"},
    {EventType::TransactionPayload, "TRANSACTION_PAYLOAD"},
    {EventType::HeartbeatV2, "HEARTBEAT_V2"},
    {EventType::GtidTagged, "GTID_TAGGED"},
    {EventType::MariadbAnnotateRows, "MARIADB_ANNOTATE_ROWS"},
    {EventType::MariadbBinlogCheckpoint, "MARIADB_BINLOG_CHECKPOINT"},
    {EventType::MariadbGtidLog, "MARIADB_GTID"},
    {EventType::MariadbGtidList, "MARIADB_GTID_LIST"},
    {EventType::MariadbStartEncryption, "MARIADB_START_ENCRYPTION"},
    {EventType::MariadbQueryCompressed, "MARIADB_QUERY_COMPRESSED"},
    {EventType::MariadbWriteRowsCompressedV1, "MARIADB_WRITE_ROWS_COMPRESSED_V1"},
    {EventType::MariadbUpdateRowsCompressedV1, "MARIADB_UPDATE_ROWS_COMPRESSED_V1"},
    {EventType::MariadbDeleteRowsCompressedV1, "MARIADB_DELETE_ROWS_COMPRESSED_V1"},
};

}  // namespace

std::string_view name(EventType type) noexcept {
  const auto* const found = std::find_if(std::begin(kNames), std::end(kNames),
                                         [type](const Name& entry) { return entry.type == type; });
  return found == std::end(kNames) ? kNames[0].name : found->name;
}

bool is_rows(EventType type) noexcept {
  switch (type) {
    case EventType::WriteRowsV1:
    case EventType::UpdateRowsV1:
    case EventType::DeleteRowsV1:
    case EventType::WriteRows:
    case EventType::UpdateRows:
    case EventType::DeleteRows:
    case EventType::PartialUpdateRows:
      return true;
    default:
      return false;
  }
}

EventHeader parse_event_header(Bytes bytes) noexcept {
  ByteReader reader(bytes);
  EventHeader header;
  header.timestamp = reader.u32();
  header.type = static_cast<EventType>(reader.u8());
  header.server_id = reader.u32();
  header.event_size = reader.u32();
  header.log_pos = reader.u32();
  header.flags = reader.u16();
  return header;
}

}  // namespace rowtide::binlog
