#include "tracker/pipeline/table_registry.h"

#include <spdlog/spdlog.h>

#include <string_view>
#include <utility>

#include "common/status/try.h"
#include "tracker/encode/column_rules.h"
#include "tracker/schema/bind_table.h"
#include "tracker/schema/name_columns_by_position.h"

namespace rowtide::pipeline {
namespace {

constexpr std::size_t kMaxTables = 20'000;

}  // namespace

absl::Status TableRegistry::bind(Bytes table_map_body, bool is_mariadb, encode::Encoder& encoder) {
  ASSIGN_OR_RETURN(const binlog::TableMapHead head, binlog::parse_table_map_head(table_map_body));
  if (const auto known = tables_.find(head.table_id);
      known != tables_.end() && known->second.event_body == as_text(table_map_body)) {
    return absl::OkStatus();
  }

  BoundTable table;
  table.event_body = as_text(table_map_body);
  table.name = std::string(head.database) + "." + std::string(head.table);
  table.is_wanted = wants_rows_ && selector_->wants(head.database, head.table);
  if (!table.is_wanted && selector_->leaves_out_helper(head.database, head.table)) say_helper(table.name);
  if (table.is_wanted) {
    ASSIGN_OR_RETURN(binlog::TableMap map, binlog::parse_table_map(table_map_body, is_mariadb));
    if (names_columns_by_position_) table.is_guessed = name_columns_of_unknown_by_position(map);
    ASSIGN_OR_RETURN(binlog::TablePlan plan, schema::bind_table(map, *catalog_));
    table.plan = std::move(plan);
    std::string topic = topic_for_(map.database, map.table);
    const task::ColumnRule* rule = selector_->column_rule(map.database, map.table);
    ASSIGN_OR_RETURN(auto bound, rule == nullptr
                                     ? encoder.bind(table.plan, std::move(topic))
                                     : encode::bind_with_rule(encoder, table.plan, *rule, std::move(topic)));
    table.encoder = std::move(bound);
  }
  keep(head.table_id, std::move(table));
  return absl::OkStatus();
}

void TableRegistry::keep(std::uint64_t id, BoundTable table) {
  const auto [newest, is_new] = ids_.try_emplace(table.name, id);
  if (!is_new && newest->second != id) {
    tables_.erase(newest->second);
    newest->second = id;
  }
  tables_.insert_or_assign(id, std::move(table));
}

void TableRegistry::begin_transaction() {
  if (tables_.size() >= kMaxTables) forget_all();
}

void TableRegistry::forget_all() {
  tables_.clear();
  ids_.clear();
}

void TableRegistry::leave_out(Bytes table_map_body) {
  const absl::StatusOr<binlog::TableMapHead> head = binlog::parse_table_map_head(table_map_body);
  if (!head.ok()) return;
  BoundTable table;
  table.event_body = as_text(table_map_body);
  table.name = std::string(head->database) + "." + std::string(head->table);
  table.is_left_out = true;
  keep(head->table_id, std::move(table));
}

void TableRegistry::say_helper(const std::string& name) {
  if (!helpers_.insert(name).second) return;
  spdlog::info(
      "{} is left out: it is named like a table of an online schema change tool. If it is not one, name "
      "it in spec.objects.include[].tables",
      name);
}

bool TableRegistry::name_columns_of_unknown_by_position(binlog::TableMap& map) {
  if (!absl::IsNotFound(catalog_->describe(map.database, map.table).status())) return false;
  const std::string guessed = schema::name_columns_by_position(map);
  if (guessed.empty()) return false;
  if (guessed_.insert(map.database + "." + map.table).second) {
    spdlog::warn("{}.{}: the binlog does not say everything of its columns; guessed: {}", map.database,
                 map.table, guessed);
  }
  return true;
}

const BoundTable* TableRegistry::find(std::uint64_t table_id) const {
  const auto found = tables_.find(table_id);
  return found == tables_.end() ? nullptr : &found->second;
}

}  // namespace rowtide::pipeline
