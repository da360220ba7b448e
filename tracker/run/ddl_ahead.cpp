#include "tracker/run/ddl_ahead.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "common/status/try.h"
#include "tracker/binlog/mariadb_compressed.h"
#include "tracker/binlog/query_variables.h"
#include "tracker/binlog/transaction_events.h"
#include "tracker/types/charset/charset.h"

namespace rowtide::run {

using binlog::EventType;

namespace {

/// A heartbeat's offset of 32 bits, which is not before `last`.
std::uint64_t widened(std::uint64_t offset, std::uint64_t last) {
  constexpr std::uint64_t kWrap = std::uint64_t{1} << 32U;
  if (offset == 0) return last;  // it says none
  const std::uint64_t near = last / kWrap * kWrap + offset;
  if (near >= last) return near;
  return last - near > kWrap / 2 ? near + kWrap : last;  // else of a place before
}

}  // namespace

absl::Status DdlAhead::read(const binlog::Position& from, const binlog::BinlogCoordinates& end,
                            const std::string& server, const std::stop_token& stop) {
  const binlog::Position begin = read_to_.value_or(from);
  if (read_to_ && !(until() < end)) return absl::OkStatus();
  RETURN_IF_ERROR(source_->open(begin));
  if (!server.empty() && source_->info().server != server) {
    source_->close();
    return absl::UnavailableError(fmt::format(
        "reading the schema changes ahead: {} answers where {} did; trying again reads from one of them",
        source_->info().server, server));
  }
  // Of another server's binlog this one says where it begins itself.
  stream_.reset(begin.server == source_->info().server ? begin : binlog::Position{});
  absl::Status status = read_events(end, stop);
  if (status.ok()) {
    read_to_ = binlog::Position{.gtids = {},
                                .file = stream_.file(),
                                .offset = stream_.offset(),
                                .server = source_->info().server,
                                .file_created = stream_.file_created()};
  }
  source_->close();
  return status;
}

absl::Status DdlAhead::read_events(const binlog::BinlogCoordinates& end, const std::stop_token& stop) {
  constexpr int kSilence = 5;
  int silent_seconds = 0;
  std::uint64_t passed = 0;  // what is left out by its GTIDs ends here
  while (until() < end) {
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    ASSIGN_OR_RETURN(const Bytes bytes, source_->next());
    if (bytes.empty()) {  // a second without anything to send
      if (stream_.file().empty() && ++silent_seconds >= kSilence)
        return absl::UnavailableError("the source sends nothing of its binlog; trying again");
      passed = widened(source_->idle_offset(), std::max(passed, stream_.offset()));
      if (!stream_.file().empty() && !(binlog::BinlogCoordinates{stream_.file(), passed} < end)) break;
      continue;
    }
    passed = 0;
    ASSIGN_OR_RETURN(const binlog::EventView event, stream_.accept(bytes));
    if (absl::Status status = note(event); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status DdlAhead::note(const binlog::EventView& event) {
  if (event.header.type == EventType::MariadbGtidLog) {
    ASSIGN_OR_RETURN(const auto gtid, binlog::parse_mariadb_gtid(event.body, event.header.server_id));
    changes_nothing_ = gtid.changes_nothing();
  }
  const bool is_compressed = event.header.type == EventType::MariadbQueryCompressed;
  if ((event.header.type != EventType::Query && !is_compressed) || changes_nothing_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const binlog::EventView plain,
                   is_compressed ? binlog::uncompress_mariadb(event, uncompressed_) : event);
  ASSIGN_OR_RETURN(const binlog::QueryEvent query, binlog::parse_query(plain.body));
  changes_.add(
      types::to_utf8_replacing(query.client_collation, query.sql),
      {.database = std::string(query.database),
       .variables = binlog::parse_query_variables(query.status_variables, stream_.format().is_mariadb),
       .uses_temporary_table = (event.header.flags & binlog::kFlagThreadSpecific) != 0},
      {stream_.file(), event.start_offset});
  return absl::OkStatus();
}

}  // namespace rowtide::run
