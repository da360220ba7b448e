#include "tracker/schema/alter_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "tracker/schema/column_type.h"
#include "tracker/schema/hash_keys.h"
#include "tracker/schema/hidden_columns.h"
#include "tracker/schema/key_length.h"
#include "tracker/schema/make_default.h"
#include "tracker/sql/names.h"
#include "tracker/types/charset/charset.h"

namespace rowtide::schema {
namespace {

constexpr std::string_view kPrimary = "PRIMARY";

bool has_explicit_defaults(const TableContext& context) {
  return context.session.explicit_defaults_for_timestamp.value_or(
      context.dialect.explicit_defaults_for_timestamp);
}

/// Without explicit_defaults_for_timestamp a TIMESTAMP is NOT NULL unless it says NULL, and has a default.
/// True where that is a better one if the column is the table's first TIMESTAMP.
bool imply_timestamp(CatalogColumn& column, const sql::ColumnSpec& spec) {
  if (column.data_type != "timestamp" || column.generated != sql::Generated::No) return false;
  column.is_nullable = spec.is_nullable.value_or(false);
  if (column.is_nullable || column.default_value) return false;
  if (spec.default_value && spec.default_value->is_null) return false;
  column.default_value = "0000-00-00 00:00:00";
  if (spec.length.value_or(0) != 0) *column.default_value += "." + std::string(*spec.length, '0');
  return !spec.updates_itself;
}

/// The first TIMESTAMP, by place, is set to the time of writing if its default is `implied` (by name).
void settle_first_timestamp(std::vector<CatalogColumn>& columns, const std::vector<std::string>& implied) {
  const auto first = std::find_if(columns.begin(), columns.end(), [](const CatalogColumn& column) {
    return column.data_type == "timestamp" && column.generated == sql::Generated::No;
  });
  if (first == columns.end() || std::find(implied.begin(), implied.end(), first->name) == implied.end())
    return;
  first->default_value = "CURRENT_TIMESTAMP" + first->column_type.substr(std::strlen("timestamp"));
  first->is_default_expression = true;
}

/// Keys as a table collects them, each with a name like the server's.
class Keys {
 public:
  explicit Keys(std::vector<CatalogKey> known) : keys_(std::move(known)) {}

  void add(const sql::KeySpec& spec) {
    if (spec.kind == sql::KeySpec::Kind::Foreign) {
      foreign_.push_back(spec);
      return;
    }
    CatalogKey key;
    key.kind = spec.kind == sql::KeySpec::Kind::Primary  ? CatalogKey::Kind::Primary
               : spec.kind == sql::KeySpec::Kind::Unique ? CatalogKey::Kind::Unique
                                                         : CatalogKey::Kind::Other;
    key.columns = spec.columns;
    key.prefixes = spec.prefixes;
    if (spec.uses_hash) key.hash = CatalogKey::Hash::Yes;
    key.has_expression = spec.has_expression;
    key.name = name_of(spec);
    keys_.push_back(std::move(key));
  }

  /// A foreign key brings an index along unless another begins with its columns.
  std::vector<CatalogKey> take() {
    for (const sql::KeySpec& spec : foreign_) {
      const bool is_covered = std::any_of(keys_.begin(), keys_.end(), [&](const CatalogKey& key) {
        return key.columns.size() >= spec.columns.size() &&
               std::equal(spec.columns.begin(), spec.columns.end(), key.columns.begin(), sql::is_same_name);
      });
      if (!is_covered) keys_.push_back({.name = name_of(spec), .columns = spec.columns});
    }
    foreign_.clear();
    return std::move(keys_);
  }

 private:
  std::vector<CatalogKey>::iterator find(std::string_view name) {
    return std::find_if(keys_.begin(), keys_.end(),
                        [&](const CatalogKey& key) { return sql::is_same_name(key.name, name); });
  }

