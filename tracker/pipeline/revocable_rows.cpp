#include "tracker/pipeline/revocable_rows.h"

#include <fmt/format.h>

#include <limits>

#include "common/status/text.h"
#include "tracker/sql/savepoint.h"

namespace rowtide::pipeline {
namespace {

absl::Status delivered_already() {
  return absl::UnimplementedError(
      "a transaction with a GTID of MySQL takes rows back, which no server is known to do, and some of them "
      "are delivered already. Compare the tables that it changed with their topics, raise spec.resetNonce with "
      "spec.startPosition after it, and report it");
}

}  // namespace

void RevocableRows::clear() {
  held_.clear();
  end();
}

absl::Status RevocableRows::begin(const std::string& id, const std::string& file, std::uint64_t offset) {
  file_ = file;
  offset_ = offset;
  held_.begin(file);
  if (!waits_for_second_reading()) {
    end();
    return absl::OkStatus();
  }
  if (again_ != id) {
    return absl::UnavailableError(fmt::format(
        "the source was asked for transaction {} a second time and gives {} first, as another server would; "
        "the stream begins anew",
        again_, id));
  }
  taken_back_.begin_again();
  return absl::OkStatus();
}

void RevocableRows::begin_replayed(const std::string& file, bool is_second) {
  if (is_second) {
    taken_back_.begin_again();
  } else {
    taken_back_.begin();
  }
  held_.begin(file);
}

void RevocableRows::end() {
  taken_back_.begin();
  again_.clear();
}

void RevocableRows::drop() {
  held_.begin({});
  taken_back_.begin();
}

absl::Status RevocableRows::on_savepoint(const sql::SavepointStatement& statement, bool is_emitted) {
  if (is_second_reading()) return absl::OkStatus();
  if (statement.verb == sql::SavepointVerb::Set) {
    taken_back_.set_savepoint(statement.name);
    return absl::OkStatus();
  }
  const absl::StatusOr<std::uint64_t> from = taken_back_.roll_back_to(statement.name);
  if (!from.ok()) {
    held_.begin({});
    return absl::UnimplementedError(fmt::format(
        "ROLLBACK TO {}: {}, so that it is not known which rows stay. Nothing of the transaction is "
        "delivered; raise spec.resetNonce with spec.startPosition after it, and bring the consumers' copies up "
        "to date by other means",
        statement.name, text(from.status())));
  }
  if (is_emitted && *from < taken_back_.counted()) return delivered_already();
  held_.drop_from(*from);
  return absl::OkStatus();
}

absl::Status RevocableRows::roll_back(bool is_emitted) {
  if (is_emitted) return delivered_already();
  held_.begin({});
  return absl::OkStatus();
}

std::optional<HeldRows::Transaction> RevocableRows::commit(const std::string& id) {
  HeldRows::Transaction held = held_.take_open();
  if (held.is_complete) return held;
  again_ = id;
  return std::nullopt;
}

/// By its place, which the server finds at once; a GTID it would have to look for. A request's offset has 32
/// bits. Whose file it is was checked when the stream was opened, and begin() sees another server.
binlog::Position RevocableRows::read_from(const binlog::Position& before) const {
  const bool is_by_place = offset_ <= std::numeric_limits<std::uint32_t>::max();
  return {.gtids = is_by_place ? binlog::GtidSet() : before.gtids, .file = file_, .offset = offset_};
}

}  // namespace rowtide::pipeline
