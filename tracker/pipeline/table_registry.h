#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/binlog/event.h"
#include "tracker/binlog/table_map.h"
#include "tracker/binlog/table_plan.h"
#include "tracker/encode/encoder.h"
#include "tracker/schema/catalog.h"
#include "tracker/select/table_selector.h"

namespace rowtide::pipeline {

/// A table map, decided on and compiled.
struct BoundTable {
  std::string event_body;  ///< the table map it was bound from: the same bytes again mean the same table
  bool is_wanted = false;
  bool is_left_out = false;                       ///< wanted, but it cannot be read
  bool is_guessed = false;                        ///< nobody says all of its columns (reading a file)
  std::string name;                               ///< "database.table", for messages
  binlog::TablePlan plan;                         ///< of wanted tables only
  std::unique_ptr<encode::TableEncoder> encoder;  ///< of wanted tables only
};

/// The tables that rows events refer to by id. A table map precedes every statement's rows, nearly always
/// with the bytes it had before: then nothing is done. Only a new or changed one is compiled. Belongs to the
/// pipeline's thread.
class TableRegistry {
 public:
  using TopicFor = std::function<std::string(const std::string& database, const std::string& table)>;

  /// All must outlive the registry. `wants_rows`: the task's dataTypes; without it no table is wanted.
  /// `names_columns_by_position`: a table that the catalog does not know is read with names by position
  /// (schema/name_columns_by_position.h).
  TableRegistry(const select::TableSelector& selector, schema::Catalog& catalog, TopicFor topic_for,
                bool wants_rows, bool names_columns_by_position)
      : selector_(&selector),
        catalog_(&catalog),
        topic_for_(std::move(topic_for)),
        wants_rows_(wants_rows),
        names_columns_by_position_(names_columns_by_position) {}

  /// A server gives a table a new id whenever it is opened again; the old one is of no use then.
  [[nodiscard]] absl::Status bind(Bytes table_map_body, bool is_mariadb, encode::Encoder& encoder);
  /// What bind() failed with is no reason to stop: its rows are left out.
  void leave_out(Bytes table_map_body);
  /// nullptr: no table map with this id was seen.
  [[nodiscard]] const BoundTable* find(std::uint64_t table_id) const;
  /// No rows will come of the table maps before it: the time to forget, where there are too many.
  void begin_transaction();
  /// After a schema change: what was compiled may no longer fit.
  void forget_all();

 private:
  void keep(std::uint64_t id, BoundTable table);
  /// Once a table.
  void say_helper(const std::string& name);
  /// Had something to be guessed?
  bool name_columns_of_unknown_by_position(binlog::TableMap& map);

  const select::TableSelector* selector_;
  schema::Catalog* catalog_;
  TopicFor topic_for_;
  bool wants_rows_;
  bool names_columns_by_position_;
  std::set<std::string> guessed_;  ///< tables whose guesses were logged
  std::set<std::string> helpers_;  ///< tables of tools that were logged
  std::unordered_map<std::uint64_t, BoundTable> tables_;
  std::unordered_map<std::string, std::uint64_t> ids_;  ///< by name: a table has one entry, of its newest id
};

}  // namespace rowtide::pipeline