  /// The first column's name, with _2, _3 ... where it is taken.
  std::string name_of(const sql::KeySpec& spec) {
    if (spec.kind == sql::KeySpec::Kind::Primary) return std::string(kPrimary);
    if (!spec.name.empty()) return spec.name;
    const std::string base =
        spec.columns.empty() || spec.has_expression ? "functional_index" : spec.columns.front();
    if (!sql::is_same_name(base, kPrimary) && find(base) == keys_.end()) return base;
    for (unsigned number = 2;; ++number) {
      std::string name = fmt::format("{}_{}", base, number);
      if (find(name) == keys_.end()) return name;
    }
  }

  std::vector<CatalogKey> keys_;
  std::vector<sql::KeySpec> foreign_;
};

/// Of other types a key holds the whole value: a prefix goes when its column becomes one of them.
bool takes_prefix(std::string_view data_type) {
  const auto is = [&](std::string_view name) { return data_type.find(name) != std::string_view::npos; };
  return is("char") || is("binary") || is("text") || is("blob") || is("geom") || is("point") ||
         is("linestring") || is("polygon") || data_type == "json" || data_type == "vector";
}

/// A prefix as long as its column is none.
void settle_prefixes(const CatalogTable& table, CatalogKey& key) {
  for (std::size_t i = 0; i < key.prefixes.size(); ++i) {
    const std::optional<std::uint32_t> index = table.index_of(key.columns[i]);
    if (!index) continue;
    if (!takes_prefix(table.columns[*index].data_type)) key.prefixes[i] = 0;
    const std::string& type = table.columns[*index].column_type;
    if (type.find("char(") == std::string::npos && type.find("binary(") == std::string::npos) continue;
    if (key.prefixes[i] >= declared_length(type)) key.prefixes[i] = 0;
  }
  if (std::all_of(key.prefixes.begin(), key.prefixes.end(), [](std::uint32_t each) { return each == 0; }))
    key.prefixes.clear();
}

/// What follows from columns and keys together.
void settle(CatalogTable& table, const SourceDialect& dialect, bool sorts_keys) {
  for (CatalogKey& key : table.keys) {
    for (std::string& name : key.columns) {
      const std::optional<std::uint32_t> index = table.index_of(name);
      if (index) name = table.columns[*index].name;
    }
    settle_prefixes(table, key);
  }
  mark_hashed_keys(table, dialect);
  name_hidden_columns(table, dialect);
  table.settle_keys(sorts_keys);
  table.choose_key();
}

constexpr std::string_view kRowStart = "row_start";
constexpr std::string_view kRowEnd = "row_end";

void set_versioning(CatalogTable& table, bool is_on) {
  table.is_versioned = is_on;
  table.hidden_columns.clear();
  if (is_on) table.hidden_columns = {std::string(kRowStart), std::string(kRowEnd)};
}

/// As the server writes it down: the end of the period in front of its start.
sql::KeySpec with_period(sql::KeySpec key, const sql::AddPeriod& period) {
  if (!key.is_of_period) return key;
  key.columns.insert(key.columns.end(), {period.end, period.start});
  key.prefixes.insert(key.prefixes.end(), {0, 0});
  return key;
}

/// The columns of a period (MariaDB).
void make_not_null(CatalogTable& table, const sql::AddPeriod& period) {
  for (const std::string& name : {period.start, period.end}) {
    if (const std::optional<std::uint32_t> index = table.index_of(name))
      table.columns[*index].is_nullable = false;
  }
}

/// One ALTER TABLE. As the server does it: first every column of before is kept, changed or dropped, then
/// those with a new place are put into it, then keys follow.
class Alteration {
 public:
  Alteration(const CatalogTable& before, std::span<const sql::AlterAction> actions,
             const TableContext& context, std::string& doubt)
      : before_(before), actions_(actions), context_(context), doubt_(doubt), table_(before), keys_({}) {}

  CatalogTable run();

