// Where a task begins, and with which definitions of its tables.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

#include "common/status/text.h"
#include "tracker/pipeline/tracker.h"
#include "tracker/schema/catalog_reader.h"
#include "tracker/sql/names.h"

namespace rowtide::pipeline {
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

}  // namespace

std::uint64_t Tracker::saved_version() const {
  const std::lock_guard lock(mutex_);
  return saved_version_;
}

absl::Status Tracker::compile_objects(bool lower_case_names) {
  absl::StatusOr<osc::HelperNames> helpers =
      osc::HelperNames::create(task_.spec.online_schema_changes, lower_case_names);
  if (!helpers.ok()) return helpers.status();
  helpers_ = *std::move(helpers);
  absl::StatusOr<select::TableSelector> selector =
      select::TableSelector::create(task_.spec.objects, helpers_, lower_case_names);
  if (!selector.ok()) return selector.status();
  selector_ = *std::move(selector);
  return absl::OkStatus();
}

/// A server that was started anew, or another one, may compare names otherwise.
absl::Status Tracker::follow_case_of_names(sql::Session& session) {
  const absl::StatusOr<bool> lower_case_names = schema::read_lower_case_names(session);
  if (!lower_case_names.ok()) return lower_case_names.status();
  if (*lower_case_names == history_->dialect().lower_case_names) return absl::OkStatus();
  history_->set_lower_case_names(*lower_case_names);
  ahead_.reset();
  return compile_objects(*lower_case_names);
}

absl::StatusOr<schema::CatalogSnapshot> Tracker::read_catalog(sql::Session& session) {
  absl::StatusOr<std::vector<std::string>> databases = schema::read_databases(session);
  if (!databases.ok()) return databases.status();
  std::erase_if(*databases, [this](const std::string& each) { return !selector_->wants_database(each); });
  return schema::read_catalog(session, history_->dialect(), *databases);
}

/// A checkpoint, with the definitions of then; else the task's start position, with what can be known there.
absl::StatusOr<binlog::Position> Tracker::prepare_once() {
  absl::StatusOr<std::unique_ptr<sql::Session>> session = parts_.connect_sql();
  if (!session.ok()) return session.status();
  absl::StatusOr<schema::SourceDialect> dialect = schema::read_source_dialect(**session);
  if (!dialect.ok()) return dialect.status();
  if (absl::Status status = compile_objects(dialect->lower_case_names); !status.ok()) return status;
  dialect->adds_row_ids |= task_.spec.source.type == task::SourceType::PolarDbMySql;
  history_ = std::make_unique<schema::SchemaHistory>(*std::move(dialect), [this](const TableName& name) {
    return helpers_.real_of_ghost(name.table).has_value();
  });

  if (parts_.checkpoints != nullptr) {
    absl::StatusOr<std::optional<checkpoint::Checkpoint>> checkpoint = parts_.checkpoints->load();
    if (!checkpoint.ok()) return checkpoint.status();
    if (checkpoint->has_value()) {
      binlog::Position from = (*checkpoint)->position;
      absl::StatusOr<std::vector<checkpoint::SchemaEntry>> saved = parts_.checkpoints->load_schemas();
      if (!saved.ok()) return saved.status();
      if (!saved->empty()) {
        std::vector<schema::SavedSchema> schemas;
        for (checkpoint::SchemaEntry& each : *saved)
          schemas.push_back({std::move(each.key), std::move(each.value)});
        if (absl::Status status = history_->restore(schemas); !status.ok()) return status;
      } else if (absl::Status status = begin_history(**session, from); !status.ok()) {
        return status;
      }
      const std::lock_guard lock(mutex_);
      saved_version_ = from.schema_version;
      return from;
    }
    spdlog::info("No checkpoint yet: spec.startPosition decides");
  }

  absl::StatusOr<schema::CatalogSnapshot> before = read_catalog(**session);
  if (!before.ok()) return before.status();
  absl::StatusOr<binlog::Position> from = parts_.start_position(**session);
  if (!from.ok()) return from.status();
  if (task_.spec.start_position.mode != task::StartMode::Latest) {
    if (absl::Status status = begin_history(**session, *from); !status.ok()) return status;
    return from;
  }
  // What is the same before and behind the position is so at it.
  absl::StatusOr<schema::CatalogSnapshot> after = read_catalog(**session);
  if (!after.ok()) return after.status();
  history_->begin(*after, differences(*before, *after));
  return from;
}

/// At a position in the past: the catalog of now holds for what no statement has changed since.
absl::Status Tracker::begin_history(sql::Session& session, const binlog::Position& from) {
  absl::StatusOr<schema::CatalogSnapshot> before = read_catalog(session);
  if (!before.ok()) return before.status();
  absl::StatusOr<BinlogPlace> end = parts_.sample_end(session);
  if (!end.ok()) return end.status();
  absl::StatusOr<schema::CatalogSnapshot> now = read_catalog(session);
  if (!now.ok()) return now.status();
  ahead_.emplace(parts_.open_beside(), history_->dialect().lower_case_names);
  if (absl::Status status = ahead_->read(from, *end, {}, stop_); !status.ok()) return status;
  const schema::ChangedBefore& changed = ahead_->changes();

  std::set<TableName> doubtful = differences(*before, *now);
  for (const TableName& each : changed.changed()) {
    if (selector_->wants_database(each.database)) doubtful.insert(each);
  }
  for (const auto& [name, table] : now->tables) {
    if (changed.changed_databases().contains(name.database)) doubtful.insert(name);
  }
  std::set<TableName> absent;
  for (const TableName& each : changed.created()) {
    if (selector_->wants_database(each.database)) absent.insert(each);
    doubtful.erase(each);
  }
  history_->begin(*now, doubtful, absent);
  return absl::OkStatus();
}

/// Whether what the source says of a table now, which was just read, is what holds at the stream's place.
absl::StatusOr<bool> Tracker::is_changed_ahead(const TableName& name) {
  const BinlogPlace here = pipeline_->place();
  const absl::StatusOr<BinlogPlace> end = parts_.sample_end(*catalog_session_);
  if (!end.ok()) return end.status();
  const std::string& server = parts_.source.info().server;
  if (!ahead_ || ahead_->server() != server || ahead_->until() < here) {
    ahead_.emplace(parts_.open_beside(), history_->dialect().lower_case_names);
  }
  if (absl::Status status = ahead_->read(pipeline_->position(), *end, server, stop_); !status.ok()) {
    ahead_.reset();
    return status;
  }
  return ahead_->changes().is_changed_from(name, here);
}

absl::Status Tracker::save_schemas(std::uint64_t version) {
  const std::vector<schema::SavedSchema> unsaved = history_->unsaved(version);
  if (unsaved.empty()) return absl::OkStatus();
  std::vector<checkpoint::SchemaEntry> entries;
  for (const schema::SavedSchema& each : unsaved) entries.push_back({each.key, each.value});
  if (absl::Status status = parts_.checkpoints->save_schemas(entries); !status.ok()) return status;
  history_->mark_saved(unsaved);
  return absl::OkStatus();
}

}  // namespace rowtide::pipeline
