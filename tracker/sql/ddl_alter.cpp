#include "tracker/sql/ddl_alter.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rowtide::sql {
namespace {

constexpr std::string_view kOptions[] = {"ENGINE",
                                         "TYPE",
                                         "AUTO_INCREMENT",
                                         "AUTOEXTEND_SIZE",
                                         "AVG_ROW_LENGTH",
                                         "CHECKSUM",
                                         "TABLE_CHECKSUM",
                                         "COMPRESSION",
                                         "CONNECTION",
                                         "DELAY_KEY_WRITE",
                                         "ENCRYPTION",
                                         "ENGINE_ATTRIBUTE",
                                         "SECONDARY_ENGINE_ATTRIBUTE",
                                         "SECONDARY_ENGINE",
                                         "INSERT_METHOD",
                                         "KEY_BLOCK_SIZE",
                                         "MAX_ROWS",
                                         "MIN_ROWS",
                                         "PACK_KEYS",
                                         "PAGE_CHECKSUM",
                                         "PASSWORD",
                                         "ROW_FORMAT",
                                         "STATS_AUTO_RECALC",
                                         "STATS_PERSISTENT",
                                         "STATS_SAMPLE_PAGES",
                                         "STORAGE",
                                         "TABLESPACE",
                                         "TRANSACTIONAL"};

/// Reads the actions of one ALTER TABLE.
class AlterReader {
 public:
  AlterReader(DdlReader& reader, std::vector<AlterAction>& actions) : reader_(reader), actions_(actions) {}

  void read();

 private:
  void action();
  bool partition_action();
  void add();
  void add_columns();
  void drop();
  void change();
  void modify();
  void alter();
  void rename();
  bool skip_option();

  DdlReader& reader_;
  std::vector<AlterAction>& actions_;
};

void AlterReader::read() {
  // Options may follow each other without a comma.
  while (!reader_.at_end()) {
    action();
    if (!reader_.take_symbol(',')) reader_.take_symbol(';');
  }
}

void AlterReader::action() {
  if (partition_action() || reader_.is_any({"SECONDARY_LOAD", "SECONDARY_UNLOAD"})) {
    skip_to_end(reader_);
  } else if (reader_.take("ADD")) {
    add();
  } else if (reader_.take("DROP")) {
    drop();
  } else if (reader_.take("CHANGE")) {
    change();
  } else if (reader_.take("MODIFY")) {
    modify();
  } else if (reader_.take("ALTER")) {
    alter();
  } else if (reader_.take("RENAME")) {
    rename();
  } else if (reader_.take({"CONVERT", "TO"})) {
    ConvertCharset convert;
    while (read_charset(reader_, convert.charset)) {
    }
    actions_.emplace_back(std::move(convert));
  } else if (!skip_option()) {
    SetTableOptions options;
    bool is_versioned = false;
    if (!read_table_option(reader_, options, is_versioned)) reader_.fail("an action of ALTER TABLE");
    actions_.emplace_back(std::move(options));
  }
}

/// Moves rows between files; what remains of the statement belongs to it.
bool AlterReader::partition_action() {
  if (reader_.are({"ADD", "PARTITION"}) || reader_.are({"DROP", "PARTITION"}) ||
      reader_.are({"PARTITION", "BY"}) || reader_.are({"REMOVE", "PARTITIONING"})) {
    return true;
  }
  for (const std::string_view verb : {"TRUNCATE", "COALESCE", "REORGANIZE", "EXCHANGE", "ANALYZE", "CHECK",
                                      "OPTIMIZE", "REBUILD", "REPAIR", "DISCARD", "IMPORT"}) {
    if (reader_.are({verb, "PARTITION"})) return true;
  }
  return false;
}

void AlterReader::add() {
  if (reader_.take({"SYSTEM", "VERSIONING"})) {
    actions_.emplace_back(SetVersioning{true});
  } else if (reader_.take({"PERIOD", "FOR"}) || reader_.take({"PERIOD", "IF", "NOT", "EXISTS", "FOR"})) {
    if (std::optional<AddPeriod> period = read_period(reader_)) actions_.emplace_back(*std::move(period));
  } else if (is_key(reader_)) {
    if (std::optional<KeySpec> key = read_key(reader_)) actions_.emplace_back(AddKey{*std::move(key)});
  } else {
    add_columns();
  }
}

void AlterReader::add_columns() {
  reader_.take("COLUMN");
  const bool if_not_exists = reader_.if_not_exists();
  const auto add_one = [&](bool has_placement) {
    ColumnSpec column = read_column(reader_, has_placement);
    column.if_not_exists = if_not_exists;
    actions_.emplace_back(AddColumn{std::move(column)});
  };
  if (!reader_.take_symbol('(')) return add_one(true);
  do {
    if (is_key(reader_)) {
      if (std::optional<KeySpec> key = read_key(reader_)) actions_.emplace_back(AddKey{*std::move(key)});
    } else {
      add_one(false);
    }
  } while (reader_.take_symbol(','));
  reader_.expect_symbol(')');
}

void AlterReader::drop() {
  if (reader_.take({"PRIMARY", "KEY"}) || reader_.take({"CONSTRAINT", "PRIMARY", "KEY"})) {
    actions_.emplace_back(DropKey{"PRIMARY"});
  } else if (reader_.take({"SYSTEM", "VERSIONING"})) {
    actions_.emplace_back(SetVersioning{false});
  } else if (reader_.take({"PERIOD", "FOR"}) || reader_.take({"PERIOD", "IF", "EXISTS", "FOR"})) {
    reader_.name();
  } else if (reader_.take({"FOREIGN", "KEY"}) || reader_.take("CHECK")) {
    reader_.if_exists();
    reader_.name();
  } else if (reader_.take_any({"INDEX", "KEY", "CONSTRAINT"})) {
    reader_.if_exists();
    actions_.emplace_back(DropKey{reader_.name()});
  } else {
    reader_.take("COLUMN");
    const bool if_exists = reader_.if_exists();
    actions_.emplace_back(DropColumn{reader_.column_name(), if_exists});
    reader_.take_any({"RESTRICT", "CASCADE"});
  }
}

void AlterReader::change() {
  reader_.take("COLUMN");
  const bool if_exists = reader_.if_exists();
  std::string name = reader_.column_name();
  actions_.emplace_back(ChangeColumn{std::move(name), read_column(reader_, true), if_exists});
}

void AlterReader::modify() {
  reader_.take("COLUMN");
  const bool if_exists = reader_.if_exists();
  ColumnSpec column = read_column(reader_, true);
  std::string name = column.name;
  actions_.emplace_back(ChangeColumn{std::move(name), std::move(column), if_exists});
}

/// ALTER COLUMN c ..., and of keys and checks what changes no column.
void AlterReader::alter() {
  if (reader_.take_any({"INDEX", "KEY"})) {
    reader_.if_exists();
    reader_.name();
    if (!reader_.take({"NOT", "IGNORED"}) && !reader_.take_any({"VISIBLE", "INVISIBLE", "IGNORED"}))
      reader_.fail("VISIBLE or INVISIBLE");
    return;
  }
  if (reader_.take_any({"CHECK", "CONSTRAINT"})) {
    reader_.name();
    reader_.take("NOT");
    return reader_.expect("ENFORCED");
  }
  reader_.take("COLUMN");
  reader_.if_exists();
  AlterColumn alter;
  alter.name = reader_.column_name();
  if (reader_.take({"DROP", "DEFAULT"})) {
    alter.drops_default = true;
  } else if (reader_.take({"SET", "DEFAULT"})) {
    alter.default_value = read_default(reader_);
  } else if (reader_.take({"SET", "INVISIBLE"})) {
    alter.is_invisible = true;
  } else if (reader_.take({"SET", "VISIBLE"})) {
    alter.is_invisible = false;
  } else {
    reader_.fail("SET DEFAULT or DROP DEFAULT");
  }
  actions_.emplace_back(std::move(alter));
}

void AlterReader::rename() {
  if (reader_.take_any({"INDEX", "KEY"})) {
    reader_.if_exists();
    std::string from = reader_.name();
    reader_.expect("TO");
    actions_.emplace_back(RenameKey{std::move(from), reader_.name()});
  } else if (reader_.take("COLUMN")) {
    const bool if_exists = reader_.if_exists();
    std::string from = reader_.name();
    reader_.expect("TO");
    actions_.emplace_back(RenameColumn{std::move(from), reader_.name(), if_exists});
  } else {
    if (!reader_.take_any({"TO", "AS"})) reader_.take_symbol('=');
    actions_.emplace_back(RenameTo{reader_.table_name()});
  }
}

bool AlterReader::skip_option() {
  if (reader_.take_any({"ALGORITHM", "LOCK"})) {
    reader_.take_symbol('=');
    reader_.next();
    return true;
  }
  if (reader_.take({"ORDER", "BY"})) {
    do {
      reader_.column_name();
      reader_.take_any({"ASC", "DESC"});
    } while (reader_.take_symbol(','));
    return true;
  }
  return reader_.take("FORCE") || reader_.take({"ENABLE", "KEYS"}) || reader_.take({"DISABLE", "KEYS"}) ||
         reader_.take({"DISCARD", "TABLESPACE"}) || reader_.take({"IMPORT", "TABLESPACE"}) ||
         reader_.take({"WITH", "VALIDATION"}) || reader_.take({"WITHOUT", "VALIDATION"});
}

}  // namespace