 private:
  void read_options();
  void keep_columns();
  void place_columns();
  void keep_generated_key_first();
  void keep_keys();
  [[nodiscard]] std::optional<std::uint32_t> find_again(std::string_view name) const;
  [[nodiscard]] std::string name_before(const std::string& name) const;
  void keep_length(CatalogKey& key, std::size_t part, const CatalogColumn& again) const;
  void find_columns_of(CatalogKey& key) const;
  [[nodiscard]] bool is_dropped_key(std::string_view name) const;
  [[nodiscard]] std::string new_key_name(const std::string& name) const;
  void change_keys();
  [[nodiscard]] bool is_there(const sql::KeySpec& key) const;
  void add_key(const sql::KeySpec& key);
  void keep_column(const CatalogColumn& column);
  void add_column(const sql::AddColumn& add);
  void change_place(const sql::ChangeColumn& change);
  void insert(CatalogColumn column, const sql::Placement& placement);
  void add_keys_of(const sql::ColumnSpec& spec);
  [[nodiscard]] bool makes_keys_anew() const;
  [[nodiscard]] bool sorts_keys() const;
  [[nodiscard]] bool comes_to_allow_null(const CatalogKey& key) const;
  [[nodiscard]] CatalogColumn make(const sql::ColumnSpec& spec);
  [[nodiscard]] const sql::ChangeColumn* change_of(std::string_view name) const;
  [[nodiscard]] bool is_dropped(std::string_view name) const;
  [[nodiscard]] std::string new_name(const std::string& name) const;
  void check_names();

  template <typename Action, typename Call>
  void for_each(Call call) const {
    for (const sql::AlterAction& action : actions_) {
      if (const auto* found = std::get_if<Action>(&action)) call(*found);
    }
  }

