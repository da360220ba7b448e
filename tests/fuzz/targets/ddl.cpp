// Statements: classified, parsed in each dialect, applied to a table.
#include <memory>
#include <string>

#include "tests/fuzz/fuzz_input.h"
#include "tracker/schema/apply_ddl.h"
#include "tracker/sql/ddl_parser.h"
#include "tracker/sql/names.h"
#include "tracker/sql/statement.h"

namespace rowtide::fuzz {
namespace {

/// One table in one database, whatever is asked for.
class OneTable final : public schema::Definitions {
 public:
  OneTable() {
    schema::CatalogTable table;
    for (const char* name : {"id", "a", "b"}) {
      schema::CatalogColumn column;
      column.name = name;
      column.column_type = "int";
      column.data_type = "int";
      table.columns.push_back(column);
    }
    table_ = std::make_shared<const schema::CatalogTable>(std::move(table));
  }
  Found find(const sql::TableName& /*name*/) const override { return {.is_known = true, .table = table_}; }
  std::vector<std::string> tables_of(const std::string& /*database*/) const override { return {"t"}; }
  std::uint16_t database_collation(const std::string& /*database*/) const override { return 45; }
  bool is_absent(const std::string& /*database*/) const override { return false; }

 private:
  schema::TablePtr table_;
};

}  // namespace
}  // namespace rowtide::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rowtide;
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  static_cast<void>(sql::classify_statement(sql, "shop"));
  static const fuzz::OneTable tables;
  static const schema::SourceDialect mysql{.version = 80015, .collations = schema::Collations(false, 80015)};
  static const schema::SourceDialect mariadb{
      .is_mariadb = true, .version = 101106, .collations = schema::Collations(true, 101106)};
  schema::DdlSession session;
  session.database = "shop";
  for (const schema::SourceDialect* dialect : {&mysql, &mariadb}) {
    const schema::DdlEffect effect = schema::apply_ddl(sql, session, *dialect, tables);
    for (const schema::TableChange& change : effect.tables) {
      if (change.after == nullptr) continue;
      for (const std::uint32_t column : change.after->key_columns)
        fuzz::require(column < change.after->columns.size());
    }
  }
  return 0;
}
