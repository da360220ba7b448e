#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tracker/schema/apply_ddl.h"
#include "tracker/schema/catalog_reader.h"
#include "tracker/sql/names.h"

namespace rowtide::schema {

/// One table or database as it is kept with the checkpoint. An empty value: nothing to keep any more.
struct SavedSchema {
  std::string key;
  std::string value;  ///< JSON
};

/// The source's tables as they were where the stream is. Each statement that changes one raises the version;
/// a position carries the version that holds from it on (binlog::Position::schema_version), so that a restart
/// reads old events with the tables of then: rewind() goes back to it, and reading on repeats what followed.
/// Versions are kept back to the one that the oldest checkpoint needs. Any thread.
class SchemaHistory final : public Definitions {
 public:
  using NamesTable = std::function<bool(const sql::TableName&)>;
  using NamesDatabase = std::function<bool(const std::string&)>;
  /// The text of the ALTER statements of tables that `keeps_alters` names is kept with their versions. Of the
  /// databases that `follows` names all that there are, or may be, are told by begin() and meet().
  explicit SchemaHistory(SourceDialect dialect, NamesTable keeps_alters = {}, NamesDatabase follows = {})
      : dialect_(std::move(dialect)), keeps_alters_(std::move(keeps_alters)), follows_(std::move(follows)) {}

  /// Tables at the first position of all. `doubtful`: those of which it is not known how they were there.
  /// `absent`: those that were not there. Collations of databases may be 0: not known.
  void begin(const CatalogSnapshot& snapshot, const std::set<sql::TableName>& doubtful,
             const std::set<sql::TableName>& absent = {});
  /// What was saved. DATA_LOSS for what cannot be read.
  [[nodiscard]] absl::Status restore(const std::vector<SavedSchema>& saved);
  /// A database that is there by now, after restore(): if it is not kept, it may have been there at any time.
  void meet(const std::string& database);

  [[nodiscard]] std::uint64_t version() const;
  /// Forgets what came after this version.
  void rewind(std::uint64_t version);

  /// A statement at the stream's place.
  DdlEffect apply(std::string_view sql, const DdlSession& session);
  /// What the source says now of a table that was not known.
  void learn(const sql::TableName& name, TablePtr table);

  [[nodiscard]] Found find(const sql::TableName& name) const override;
  [[nodiscard]] std::vector<std::string> tables_of(const std::string& database) const override;
  [[nodiscard]] std::uint16_t database_collation(const std::string& database) const override;
  [[nodiscard]] bool is_absent(const std::string& database) const override;
  [[nodiscard]] const SourceDialect& dialect() const { return dialect_; }
  /// As the source that answers from now on compares names. By the thread that calls apply().
  void set_lower_case_names(bool lower_case_names) { dialect_.lower_case_names = lower_case_names; }
  /// The name as the source keeps it.
  [[nodiscard]] sql::TableName canonical(sql::TableName name) const;

  /// What must be saved before a checkpoint of this version, and is not since the last mark_saved(). What no
  /// checkpoint from `version` on needs is left out.
  [[nodiscard]] std::vector<SavedSchema> unsaved(std::uint64_t version);
  void mark_saved(const std::vector<SavedSchema>& saved);
  /// Whatever was saved is gone.
  void mark_unsaved();

 private:
  [[nodiscard]] SavedSchema saved_database(const std::string& name) const;
  struct TableVersion {
    std::uint64_t since = 0;
    bool is_known = false;
    TablePtr table;
    std::vector<std::string> alters = {};
    /// There was no such table.
    [[nodiscard]] bool is_nothing() const { return is_known && table == nullptr; }
  };
  struct DatabaseVersion {
    std::uint64_t since = 0;
    std::uint16_t collation = 0;    ///< 0: not known, or not there
    bool is_there = true;           ///< or may be
    bool are_tables_known = false;  ///< those that are not kept are not there
  };

  void put(const sql::TableName& name, bool is_known, TablePtr table, std::vector<std::string> alters = {});
  void put(std::string_view sql, TableChange& change);
  [[nodiscard]] std::vector<std::string> alters_of(const sql::TableName& name) const;
  void put(const DatabaseChange& change);
  static nlohmann::json saved_form(const DatabaseVersion& version);
  static DatabaseVersion database_from(const nlohmann::json& entry);
  void prune(std::uint64_t version);
  void note_saved(const sql::TableName& name);
  [[nodiscard]] SavedSchema to_saved(const sql::TableName& name,
                                     const std::vector<TableVersion>& versions) const;

  SourceDialect dialect_;
  const NamesTable keeps_alters_;
  const NamesDatabase follows_;
  mutable std::recursive_mutex mutex_;  // apply() asks find()
  std::uint64_t version_ = 0;
  std::map<sql::TableName, std::vector<TableVersion>> tables_;
  std::map<std::string, std::vector<DatabaseVersion>> databases_;
  std::set<sql::TableName> unsaved_tables_;
  /// Saved with versions that only an older checkpoint needs: they are saved once more without.
  std::set<sql::TableName> aging_tables_;
  std::set<std::string> unsaved_databases_;
};

}  // namespace rowtide::schema
