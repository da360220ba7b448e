#include "tracker/run/start.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

#include "common/status/try.h"
#include "tracker/schema/catalog_reader.h"
#include "tracker/sql/names.h"

namespace rowtide::run {
namespace {

using sql::TableName;

bool is_same(const schema::TablePtr& a, const schema::TablePtr& b) {
  return (a == nullptr) == (b == nullptr) && (a == nullptr || *a == *b);
}

/// The tables that were changed between two looks.
std::set<TableName> differences(const schema::CatalogSnapshot& before, const schema::CatalogSnapshot& after) {
  std::set<TableName> names;
  for (const auto& [name, table] : before.tables) {
    const auto now = after.tables.find(name);
    if (!is_same(table, now == after.tables.end() ? nullptr : now->second)) names.insert(name);
  }
  for (const auto& [name, table] : after.tables) {
    if (!before.tables.contains(name)) names.insert(name);
  }
  return names;
}

/// Of a database that was changed between two looks it is not known which character set it had.
void forget_converted(const schema::CatalogSnapshot& before, schema::CatalogSnapshot& now) {
  for (auto& [name, collation] : now.databases) {
    const auto known = before.databases.find(name);
    if (known != before.databases.end() && known->second != collation) collation = 0;
  }
}

/// One attempt. It makes a Start, part by part.
class Finder {
 public:
  Finder(const task::Task& task, const Parts& parts, const std::optional<binlog::Position>& committed,
         const std::stop_token& stop)
      : task_(task), parts_(parts), committed_(committed), stop_(stop) {}

  absl::StatusOr<Start> find();

 private:
  [[nodiscard]] absl::Status connect();
  [[nodiscard]] absl::StatusOr<bool> resume();
  [[nodiscard]] bool is_ours(const std::optional<checkpoint::Checkpoint>& found) const;
  [[nodiscard]] absl::Status begin();
  [[nodiscard]] absl::Status forget_definitions();
  [[nodiscard]] absl::Status begin_history(const binlog::Position& from);
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> databases();
  [[nodiscard]] absl::StatusOr<schema::CatalogSnapshot> read_catalog();