void read_alter_actions(DdlReader& reader, std::vector<AlterAction>& actions) {
  AlterReader(reader, actions).read();
}

bool read_table_option(DdlReader& reader, SetTableOptions& options, bool& is_versioned) {
  if (read_charset(reader, options.charset)) return true;
  if (reader.take("COMMENT")) {
    reader.take_symbol('=');
    options.comment = reader.text();
    return true;
  }
  if (reader.take({"WITH", "SYSTEM", "VERSIONING"})) {
    is_versioned = true;
    return true;
  }
  if (reader.take({"START", "TRANSACTION"})) return true;
  if (reader.take("UNION")) {
    reader.take_symbol('=');
    reader.skip_brackets();
    return true;
  }
  if (!reader.take({"DATA", "DIRECTORY"}) && !reader.take({"INDEX", "DIRECTORY"})) {
    const bool is_option = std::any_of(std::begin(kOptions), std::end(kOptions),
                                       [&reader](std::string_view option) { return reader.is(option); }) ||
                           reader.is_assignment();  // of MariaDB's engines
    if (!is_option) return false;
    reader.next();
  }
  reader.take_symbol('=');
  if (!reader.peek().is_name()) reader.fail("the value of an option");
  reader.next();
  return true;
}

std::optional<AddPeriod> read_period(DdlReader& reader) {
  const std::string period = reader.name();
  AddPeriod columns;
  reader.expect_symbol('(');
  columns.start = reader.name();
  reader.expect_symbol(',');
  columns.end = reader.name();
  reader.expect_symbol(')');
  if (is_same_name(period, "SYSTEM_TIME")) return std::nullopt;
  return columns;
}

void skip_to_end(DdlReader& reader) {
  while (!reader.at_end()) reader.next();
}

}  // namespace rowtide::sql
