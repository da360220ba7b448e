#include "tracker/schema/schema_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/status/text.h"
#include "tracker/schema/definition_json.h"
#include "tracker/sql/lexer.h"
#include "tracker/sql/names.h"

namespace rowtide::schema {
namespace {

using nlohmann::json;
using Lock = std::lock_guard<std::recursive_mutex>;

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string key_of(const sql::TableName& name) {
  return dump({name.database, name.table});
}
std::string key_of(const std::string& database) {
  return dump(json::array({database}));
}

template <typename Versions>
void drop_after(Versions& versions, std::uint64_t version) {
  std::erase_if(versions, [version](const auto& each) { return each.since > version; });
}

/// Keeps what holds at `version` and everything after it.
template <typename Versions>
void keep_from(Versions& versions, std::uint64_t version) {
  const auto first_after = std::find_if(versions.begin(), versions.end(),
                                        [version](const auto& each) { return each.since > version; });
  if (first_after - versions.begin() > 1) versions.erase(versions.begin(), first_after - 1);
}

}  // namespace

sql::TableName SchemaHistory::canonical(sql::TableName name) const {
  if (dialect_.lower_case_names) name = {sql::to_lower(name.database), sql::to_lower(name.table)};
  return name;
}

void SchemaHistory::begin(const CatalogSnapshot& snapshot, const std::set<sql::TableName>& doubtful,
                          const std::set<sql::TableName>& absent) {
  const Lock lock(mutex_);
  version_ = 0;
  tables_.clear();
  databases_.clear();
  for (const auto& [name, collation] : snapshot.databases)
    put(DatabaseChange{.name = name, .collation = collation, .is_new = true});
  for (const auto& [name, table] : snapshot.tables) put(name, true, table);
  for (const sql::TableName& name : doubtful) put(canonical(name), false, nullptr);
  for (const sql::TableName& name : absent) put(canonical(name), true, nullptr);
}

std::uint64_t SchemaHistory::version() const {
  const Lock lock(mutex_);
  return version_;
}

void SchemaHistory::rewind(std::uint64_t version) {
  const Lock lock(mutex_);
  version_ = version;
  for (auto& [name, versions] : tables_) drop_after(versions, version);
  for (auto& [name, versions] : databases_) drop_after(versions, version);
  std::erase_if(tables_, [](const auto& entry) { return entry.second.empty(); });
  std::erase_if(databases_, [](const auto& entry) { return entry.second.empty(); });
}

DdlEffect SchemaHistory::apply(std::string_view sql, const DdlSession& session) {
  const Lock lock(mutex_);
  DdlEffect effect = apply_ddl(sql, session, dialect_, *this);
  if (effect.tables.empty() && effect.databases.empty()) return effect;
  ++version_;
  for (const DatabaseChange& change : effect.databases) put(change);
  // In their order: a swap moves a table out of the way first.
  for (TableChange& change : effect.tables) put(sql, change);
  return effect;
}

std::vector<std::string> SchemaHistory::alters_of(const sql::TableName& name) const {
  const auto found = tables_.find(name);
  return found == tables_.end() ? std::vector<std::string>{} : found->second.back().alters;
}

void SchemaHistory::put(std::string_view sql, TableChange& change) {
  const bool is_known = change.kind != TableChange::Kind::Unknown;
  if (change.old_name != change.name) {
    change.alters = alters_of(change.old_name);
    put(change.old_name, true, nullptr);
    return put(change.name, is_known, change.after);
  }
  if (keeps_alters_ && keeps_alters_(change.name) && sql::Lexer(sql).take("ALTER")) {
    change.alters = alters_of(change.name);
    change.alters.emplace_back(sql);
  }
  put(change.name, is_known, change.after, change.alters);
}

void SchemaHistory::put(const sql::TableName& name, bool is_known, TablePtr table,
                        std::vector<std::string> alters) {
  std::vector<TableVersion>& versions = tables_[name];
  if (!versions.empty() && versions.back().since == version_) versions.pop_back();
  versions.push_back({version_, is_known, std::move(table), std::move(alters)});
  unsaved_tables_.insert(name);
}

void SchemaHistory::put(const DatabaseChange& change) {
  std::vector<DatabaseVersion>& versions = databases_[change.name];
  const bool were_tables_known = !versions.empty() && versions.back().are_tables_known;
  if (!versions.empty() && versions.back().since == version_) versions.pop_back();
  versions.push_back({.since = version_,
                      .collation = change.collation,
                      .is_there = !change.is_dropped,
                      .are_tables_known = change.is_new || change.is_dropped || were_tables_known});
  unsaved_databases_.insert(change.name);
}

void SchemaHistory::learn(const sql::TableName& name, TablePtr table) {
  const Lock lock(mutex_);
  std::vector<TableVersion>& versions = tables_[name];
  if (versions.empty()) versions.push_back({.since = version_, .is_known = false, .table = nullptr});
  versions.back().is_known = true;
  versions.back().table = std::move(table);
  unsaved_tables_.insert(name);
}

Definitions::Found SchemaHistory::find(const sql::TableName& name) const {
  const Lock lock(mutex_);
  const auto found = tables_.find(name);
  if (found == tables_.end()) {
    // A table of a database that is not kept can be anything.
    const auto database = databases_.find(name.database);
    return {database != databases_.end() && database->second.back().are_tables_known, nullptr};
  }
  return {found->second.back().is_known, found->second.back().table};
}

std::vector<std::string> SchemaHistory::tables_of(const std::string& database) const {
  const Lock lock(mutex_);
  std::vector<std::string> names;
  for (auto entry = tables_.lower_bound({database, {}});
       entry != tables_.end() && entry->first.database == database; ++entry) {
    const TableVersion& now = entry->second.back();
    if (!now.is_known || now.table != nullptr) names.push_back(entry->first.table);
  }
  return names;
}

std::uint16_t SchemaHistory::database_collation(const std::string& database) const {
  const Lock lock(mutex_);
  const auto found = databases_.find(database);
  return found == databases_.end() ? std::uint16_t{0} : found->second.back().collation;
}

bool SchemaHistory::is_absent(const std::string& database) const {
  const Lock lock(mutex_);
  const auto found = databases_.find(database);
  return found == databases_.end() ? follows_ && follows_(database) : !found->second.back().is_there;
}

void SchemaHistory::meet(const std::string& database) {
  const Lock lock(mutex_);
  const std::string name = canonical({database, {}}).database;
  if (!databases_.try_emplace(name, std::vector<DatabaseVersion>(1)).second) return;
  unsaved_databases_.insert(name);
}

void SchemaHistory::note_saved(const sql::TableName& name) {
  unsaved_tables_.erase(name);
  const auto found = tables_.find(name);
  if (found != tables_.end() && (found->second.size() > 1 || found->second.back().is_nothing()))
    aging_tables_.insert(name);
}

void SchemaHistory::prune(std::uint64_t version) {
  std::erase_if(aging_tables_, [&](const sql::TableName& name) {
    const auto found = tables_.find(name);
    if (found == tables_.end()) return true;
    const std::vector<TableVersion>& versions = found->second;
    if (versions.size() == 1 && !versions.front().is_nothing()) return true;
    if (versions[versions.size() > 1 ? 1 : 0].since > version) return false;
    unsaved_tables_.insert(name);
    return true;
  });
  for (const sql::TableName& name : unsaved_tables_) {
    if (const auto found = tables_.find(name); found != tables_.end()) keep_from(found->second, version);
  }
  for (const std::string& name : unsaved_databases_) {
    if (const auto found = databases_.find(name); found != databases_.end())
      keep_from(found->second, version);
  }
}

/// By `collation` alone, as older versions write and read it, 0 is a database that is not there.
json SchemaHistory::saved_form(const DatabaseVersion& version) {
  json entry = {{"since", version.since}, {"collation", version.collation}};
  if (version.is_there && version.collation == 0) entry["there"] = true;
  if (!version.are_tables_known) entry["known"] = false;
  return entry;
}

SchemaHistory::DatabaseVersion SchemaHistory::database_from(const json& entry) {
  DatabaseVersion version{.since = entry.at("since"), .collation = entry.at("collation")};
  version.is_there = version.collation != 0 || entry.value("there", false);
  version.are_tables_known = entry.value("known", true);
  return version;
}

SavedSchema SchemaHistory::to_saved(const sql::TableName& name,
                                    const std::vector<TableVersion>& versions) const {
  json list = json::array();
  for (const TableVersion& version : versions) {
    json entry = {{"since", version.since}};
    if (!version.is_known) entry["known"] = false;
    if (version.table != nullptr) entry["table"] = to_json(*version.table);
    if (!version.alters.empty()) entry["alters"] = version.alters;
    list.push_back(std::move(entry));
  }
  return {key_of(name), dump({{"versions", std::move(list)}})};
}

SavedSchema SchemaHistory::saved_database(const std::string& name) const {
  json list = json::array();
  if (const auto found = databases_.find(name); found != databases_.end()) {
    for (const DatabaseVersion& each : found->second) list.push_back(saved_form(each));
  }
  return {key_of(name), dump({{"versions", std::move(list)}})};
}

std::vector<SavedSchema> SchemaHistory::unsaved(std::uint64_t version) {
  const Lock lock(mutex_);
  prune(version);
  std::vector<SavedSchema> saved;
  for (const std::string& name : unsaved_databases_) saved.push_back(saved_database(name));
  for (const sql::TableName& name : unsaved_tables_) {
    const auto found = tables_.find(name);
    const bool is_gone =
        found == tables_.end() || (found->second.size() == 1 && found->second.front().is_nothing() &&
                                   found->second.front().since <= version);
    if (!is_gone) {
      saved.push_back(to_saved(name, found->second));
      continue;
    }
    saved.push_back({key_of(name), {}});
    if (found != tables_.end()) tables_.erase(found);
  }
  return saved;
}

void SchemaHistory::mark_unsaved() {
  const Lock lock(mutex_);
  for (const auto& [name, versions] : tables_) unsaved_tables_.insert(name);
  for (const auto& [name, versions] : databases_) unsaved_databases_.insert(name);
}

void SchemaHistory::mark_saved(const std::vector<SavedSchema>& saved) {
  const Lock lock(mutex_);
  // What changed again meanwhile differs from what was saved, and comes with the next.
  for (const SavedSchema& each : saved) {
    const json key = json::parse(each.key);
    if (key.size() == 1) {
      const auto name = key[0].get<std::string>();
      if (saved_database(name).value == each.value) unsaved_databases_.erase(name);
      continue;
    }
    const sql::TableName name{key[0].get<std::string>(), key[1].get<std::string>()};
    const auto found = tables_.find(name);
    const std::string now = found == tables_.end() ? std::string() : to_saved(name, found->second).value;
    if (now == each.value) note_saved(name);
  }
}

absl::Status SchemaHistory::restore(const std::vector<SavedSchema>& saved) {
  const Lock lock(mutex_);
  tables_.clear();
  databases_.clear();
  for (const SavedSchema& each : saved) {
    if (each.value.empty()) continue;
    const auto damaged = [&each](std::string_view why) {
      return absl::DataLossError(fmt::format("the saved definition of {} cannot be read: {}", each.key, why));
    };
    try {
      const json key = json::parse(each.key);
      const json value = json::parse(each.value);
      for (const json& version : value.at("versions")) {
        const std::uint64_t since = version.at("since");
        if (key.size() == 1) {
          databases_[key[0].get<std::string>()].push_back(database_from(version));
          continue;
        }
        TableVersion entry{.since = since, .is_known = version.value("known", true), .table = nullptr};
        if (const auto alters = version.find("alters"); alters != version.end())
          entry.alters = alters->get<std::vector<std::string>>();
        if (const auto table = version.find("table"); table != version.end()) {
          absl::StatusOr<CatalogTable> definition = table_from_json(*table);
          if (!definition.ok()) return damaged(text(definition.status()));
          entry.table = std::make_shared<const CatalogTable>(*std::move(definition));
        }
        tables_[{key.at(0).get<std::string>(), key.at(1).get<std::string>()}].push_back(std::move(entry));
      }
    } catch (const json::exception& error) {
      return damaged(error.what());
    }
  }
  unsaved_tables_.clear();
  unsaved_databases_.clear();
  aging_tables_.clear();
  for (const auto& [name, versions] : tables_) note_saved(name);
  return absl::OkStatus();
}

}  // namespace rowtide::schema
