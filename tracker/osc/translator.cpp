#include "tracker/osc/translator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tracker/sql/lexer.h"
#include "tracker/sql/names.h"
#include "tracker/sql/quote.h"
#include "tracker/sql/session.h"

namespace rowtide::osc {
namespace {

using schema::DdlEffect;
using schema::TableChange;
using sql::TableName;

/// The statement with another table's name: ALTER TABLE `db`.`_t_gho` ADD c INT of `db`.`t`. As it is where
/// no table's name stands.
std::string with_name(std::string_view sql, const TableName& name) {
  sql::Lexer lexer(sql);
  if (!lexer.take("ALTER")) return std::string(sql);
  while (!lexer.take("TABLE")) {
    if (lexer.next().kind == sql::TokenKind::End) return std::string(sql);
  }
  lexer.next();
  if (lexer.take_symbol('.')) lexer.next();
  return fmt::format("ALTER TABLE {}.{}{}", sql::quote_identifier(name.database),
                     sql::quote_identifier(name.table), lexer.rest());
}

/// pt-online-schema-change keeps the new table up by triggers on the real one.
bool is_tools_trigger(std::string_view sql) {
  sql::Lexer lexer(sql);
  if (!lexer.take("CREATE") && !lexer.take("DROP")) return false;
  for (sql::Token token = lexer.next(); token.kind != sql::TokenKind::End; token = lexer.next()) {
    if (!token.is("TRIGGER")) continue;
    if (lexer.take("IF")) lexer.take("NOT"), lexer.take("EXISTS");
    std::string name = lexer.next().unquoted();
    if (lexer.take_symbol('.')) name = lexer.next().unquoted();
    return name.starts_with("pt_osc_");
  }
  return false;
}

}  // namespace

bool Translator::is_ghost_of(const TableName& ghost, const TableName& real) const {
  return ghost.database == real.database && names_.real_of_ghost(ghost.table) == real.table;
}

bool Translator::is_helper_of(const TableName& helper, const TableName& real) const {
  return helper.database == real.database && names_.real_of_helper(helper.table) == real.table;
}

/// The new table takes the real one's name, or the real one goes out of its way, or comes back.
bool Translator::is_cut_over(const DdlEffect& effect) const {
  return std::any_of(effect.tables.begin(), effect.tables.end(), [this](const TableChange& change) {
    return change.name != change.old_name &&
           (is_helper_of(change.name, change.old_name) || is_helper_of(change.old_name, change.name));
  });
}

Translator::Rewrite Translator::cut_over(std::string_view sql, const DdlEffect& effect) {
  Rewrite rewrite{.is_rewritten = true, .sql = {}, .changes = {}};
  for (const TableChange& change : effect.tables) {
    if (is_helper_of(change.name, change.old_name)) {
      moved_away_[change.old_name] = change.before;
      continue;
    }
    const auto moved = moved_away_.find(change.name);
    const schema::TablePtr before = moved == moved_away_.end() ? change.before : moved->second;
    if (moved != moved_away_.end()) moved_away_.erase(moved);
    if (!is_ghost_of(change.old_name, change.name)) continue;  // the real one came back
    rewrite.changes.push_back({change.kind, change.name, change.name, before, change.after});
    // Without the changes (they came before the task's first start) the statement is what there is to
    // deliver.
    if (change.alters.empty()) rewrite.sql += fmt::format("{}{}", rewrite.sql.empty() ? "" : "; ", sql);
    for (const std::string& alter : change.alters) {
      rewrite.sql += fmt::format("{}{}", rewrite.sql.empty() ? "" : "; ", with_name(alter, change.name));
    }
  }
  return rewrite;
}

Translator::Rewrite Translator::translate(std::string_view sql, const DdlEffect& effect) {
  if (is_cut_over(effect)) return cut_over(sql, effect);
  const bool is_of_helpers =
      !effect.tables.empty() &&
      std::all_of(effect.tables.begin(), effect.tables.end(),
                  [this](const TableChange& change) { return names_.is_helper(change.name.table); });
  return {
      .is_rewritten = is_of_helpers || (names_.is_on() && is_tools_trigger(sql)), .sql = {}, .changes = {}};
}

}  // namespace rowtide::osc
