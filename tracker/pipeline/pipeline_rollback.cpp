// Groups of events that take back their own rows: a ROLLBACK at their end, or ROLLBACK TO a savepoint in
// them. MariaDB, and MySQL without GTIDs, write such a group when its transaction made or dropped a temporary
// table, and nothing says so before. Its rows are held until its end; of one that is too large to be held the
// end is read first, and then its rows again, without those that it takes back.
#include <fmt/format.h>

#include <limits>

#include "common/status/text.h"
#include "common/status/try.h"
#include "tracker/pipeline/pipeline.h"
#include "tracker/sql/savepoint.h"

namespace rowtide::pipeline {
namespace {

absl::Status told_already() {
  return absl::UnimplementedError(
      "a transaction with a GTID of MySQL takes rows back, which no server is known to do, and some of them "
      "are delivered already. Compare the tables that it changed with their topics, make the task anew with "
      "spec.startPosition after it, and report it");
}

}  // namespace

absl::Status Pipeline::begin_group(const binlog::EventView& event) {
  group_offset_ = event.start_offset;
  held_.begin(stream_.file());
  if (!waits_for_second_reading()) {
    again_.clear();
    taken_back_.begin();
    progress_.begin(transaction_.id());
    return absl::OkStatus();
  }
  if (again_ != transaction_.id()) {
    return absl::UnavailableError(fmt::format(
        "the source was asked for transaction {} a second time and gives {} first, as another server would; "
        "the stream begins anew",
        again_, transaction_.id()));
  }
  taken_back_.begin_again();
  return absl::OkStatus();
}

/// Rows that come now are held. MySQL refuses temporary tables in a transaction with a GTID, or does not log
/// them.
bool Pipeline::may_be_taken_back() const {
  if (!held_file_.empty() || taken_back_.is_known()) return false;
  return xa_.is_open() || !transaction_.has_mysql_gtid();
}

absl::Status Pipeline::on_savepoint(std::string_view sql) {
  const std::optional<sql::SavepointStatement> statement = sql::parse_savepoint(sql);
  if (!statement || taken_back_.is_known()) return absl::OkStatus();
  if (statement->verb == sql::SavepointVerb::Set) {
    taken_back_.set_savepoint(statement->name);
    return absl::OkStatus();
  }
  const absl::StatusOr<std::uint64_t> from = taken_back_.roll_back_to(statement->name);
  if (!from.ok()) {
    held_.begin({});
    return absl::UnimplementedError(fmt::format(
        "ROLLBACK TO {}: {}, so that it is not known which rows stay. Nothing of the transaction is "
        "delivered; make the task anew with spec.startPosition after it, and bring the consumers' copies up "
        "to date by other means",
        statement->name, text(from.status())));
  }
  if (transaction_.is_emitted() && *from < taken_back_.counted()) return told_already();
  held_.drop_from(*from);
  return absl::OkStatus();
}

absl::Status Pipeline::on_commit(const std::stop_token& stop) {
  const HeldRows::Transaction held = held_.take_open();
  if (!held.is_complete) {
    again_ = transaction_.id();
    // By its place, which the server finds at once; a GTID it would have to look for. A request's offset has
    // 32 bits. Whose file it is was checked when the stream was opened, and begin_group() sees another
    // server.
    const bool is_by_place = group_offset_ <= std::numeric_limits<std::uint32_t>::max();
    reopen_at_ = binlog::Position{.gtids = is_by_place ? binlog::GtidSet() : position_.gtids,
                                  .file = stream_.file(),
                                  .offset = group_offset_};
    return absl::OkStatus();
  }
  xa_.close();
  RETURN_IF_ERROR(deliver(held, stop));
  return end_transaction(stop);
}

absl::Status Pipeline::on_rollback(const std::stop_token& stop) {
  if (transaction_.is_emitted()) return told_already();
  held_.begin({});
  transaction_.roll_back();
  return end_transaction(stop);
}

absl::Status Pipeline::deliver(const HeldRows::Transaction& held, const std::stop_token& stop) {
  held_file_ = held.file;
  absl::Status status;
  for (const HeldRows::Event& each : held.events) {
    const binlog::EventView event{
        .header = each.header, .body = as_bytes(each.body), .start_offset = each.start_offset};
    if (each.origin.thread_id) transaction_.set_thread_id(*each.origin.thread_id);
    status = located(event, dispatch(event, stop));
    if (!status.ok()) break;
  }
  held_file_.clear();
  return status;
}

absl::Status Pipeline::hand_over_rest(const std::stop_token& stop) {
  if (!xa_.is_open() && !xa_.is_reading_again()) {
    const HeldRows::Transaction held = held_.take_open();
    if (absl::Status status = deliver(held, stop); !status.ok()) return status;
  }
  return hand_over(stop);
}

}  // namespace rowtide::pipeline
