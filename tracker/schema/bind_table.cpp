#include "tracker/schema/bind_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/status/try.h"
#include "tracker/schema/column_type.h"
#include "tracker/schema/hidden_columns.h"
#include "tracker/schema/wire_fit.h"
#include "tracker/sql/quote.h"
#include "tracker/types/charset/charset.h"
#include "tracker/types/geometry.h"

namespace rowtide::schema {
namespace {

using binlog::TableMap;

std::uint8_t real_type(const TableMap& map, std::size_t column) {
  return real_wire_type(map.wire_types[column], map.wire_metadata[column]);
}

/// Is there anything about the columns that only the catalog can say?
bool is_silent(const TableMap& map) {
  if (!map.has_names()) return true;
  for (std::size_t i = 0; i < map.column_count(); ++i) {
    const std::uint8_t type = real_type(map, i);
    if (is_numeric_wire(type) && !map.is_unsigned) return true;
    if (is_text_wire(type) && (map.collations.empty() || map.collations[i] == 0)) return true;
    if (has_members_wire(type) && map.members.empty()) return true;
    if (is_old_temporal_wire(type)) return true;
  }
  return false;
}

absl::Status does_not_fit(const TableMap& map, std::string_view difference) {
  const std::string sql_name = sql::quote_identifier(map.database) + "." + sql::quote_identifier(map.table);
  return absl::FailedPreconditionError(fmt::format(
      "the columns of {} cannot be told: {}. The event does not say itself what its columns are, and the "
      "definition that is known is not the one that it was written with. Repair: leave the table's events "
      "out (spec.onUnprocessable: SkipAndCount), or take the table out of spec.objects; and so that it does "
      "not happen again, SET GLOBAL binlog_row_metadata=FULL at the source (MySQL 8.0.1+, MariaDB 10.5+; "
      "older servers cannot)",
      sql_name, difference));
}

bool is_hidden(const std::vector<std::uint32_t>& hidden, std::size_t position) {
  return std::binary_search(hidden.begin(), hidden.end(), position);
}

/// Columns that were added after a functional index stand after its hidden ones in the event.
absl::Status hidden_do_not_fit(const TableMap& map) {
  return absl::FailedPreconditionError(fmt::format(
      "the columns of {}.{} cannot be told: the table has a functional index, whose hidden columns the event "
      "lists without saying which of them they are. Repair: SET GLOBAL binlog_row_metadata=FULL at the "
      "source and leave the events of before out (spec.onUnprocessable: SkipAndCount), or take the table out "
      "of spec.objects",
      sql::quote_identifier(map.database), sql::quote_identifier(map.table)));
}

absl::Status check_fit(const TableMap& map, const CatalogTable& table) {
  const std::vector<std::uint32_t> hidden = hidden_columns(map, &table);
  const std::size_t shown = map.column_count() - hidden.size() - unread_columns(map, hidden, &table);
  if (table.columns.size() != shown) {
    return does_not_fit(map, fmt::format("the binlog event has {} columns, the known definition has {}",
                                         shown, table.columns.size()));
  }
  std::size_t next = 0;
  for (std::size_t i = 0; next < shown; ++i) {
    if (is_hidden(hidden, i)) continue;
    const CatalogColumn& column = table.columns[next++];
    if (map.has_names() && map.column_names[i] != column.name) {
      return does_not_fit(
          map, fmt::format("column {} is {} in the binlog event and {} in the known definition", i + 1,
                           map.column_names[i], column.name));
    }
    if (!fits_wire(column.data_type, real_type(map, i), map.wire_metadata[i])) {
      if (!hidden.empty() && !map.has_names()) return hidden_do_not_fit(map);
      return does_not_fit(
          map, fmt::format("column {} ({}) is {} in the binlog event and {} in the known definition", i + 1,
                           column.name, wire_type_name(real_type(map, i)), column.column_type));
    }
  }
  return absl::OkStatus();
}

/// MariaDB. The time of a row's version: TIMESTAMP(6), or a transaction's number under its own name.
bool may_be_versioned(const TableMap& map) {
  if (!map.is_mariadb) return false;
  constexpr std::uint16_t kDecimals = 6;
  unsigned times = 0;
  for (std::size_t i = 0; i < map.column_count(); ++i) {
    times += is_timestamp_wire(map.wire_types[i]) && map.wire_metadata[i] == kDecimals ? 1U : 0U;
  }
  return times >= 2 ||
         std::find(map.column_names.begin(), map.column_names.end(), "row_end") != map.column_names.end();
}

/// The binlog tells a row of the past, when an UPDATE or DELETE makes one, as an INSERT of the same key: told
/// on, it would bring back what is gone.
absl::Status check_not_versioned(const TableMap& map, const CatalogTable& table) {
  if (!table.is_versioned) return absl::OkStatus();
  const std::string sql_name = sql::quote_identifier(map.database) + "." + sql::quote_identifier(map.table);
  return absl::UnimplementedError(fmt::format(
      "{} is a system-versioned table, whose binlog holds rows of the past between those of the present; "
      "this version does not tell them apart. Repair: take the table out of spec.objects, or ALTER TABLE "
      "{} DROP SYSTEM VERSIONING and leave its events of before out (spec.onUnprocessable: SkipAndCount)",
      sql_name, sql_name));
}

/// With all metadata the catalog is asked only of tables that look like one.
absl::Status refuse_versioned(const TableMap& map, Catalog& catalog) {
  if (!may_be_versioned(map)) return absl::OkStatus();
  const absl::StatusOr<const CatalogTable*> known = catalog.describe(map.database, map.table);
  if (absl::IsNotFound(known.status()) || absl::IsFailedPrecondition(known.status())) return absl::OkStatus();
  return known.ok() ? check_not_versioned(map, **known) : known.status();
}

/// The catalog's view, checked. Null when the event says everything itself.
absl::StatusOr<const CatalogTable*> catalog_view(const TableMap& map, Catalog& catalog) {
  if (!is_silent(map)) {
    RETURN_IF_ERROR(refuse_versioned(map, catalog));
    return nullptr;
  }
  absl::StatusOr<const CatalogTable*> table = catalog.describe(map.database, map.table);
  if (absl::IsNotFound(table.status())) {
    return does_not_fit(map, std::string(table.status().message()));
  }
  if (!table.ok()) return table.status();
  RETURN_IF_ERROR(check_not_versioned(map, **table));
  RETURN_IF_ERROR(check_fit(map, **table));
  return *table;
}

/// MariaDB's UUID, INET4 and INET6 come as BINARY, also with all metadata: what they are is in the catalog.
bool may_be_fixed_binary(const TableMap& map, std::size_t i) {
  return is_binary_of_16_or_4_wire(map.wire_types[i], map.wire_metadata[i]) && !map.collations.empty() &&
         map.collations[i] == types::kBinaryCollation;
}

/// The catalog's view of such columns where it is not needed for more; null where it has none that fits.
absl::StatusOr<const CatalogTable*> view_of_binaries(const TableMap& map, const CatalogTable* table,
                                                     Catalog& catalog) {
  if (table != nullptr || !map.is_mariadb) return nullptr;
  bool is_asked = false;
  for (std::size_t i = 0; i < map.column_count() && !is_asked; ++i) is_asked = may_be_fixed_binary(map, i);
  if (!is_asked) return nullptr;
  absl::StatusOr<const CatalogTable*> known = catalog.describe(map.database, map.table);
  if (absl::IsNotFound(known.status()) || absl::IsFailedPrecondition(known.status())) return nullptr;
  return known;
}

types::ColumnDefinition define_column(const TableMap& map, const CatalogColumn* declared, std::size_t i) {
  types::ColumnDefinition definition;
  definition.wire_type = map.wire_types[i];
  definition.wire_metadata = map.wire_metadata[i];
  definition.is_nullable = map.is_nullable[i];
  if (declared != nullptr) {
    const CatalogColumn& column = *declared;
    definition.name = column.name;
    definition.is_unsigned = column.is_unsigned;
    definition.collation = column.collation;
    definition.members = column.members;
    definition.geometry_type = static_cast<std::uint8_t>(types::geometry_type(column.data_type));
    definition.declared_type = column.column_type;
    if (is_old_temporal_wire(definition.wire_type))
      definition.decimals = temporal_decimals(column.column_type);
  }
  if (map.has_names()) definition.name = map.column_names[i];
  // Servers differ on whether YEAR is unsigned; it means something for numbers only.
  if (map.is_unsigned && is_numeric_wire(real_type(map, i))) definition.is_unsigned = (*map.is_unsigned)[i];
  if (!map.collations.empty() && map.collations[i] != 0) definition.collation = map.collations[i];
  if (!map.members.empty() && !map.members[i].empty()) definition.members = map.members[i];
  if (!map.geometry_types.empty()) definition.geometry_type = map.geometry_types[i];
  return definition;
}

bool has_names_of(const CatalogTable& table, const TableMap& map) {
  const std::vector<std::uint32_t> hidden = hidden_columns(map, &table);
  const std::size_t shown = map.column_count() - hidden.size() - unread_columns(map, hidden, &table);
  if (table.columns.size() != shown) return false;
  std::size_t next = 0;
  for (std::size_t i = 0; next < shown; ++i) {
    if (!is_hidden(hidden, i) && map.column_names[i] != table.columns[next++].name) return false;
  }
  return true;
}

/// Positions in the table map as positions among its columns that are none of the hidden ones.
std::vector<std::uint32_t> without_hidden(std::vector<std::uint32_t> positions,
                                          const std::vector<std::uint32_t>& hidden) {
  for (std::uint32_t& position : positions) {
    const auto ahead = std::lower_bound(hidden.begin(), hidden.end(), position) - hidden.begin();
    position -= static_cast<std::uint32_t>(ahead);
  }
  return positions;
}

/// No server has such a key; delivered without the column, rows of different keys would be one.
absl::Status hidden_key(const TableMap& map, std::uint32_t position) {
  return absl::DataLossError(
      fmt::format("the table map of {}.{} is damaged: column {} of its primary key is a hidden one. Repair: "
                  "take the table out of spec.objects, or leave the event out (spec.onUnprocessable: "
                  "SkipAndCount)",
                  sql::quote_identifier(map.database), sql::quote_identifier(map.table), position + 1));
}

/// Whether it has the columns that only look hidden is asked of the catalog.
absl::Status leave_out_hidden(const TableMap& map, const CatalogTable* table, Catalog& catalog,
                              binlog::TablePlan& plan) {
  if (table == nullptr && std::any_of(map.column_names.begin(), map.column_names.end(), may_be_hidden)) {
    absl::StatusOr<const CatalogTable*> now = catalog.describe(map.database, map.table);
    if (!now.ok() && !absl::IsNotFound(now.status())) return now.status();
    if (now.ok()) table = *now;
  }
  plan.hidden = hidden_columns(map, table);
  plan.are_hidden_assumed = !plan.hidden.empty() && !map.has_names();
  plan.unread = unread_columns(map, plan.hidden, table);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::uint32_t>> key_of(const TableMap& map, const CatalogTable* table,
                                                  const binlog::TablePlan& plan, Catalog& catalog) {
  if (map.primary_key && !map.primary_key->empty()) {
    for (const std::uint32_t position : *map.primary_key) {
      if (is_hidden(plan.hidden, position)) return hidden_key(map, position);
    }
    const std::vector<std::uint32_t> key = without_hidden(*map.primary_key, plan.hidden);
    // A row id as the key says as much as none.
    if (std::all_of(key.begin(), key.end(), [&](std::uint32_t each) { return each < plan.columns.size(); }))
      return key;
  }
  if (table != nullptr) return table->key_columns;
  // The event says: no primary key. A unique one does as well, if the table still is what it was. Where
  // nobody knows what it was there is none: the rows need no catalog.
  absl::StatusOr<const CatalogTable*> now = catalog.describe(map.database, map.table);
  if (absl::IsNotFound(now.status()) || absl::IsUnimplemented(now.status()))
    return std::vector<std::uint32_t>{};
  if (!now.ok()) return now.status();
  return has_names_of(**now, map) ? (*now)->key_columns : std::vector<std::uint32_t>{};
}

}  // namespace

absl::StatusOr<binlog::TablePlan> bind_table(const TableMap& map, Catalog& catalog) {
  ASSIGN_OR_RETURN(const CatalogTable* table, catalog_view(map, catalog));

  binlog::TablePlan plan{.database = map.database, .table = map.table, .columns = {}, .key_columns = {}};
  plan.columns.reserve(map.column_count());
  RETURN_IF_ERROR(leave_out_hidden(map, table, catalog, plan));
  ASSIGN_OR_RETURN(const CatalogTable* binaries, view_of_binaries(map, table, catalog));
  const std::size_t shown = map.column_count() - plan.hidden.size() - plan.unread;
  for (std::size_t i = 0; plan.columns.size() < shown; ++i) {
    if (is_hidden(plan.hidden, i)) continue;
    const CatalogColumn* declared = table == nullptr ? nullptr : &table->columns[plan.columns.size()];
    types::ColumnDefinition definition = define_column(map, declared, i);
    if (binaries != nullptr && may_be_fixed_binary(map, i)) {
      const auto known = binaries->index_of(definition.name);
      if (known) definition.declared_type = binaries->columns[*known].column_type;
    }
    absl::StatusOr<types::Column> column = types::compile_column(std::move(definition));
    if (!column.ok()) {
      return absl::Status(column.status().code(), fmt::format("{}.{}: {}", map.database, map.table,
                                                              std::string(column.status().message())));
    }
    plan.columns.push_back(*std::move(column));
  }
  ASSIGN_OR_RETURN(std::vector<std::uint32_t> key, key_of(map, table, plan, catalog));
  plan.key_columns = std::move(key);
  return plan;
}

}  // namespace rowtide::schema