  const CatalogTable& before_;
  std::span<const sql::AlterAction> actions_;
  TableContext context_;
  std::string& doubt_;
  CatalogTable table_;
  Keys keys_;
  std::uint16_t converted_to_ = 0;
  std::vector<std::string> implied_timestamps_;
  std::vector<sql::KeySpec> added_keys_;
};

CatalogTable Alteration::run() {
  read_options();
  check_names();
  if (!doubt_.empty()) return table_;
  table_.columns.clear();
  keep_columns();
  place_columns();
  keep_generated_key_first();
  for_each<sql::AddPeriod>([&](const sql::AddPeriod& period) { make_not_null(table_, period); });
  settle_first_timestamp(table_.columns, implied_timestamps_);
  keep_keys();
  change_keys();
  table_.keys = keys_.take();
  for_each<sql::SetVersioning>(
      [&](const sql::SetVersioning& versioning) { set_versioning(table_, versioning.is_on); });
  settle(table_, context_.dialect, sorts_keys());
  if (!context_.dialect.is_mariadb && makes_keys_anew()) return before_;
  return table_;
}

/// MySQL sees that a key that is dropped and added is the same one; where that is all, it does nothing.
bool Alteration::makes_keys_anew() const {
  const auto is_known = [this](const CatalogKey& key) {
    return std::find(before_.keys.begin(), before_.keys.end(), key) != before_.keys.end();
  };
  return table_.keys.size() == before_.keys.size() &&
         std::all_of(table_.keys.begin(), table_.keys.end(), is_known) &&
         std::all_of(actions_.begin(), actions_.end(), [](const sql::AlterAction& action) {
           return std::holds_alternative<sql::AddKey>(action) || std::holds_alternative<sql::DropKey>(action);
         });
}

/// Since MDEV-25803 MariaDB leaves keys where they stand unless one is added or one comes to allow NULL.
bool leaves_keys_in_place(const SourceDialect& dialect) {
  constexpr std::uint32_t kFirst[] = {100513, 100605};
  return dialect.is_mariadb &&
         (dialect.version >= 100700 ||
          std::any_of(std::begin(kFirst), std::end(kFirst), [&dialect](std::uint32_t first) {
            return dialect.version / 100 == first / 100 && dialect.version >= first;
          }));
}

bool Alteration::sorts_keys() const {
  if (!leaves_keys_in_place(context_.dialect)) return true;
  const auto adds_key = [](const sql::AlterAction& action) {
    const auto* add = std::get_if<sql::AddColumn>(&action);
    const auto* change = std::get_if<sql::ChangeColumn>(&action);
    const sql::ColumnSpec* column = add != nullptr      ? &add->column
                                    : change != nullptr ? &change->column
                                                        : nullptr;
    return std::holds_alternative<sql::AddKey>(action) ||
           (column != nullptr && (column->is_unique || column->is_primary));
  };
  return std::any_of(actions_.begin(), actions_.end(), adds_key) ||
         std::any_of(before_.keys.begin(), before_.keys.end(),
                     [this](const CatalogKey& key) { return comes_to_allow_null(key); });
}

bool Alteration::comes_to_allow_null(const CatalogKey& key) const {
  if (key.kind != CatalogKey::Kind::Unique || is_dropped_key(key.name)) return false;
  bool allows_null = false;
  for (const std::string& name : key.columns) {
    const std::optional<std::uint32_t> old_index = before_.index_of(name);
    if (!old_index || before_.columns[*old_index].is_nullable) return false;
    const std::optional<std::uint32_t> index = table_.index_of(new_name(name));
    allows_null |= index && !is_dropped(name) && table_.columns[*index].is_nullable;
  }
  return allows_null;
}

/// In their order: the last one is the table's default; on MariaDB one without CONVERT TO is, wherever it
/// stands. CHARSET and COLLATE belong together. CONVERT TO decides on the columns, also on new ones.
void Alteration::read_options() {
  sql::CharsetSpec given;
  for (const sql::AlterAction& action : actions_) {
    if (const auto* convert = std::get_if<sql::ConvertCharset>(&action)) {
      // DEFAULT: the database's, which the caller has given as the context's.
      converted_to_ =
          resolve_charset(convert->charset, context_.table_collation, context_.dialect, context_.session);
      if (converted_to_ == 0) doubt_ = "the character set that it is converted to is not known";
      if (!(context_.dialect.is_mariadb && !given.empty())) table_.collation = converted_to_;
    } else if (const auto* options = std::get_if<sql::SetTableOptions>(&action)) {
      if (!options->charset.empty()) {
        const bool has_charset = !options->charset.charset.empty();
        if (has_charset) given.charset = options->charset.charset;
        if (!options->charset.collation.empty() || (has_charset && !context_.dialect.is_mariadb))
          given.collation = options->charset.collation;
        table_.collation = resolve_charset(given, before_.collation, context_.dialect, context_.session);
      }
      if (options->comment) table_.comment = *options->comment;
    }
  }
  context_.table_collation = converted_to_ != 0 ? converted_to_ : table_.collation;
}

/// A column that the statement names must be there, else the definition is not the table's.
void Alteration::check_names() {
  const auto expect = [&](const std::string& name, bool is_optional, const std::string& new_name = {}) {
    bool is_there = is_optional || before_.index_of(name);
    for_each<sql::AddColumn>(
        [&](const sql::AddColumn& add) { is_there |= sql::is_same_name(add.column.name, new_name); });
    if (!is_there) doubt_ = fmt::format("there is no column {} known to change", name);
  };
  for_each<sql::ChangeColumn>(
      [&](const sql::ChangeColumn& change) { expect(change.name, change.if_exists, change.column.name); });
  for_each<sql::DropColumn>([&](const sql::DropColumn& drop) { expect(drop.name, drop.if_exists); });
  for_each<sql::RenameColumn>(
      [&](const sql::RenameColumn& rename) { expect(rename.from, rename.if_exists); });
  for_each<sql::AlterColumn>([&](const sql::AlterColumn& alter) { expect(alter.name, true); });
}

const sql::ChangeColumn* Alteration::change_of(std::string_view name) const {
  const sql::ChangeColumn* found = nullptr;
  for_each<sql::ChangeColumn>([&](const sql::ChangeColumn& change) {
    if (sql::is_same_name(change.name, name)) found = &change;
  });
  return found;
}

bool Alteration::is_dropped(std::string_view name) const {
  bool is_dropped = false;
  for_each<sql::DropColumn>(
      [&](const sql::DropColumn& drop) { is_dropped |= sql::is_same_name(drop.name, name); });
  return is_dropped;
}

std::string Alteration::new_name(const std::string& name) const {
  if (const sql::ChangeColumn* change = change_of(name)) return change->column.name;
  std::string renamed = name;
  for_each<sql::RenameColumn>([&](const sql::RenameColumn& rename) {
    if (sql::is_same_name(rename.from, name)) renamed = rename.to;
  });
  return renamed;
}

CatalogColumn Alteration::make(const sql::ColumnSpec& spec) {
  CatalogColumn column = make_column(spec, context_);
  if (converted_to_ != 0 && spec.type != "json" && column.collation != types::kBinaryCollation) {
    // CONVERT TO is about the statement's own columns too, whatever they say.
    sql::ColumnSpec converted = spec;
    converted.charset = {};
    converted.is_binary = false;
    column = make_column(converted, context_);
  }
  if (!has_explicit_defaults(context_) && imply_timestamp(column, spec))
    implied_timestamps_.push_back(column.name);
  return column;
}

void Alteration::keep_columns() {
  for (const CatalogColumn& column : before_.columns) {
    if (!is_dropped(column.name)) keep_column(column);
  }
}

void Alteration::keep_column(const CatalogColumn& column) {
  if (const sql::ChangeColumn* change = change_of(column.name)) {
    // One with a new place stands here until its turn: others can be placed after it, by its new name.
    CatalogColumn changed;
    changed.name = change->column.name;
    if (change->column.placement.empty()) changed = make(change->column);
    table_.columns.push_back(std::move(changed));
    return;
  }
  std::optional<CatalogColumn> converted = column;
  if (converted_to_ != 0) converted = convert_column(column, converted_to_, context_.dialect);
  if (!converted) {
    doubt_ = fmt::format("what CONVERT TO makes of the members of column {} is only known to the source",
                         column.name);
    return;
  }
  CatalogColumn kept = *std::move(converted);
  kept.name = new_name(column.name);
  for_each<sql::AlterColumn>([&](const sql::AlterColumn& alter) {
    if (!sql::is_same_name(alter.name, column.name)) return;
    if (alter.drops_default) kept.default_value.reset();
    if (alter.default_value) set_default(kept, *alter.default_value, context_.dialect);
    if (alter.is_invisible) kept.is_invisible = *alter.is_invisible;
  });
  table_.columns.push_back(std::move(kept));
}

void Alteration::place_columns() {
  for (const sql::AlterAction& action : actions_) {
    if (const auto* change = std::get_if<sql::ChangeColumn>(&action)) {
      change_place(*change);
    } else if (const auto* add = std::get_if<sql::AddColumn>(&action)) {
      add_column(*add);
    }
  }
}

/// MySQL's generated invisible primary key stays in front of what a statement puts FIRST (since 8.0.30,
/// sql/sql_gipk.cc, adjust_generated_invisible_primary_key_column_position()).
void Alteration::keep_generated_key_first() {
  constexpr std::string_view kGenerated = "my_row_id";
  if (context_.dialect.is_mariadb || before_.columns.empty() || before_.columns.front().name != kGenerated)
    return;
  const CatalogColumn& before = before_.columns.front();
  const bool is_generated = before.is_auto_increment && before.column_type == "bigint unsigned" &&
                            !before.is_nullable && before_.key_columns == std::vector<std::uint32_t>{0};
  const std::optional<std::uint32_t> index = table_.index_of(kGenerated);
  if (!is_generated || !index) return;
  std::rotate(table_.columns.begin(), table_.columns.begin() + *index, table_.columns.begin() + *index + 1);
}

void Alteration::change_place(const sql::ChangeColumn& change) {
  if (change.if_exists && !before_.index_of(change.name)) return;
  const bool was_there = before_.index_of(change.name) && !is_dropped(change.name);
  if (was_there && change.column.placement.empty()) return;
  // MariaDB also lets a statement change what it has just added, and goes by the new name.
  const std::optional<std::uint32_t> index = table_.index_of(change.column.name);
  if (!index) return;
  table_.columns.erase(table_.columns.begin() + *index);
  insert(make(change.column), change.column.placement);
}

void Alteration::add_column(const sql::AddColumn& add) {
  if (add.column.if_not_exists && before_.index_of(add.column.name)) return;
  if (table_.index_of(add.column.name)) {
    if (!add.column.if_not_exists) doubt_ = fmt::format("a column {} is known already", add.column.name);
    return;
  }
  insert(make(add.column), add.column.placement);
}

void Alteration::insert(CatalogColumn column, const sql::Placement& placement) {
  auto at = table_.columns.end();
  if (placement.is_first) {
    at = table_.columns.begin();
  } else if (!placement.after.empty()) {
    const std::optional<std::uint32_t> index = table_.index_of(placement.after);
    if (!index) {
      doubt_ =
          fmt::format("there is no column {} known after which {} could stand", placement.after, column.name);
      return;
    }
    at = table_.columns.begin() + *index + 1;
  }
  table_.columns.insert(at, std::move(column));
}

/// The column of a key that was called `name`: of the new ones, in their order, the first that was changed
/// and was called so before, or was not and is called so, even if it is a new one (sql/sql_table.cc of the
/// servers, mysql_prepare_alter_table()).
std::optional<std::uint32_t> Alteration::find_again(std::string_view name) const {
  for (std::uint32_t i = 0; i < table_.columns.size(); ++i) {
    if (sql::is_same_name(name_before(table_.columns[i].name), name)) return i;
  }
  return std::nullopt;
}

/// What a column was called that is called so now, if the statement changes it.
std::string Alteration::name_before(const std::string& name) const {
  std::string before = name;
  for_each<sql::ChangeColumn>([&](const sql::ChangeColumn& change) {
    if (sql::is_same_name(change.column.name, name)) before = change.name;
  });
  for_each<sql::RenameColumn>([&](const sql::RenameColumn& rename) {
    if (sql::is_same_name(rename.to, name)) before = rename.from;
  });
  return before;
}

/// Of a new column that is found for one of before, the key holds as much as it held of that.
void Alteration::keep_length(CatalogKey& key, std::size_t part, const CatalogColumn& again) const {
  const std::optional<std::uint32_t> before = before_.index_of(key.columns[part]);
  const std::string& type = again.data_type;
  const bool is_text = type == "char" || type == "varchar" || type == "binary" || type == "varbinary";
  if (!before || !is_text) return;
  if (key.prefixes.empty()) key.prefixes.resize(key.columns.size());
  if (key.prefixes[part] != 0) return;
  // No prefix, if the new column is not longer: see settle_prefixes().
  key.prefixes[part] = key_length(before_.columns[*before]);
}

void Alteration::find_columns_of(CatalogKey& key) const {
  for (std::size_t i = key.columns.size(); i-- > 0;) {
    const std::string name = key.columns[i];
    const std::optional<std::uint32_t> found = find_again(name);
    if (!found) {
      key.columns.erase(key.columns.begin() + static_cast<std::ptrdiff_t>(i));
      if (!key.prefixes.empty()) key.prefixes.erase(key.prefixes.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    const CatalogColumn& column = table_.columns[*found];
    const bool is_new = is_dropped(name) || !sql::is_same_name(new_name(name), column.name);
    if (is_new) keep_length(key, i, column);
    key.columns[i] = column.name;
  }
}

bool Alteration::is_dropped_key(std::string_view name) const {
  bool is_dropped = false;
  for_each<sql::DropKey>([&](const sql::DropKey& drop) { is_dropped |= sql::is_same_name(drop.name, name); });
  return is_dropped;
}

/// Names are those of before: RENAME KEY a TO b, RENAME KEY b TO a is an exchange.
std::string Alteration::new_key_name(const std::string& name) const {
  std::string renamed = name;
  for_each<sql::RenameKey>([&](const sql::RenameKey& rename) {
    if (sql::is_same_name(rename.from, name)) renamed = rename.to;
  });
  return renamed;
}

/// A key loses its dropped columns, and goes with the last of them.
void Alteration::keep_keys() {
  std::vector<CatalogKey> kept;
  const bool is_renamed_only = std::all_of(
      actions_.begin(), actions_.end(),
      [](const sql::AlterAction& action) { return std::holds_alternative<sql::RenameTo>(action); });
  for (CatalogKey key : before_.keys) {
    if (is_dropped_key(key.name)) continue;
    key.name = new_key_name(key.name);
    // Measured on MariaDB 10.11: any other ALTER forgets USING HASH, and asks the keys' length anew.
    if (!is_renamed_only) key.hash = CatalogKey::Hash::No;
    find_columns_of(key);
    if (key.columns.empty() && !key.has_expression) continue;
    kept.push_back(std::move(key));
  }
  keys_ = Keys(std::move(kept));
}

void Alteration::change_keys() {
  for (const sql::AlterAction& action : actions_) {
    if (const auto* add = std::get_if<sql::AddColumn>(&action)) {
      add_keys_of(add->column);
    } else if (const auto* change = std::get_if<sql::ChangeColumn>(&action)) {
      add_keys_of(change->column);
    } else if (const auto* key = std::get_if<sql::AddKey>(&action)) {
      add_key(key->key);
    }
  }
}

void Alteration::add_keys_of(const sql::ColumnSpec& spec) {
  const bool if_not_exists = spec.if_not_exists;
  if (spec.is_primary) add_key({sql::KeySpec::Kind::Primary, {}, {spec.name}, false, if_not_exists});
  if (spec.is_unique) add_key({sql::KeySpec::Kind::Unique, {}, {spec.name}, false, if_not_exists});
}

void Alteration::add_key(const sql::KeySpec& key) {
  if (key.if_not_exists && is_there(key)) return;
  std::optional<sql::AddPeriod> period;
  for_each<sql::AddPeriod>([&](const sql::AddPeriod& added) { period = added; });
  if (key.is_of_period && !period)
    doubt_ = "which columns the table's period has is only known to the source";
  keys_.add(with_period(key, period.value_or(sql::AddPeriod{})));
  added_keys_.push_back(key);
}

/// For IF NOT EXISTS (MariaDB's handle_if_exists_options(), sql/sql_table.cc): a key of the table as it was,
/// whatever the statement drops, or one that it has added; looked for by the first column's name where it has
/// none.
bool Alteration::is_there(const sql::KeySpec& key) const {
  const auto name_of = [](const sql::KeySpec& spec) {
    return spec.name.empty() && !spec.columns.empty() ? spec.columns.front() : spec.name;
  };
  const bool is_primary = key.kind == sql::KeySpec::Kind::Primary;
  const std::string name = is_primary ? std::string(kPrimary) : name_of(key);
  return std::any_of(before_.keys.begin(), before_.keys.end(),
                     [&](const CatalogKey& known) { return sql::is_same_name(known.name, name); }) ||
         std::any_of(added_keys_.begin(), added_keys_.end(), [&](const sql::KeySpec& added) {
           return added.kind == key.kind && (is_primary || sql::is_same_name(name_of(added), name));
         });
}

}  // namespace

CatalogTable create_table(const sql::CreateTable& create, const TableContext& context) {
  CatalogTable table;
  TableContext inner = context;
  inner.table_collation =
      resolve_charset(create.options.charset, context.table_collation, context.dialect, context.session);
  table.collation = inner.table_collation;
  table.comment = create.options.comment.value_or(std::string());
  std::vector<std::string> implied_timestamps;
  for (const sql::ColumnSpec& spec : create.columns) {
    CatalogColumn column = make_column(spec, inner);
    if (!has_explicit_defaults(context) && imply_timestamp(column, spec))
      implied_timestamps.push_back(column.name);
    table.columns.push_back(std::move(column));
  }
  settle_first_timestamp(table.columns, implied_timestamps);
  if (create.period) make_not_null(table, *create.period);
  Keys keys({});
  for (const sql::KeySpec& key : create.keys)
    keys.add(with_period(key, create.period.value_or(sql::AddPeriod{})));
  table.keys = keys.take();
  const bool is_declared = std::any_of(create.columns.begin(), create.columns.end(),
                                       [](const sql::ColumnSpec& spec) { return spec.is_row_time; });
  if (create.is_versioned && !is_declared) set_versioning(table, true);
  table.is_versioned = create.is_versioned;
  settle(table, context.dialect, true);
  return table;
}

CatalogTable alter_table(const CatalogTable& before, std::span<const sql::AlterAction> actions,
                         const TableContext& context, std::string& doubt) {
  return Alteration(before, actions, context, doubt).run();
}

}  // namespace rowtide::schema