  const task::Task& task_;
  const Parts& parts_;
  const std::optional<binlog::Position>& committed_;
  const std::stop_token& stop_;
  std::unique_ptr<sql::Session> session_;
  std::optional<TrackedObjects> objects_;
  std::unique_ptr<schema::SchemaHistory> history_;
  std::optional<DdlAhead> ahead_;
  binlog::Position from_;
  bool is_reset_ = false;
  std::string remark_;
};

absl::StatusOr<Start> Finder::find() {
  RETURN_IF_ERROR(connect());
  ASSIGN_OR_RETURN(const bool is_resumed, resume());
  if (!is_resumed) {
    RETURN_IF_ERROR(begin());
    RETURN_IF_ERROR(forget_definitions());
  }
  if (is_reset_) remark_ += ", which is " + binlog::to_string(from_);
  return Start{std::move(from_), *std::move(objects_), std::move(history_), std::move(ahead_),
               std::move(remark_)};
}

absl::Status Finder::connect() {
  ASSIGN_OR_RETURN(std::unique_ptr<sql::Session> session, parts_.connect_sql());
  session_ = std::move(session);
  ASSIGN_OR_RETURN(schema::SourceDialect dialect, schema::read_source_dialect(*session_));
  ASSIGN_OR_RETURN(TrackedObjects objects, compile_objects(task_.spec, dialect.lower_case_names));
  objects_ = std::move(objects);
  ASSIGN_OR_RETURN(TrackedObjects followed, compile_objects(task_.spec, dialect.lower_case_names));
  dialect.adds_row_ids |= task_.spec.source.type == task::SourceType::PolarDbMySql;
  history_ = std::make_unique<schema::SchemaHistory>(
      std::move(dialect),
      [helpers = objects_->helpers](const TableName& name) {
        return helpers.real_of_ghost(name.table).has_value();
      },
      [selector = std::make_shared<const select::TableSelector>(std::move(followed.selector))](
          const std::string& database) { return selector->wants_database(database); });
  return absl::OkStatus();
}

/// Not a copy that was brought back while this tracker ran. It may be newer than the last commit that is
/// known of: one that seemed to fail was made after all.
bool Finder::is_ours(const std::optional<checkpoint::Checkpoint>& found) const {
  return found.has_value() && found->reset_nonce >= task_.spec.reset_nonce &&
         !binlog::is_before(found->position, *committed_);
}

/// False: there is no checkpoint that counts.
absl::StatusOr<bool> Finder::resume() {
  if (parts_.checkpoints == nullptr) return false;
  ASSIGN_OR_RETURN(std::optional<checkpoint::Checkpoint> checkpoint, parts_.checkpoints->load());
  remark_ = parts_.checkpoints->remark();
  if (committed_.has_value() && !is_ours(checkpoint)) {
    spdlog::warn("The checkpoint is {}: this tracker goes on from where it stands, {}, and writes a new one",
                 checkpoint ? "an older one, at " + binlog::to_string(checkpoint->position) : "not there",
                 binlog::to_string(*committed_));
    return false;
  }
  if (checkpoint.has_value() && checkpoint->reset_nonce < task_.spec.reset_nonce) {
    is_reset_ = true;
    remark_ = fmt::format("spec.resetNonce {}: the checkpoint at {} is given up for spec.startPosition",
                          task_.spec.reset_nonce, binlog::to_string(checkpoint->position));
    spdlog::warn("{}", remark_);
    return false;
  }
  if (!checkpoint.has_value()) {
    spdlog::info("No checkpoint yet: spec.startPosition decides");
    return false;
  }
  from_ = checkpoint->position;
  ASSIGN_OR_RETURN(std::vector<checkpoint::SchemaEntry> saved, parts_.checkpoints->load_schemas());
  if (saved.empty()) {
    RETURN_IF_ERROR(begin_history(from_));
    return true;
  }
  std::vector<schema::SavedSchema> schemas;
  for (checkpoint::SchemaEntry& each : saved) schemas.push_back({std::move(each.key), std::move(each.value)});
  RETURN_IF_ERROR(history_->restore(schemas));
  // The task may not have been about them until now.
  ASSIGN_OR_RETURN(const std::vector<std::string> followed, databases());
  for (const std::string& each : followed) history_->meet(each);
  return true;
}

absl::Status Finder::begin() {
  if (committed_.has_value()) {
    from_ = *committed_;
    from_.schema_version = 0;  // of the history that begins here
    return begin_history(from_);
  }
  ASSIGN_OR_RETURN(schema::CatalogSnapshot before, read_catalog());
  ASSIGN_OR_RETURN(binlog::Position from, parts_.start_position(*session_));
  from_ = std::move(from);
  if (task_.spec.start_position.mode != task::StartMode::Latest) return begin_history(from_);
  // What is the same before and after the position is so at it.
  ASSIGN_OR_RETURN(schema::CatalogSnapshot after, read_catalog());
  forget_converted(before, after);
  history_->begin(after, differences(before, after));
  return absl::OkStatus();
}

/// Those of before would be taken for newer ones at the next start. The checkpoint itself stays until that of
/// the new beginning replaces it.
absl::Status Finder::forget_definitions() {
  if (parts_.checkpoints == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<checkpoint::SchemaEntry> saved, parts_.checkpoints->load_schemas());
  if (saved.empty()) return absl::OkStatus();
  for (checkpoint::SchemaEntry& each : saved) each.value.clear();
  return parts_.checkpoints->save_schemas(saved);
}

/// At a position in the past: the catalog of now holds for what no statement has changed since.
absl::Status Finder::begin_history(const binlog::Position& from) {
  ASSIGN_OR_RETURN(schema::CatalogSnapshot before, read_catalog());
  ASSIGN_OR_RETURN(binlog::BinlogCoordinates end, parts_.sample_end(*session_));
  ASSIGN_OR_RETURN(schema::CatalogSnapshot now, read_catalog());
  ahead_.emplace(parts_.open_beside(), history_->dialect());
  RETURN_IF_ERROR(ahead_->read(from, end, {}, stop_));
  const schema::DdlSinceStart& changed = ahead_->changes();

  std::set<TableName> doubtful = differences(before, now);
  for (const TableName& each : changed.changed()) {
    if (objects_->selector.wants_database(each.database)) doubtful.insert(each);
  }
  for (const auto& [name, table] : now.tables) {
    if (changed.changed_databases().contains(name.database)) doubtful.insert(name);
  }
  std::set<TableName> absent;
  for (const TableName& each : changed.created()) {
    if (objects_->selector.wants_database(each.database)) absent.insert(each);
    doubtful.erase(each);
  }
  forget_converted(before, now);
  for (auto& [name, collation] : now.databases) {
    if (changed.converted_databases().contains(name)) collation = 0;
  }
  history_->begin(now, doubtful, absent);
  return absl::OkStatus();
}

/// Those of which the task may want tables.
absl::StatusOr<std::vector<std::string>> Finder::databases() {
  ASSIGN_OR_RETURN(std::vector<std::string> names, schema::read_databases(*session_));
  std::erase_if(names, [this](const std::string& each) { return !objects_->selector.wants_database(each); });
  return names;
}

absl::StatusOr<schema::CatalogSnapshot> Finder::read_catalog() {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, databases());
  return schema::read_catalog(*session_, history_->dialect(), names);
}

}  // namespace

absl::StatusOr<Start> find_start(const task::Task& task, const Parts& parts,
                                 const std::optional<binlog::Position>& committed,
                                 const std::stop_token& stop) {
  return Finder(task, parts, committed, stop).find();
}

}  // namespace rowtide::run
