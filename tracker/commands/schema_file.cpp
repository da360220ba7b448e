#include "tracker/commands/schema_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "common/status/text.h"
#include "tracker/sql/script.h"
#include "tracker/sql/statement.h"

namespace rowtide::commands {
namespace {

std::string shortened(std::string_view sql) {
  constexpr std::size_t kShown = 80;
  const std::string_view line = sql.substr(0, std::min(sql.find('\n'), kShown));
  return line.size() < sql.size() ? fmt::format("{} ...", line) : std::string(line);
}

absl::StatusOr<std::size_t> apply(const sql::ScriptStatement& statement, const std::string& database,
                                  schema::SchemaHistory& history) {
  const sql::Statement head = sql::classify_statement(statement.sql, database);
  if (head.kind != sql::StatementKind::Ddl || head.is_temporary) return 0;
  for (const sql::StatementTable& table : head.tables) {
    if (table.database.empty()) {
      return absl::InvalidArgumentError(
          "no database is named: write the file with mysqldump --no-data --databases NAME..., or put USE "
          "NAME; in front");
    }
  }
  const schema::DdlEffect effect = history.apply(statement.sql, {.database = database, .variables = {}});
  const bool is_unknown = std::ranges::any_of(effect.tables, [](const schema::TableChange& change) {
    return change.kind == schema::TableChange::Kind::Unknown;
  });
  if (!is_unknown) return effect.tables.size();
  return absl::InvalidArgumentError(fmt::format(
      "{}; give it as SHOW CREATE TABLE or mysqldump --no-data write it, or leave it out", effect.doubt));
}

}  // namespace

absl::Status load_schema_file(const std::string& path, schema::SchemaHistory& history) {
  std::ifstream stream(path, std::ios::binary);
  const std::string script((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (!stream) {
    return absl::NotFoundError(fmt::format(
        "--schema {}: the file cannot be read; give the output of mysqldump --no-data --databases", path));
  }
  std::string database;
  std::size_t tables = 0;
  for (const sql::ScriptStatement& statement : sql::split_script(script)) {
    if (std::optional<std::string> used = sql::parse_use(statement.sql)) {
      database = *std::move(used);
      continue;
    }
    const absl::StatusOr<std::size_t> applied = apply(statement, database, history);
    if (!applied.ok()) {
      return {applied.status().code(), fmt::format("--schema {}, line {}: {}: {}", path, statement.line,
                                                   shortened(statement.sql), text(applied.status()))};
    }
    tables += *applied;
  }
  if (tables > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "--schema {}: it holds no table; give the output of mysqldump --no-data --databases", path));
}

}  // namespace rowtide::commands
