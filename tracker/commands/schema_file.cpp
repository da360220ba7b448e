#include "tracker/commands/schema_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>

#include "tracker/sql/statement.h"

namespace rowtide::commands {
namespace {

bool is_blank(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

bool begins_with_word(std::string_view text, std::string_view word) {
  return text.size() > word.size() && is_blank(text[word.size()]) &&
         std::equal(word.begin(), word.end(), text.begin(),
                    [](char a, char b) { return a == std::toupper(static_cast<unsigned char>(b)); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

class Splitter {
 public:
  explicit Splitter(std::string_view script) : script_(script) {}

  std::vector<SqlText> split() {
    while (at_ < script_.size()) {
      if (is_between() && skip_between()) continue;
      if (rest().starts_with(delimiter_)) {
        end_statement();
        at_ += delimiter_.size();
        begin_ = at_;
      } else {
        skip_token();
      }
    }
    end_statement();
    return std::move(statements_);
  }

 private:
  std::string_view rest() const { return script_.substr(at_); }
  bool is_between() const { return begin_ == at_; }
  std::size_t behind(std::string_view end) const {
    const std::size_t found = script_.find(end, at_);
    return found == std::string_view::npos ? script_.size() : found + end.size();
  }
  bool is_line_comment() const {
    return rest().starts_with('#') ||
           (rest().starts_with("--") && (rest().size() == 2 || is_blank(rest()[2])));
  }

  /// Blanks, comments and DELIMITER, where a statement could begin.
  bool skip_between() {
    if (begins_with_word(rest(), "DELIMITER")) {
      const std::string_view line = rest().substr(0, rest().find('\n'));
      delimiter_ = trimmed(line.substr(std::string_view("DELIMITER").size()));
      at_ += line.size();
    } else if (is_blank(script_[at_])) {
      ++at_;
    } else if (is_line_comment()) {
      at_ = behind("\n");
    } else if (rest().starts_with("/*") && !rest().starts_with("/*!") && !rest().starts_with("/*M!")) {
      at_ = behind("*/");
    } else {
      return false;
    }
    begin_ = at_;
    return true;
  }

  void skip_token() {
    const char c = script_[at_];
    if (c == '\'' || c == '"' || c == '`') {
      skip_quoted(c);
    } else if (is_line_comment()) {
      at_ = behind("\n");
    } else if (rest().starts_with("/*") && !rest().starts_with("/*!") && !rest().starts_with("/*M!")) {
      at_ = behind("*/");
    } else {
      ++at_;
    }
  }

  /// A doubled quote is two quoted texts side by side.
  void skip_quoted(char quote) {
    for (++at_; at_ < script_.size() && script_[at_] != quote; ++at_) {
      if (script_[at_] == '\\' && quote != '`') ++at_;
    }
    at_ = std::min(at_ + 1, script_.size());
  }

  void end_statement() {
    const std::string_view sql = trimmed(script_.substr(begin_, at_ - begin_));
    if (sql.empty()) return;
    const auto first = static_cast<std::ptrdiff_t>(sql.data() - script_.data());
    const auto lines = std::count(script_.begin(), script_.begin() + first, '\n');
    statements_.push_back({sql, static_cast<std::size_t>(lines) + 1});
  }

  std::string_view script_;
  std::string_view delimiter_ = ";";
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::vector<SqlText> statements_;
};

/// "USE `shop`" -> "shop".
std::string used_database(std::string_view sql) {
  const std::string_view name = trimmed(sql.substr(std::string_view("USE").size()));
  if (name.size() < 2 || name.front() != '`') return std::string(name);
  std::string unquoted;
  for (std::size_t i = 1; i + 1 < name.size(); ++i) {
    unquoted += name[i];
    if (name[i] == '`') ++i;
  }
  return unquoted;
}

std::string shortened(std::string_view sql) {
  constexpr std::size_t kShown = 80;
  const std::string_view line = sql.substr(0, std::min(sql.find('\n'), kShown));
  return line.size() < sql.size() ? fmt::format("{} ...", line) : std::string(line);
}

absl::Status apply(const SqlText& statement, const std::string& database, schema::SchemaHistory& history) {
  const sql::Statement head = sql::classify_statement(statement.sql, database);
  if (head.kind != sql::StatementKind::Ddl || head.is_temporary) return absl::OkStatus();
  for (const sql::StatementTable& table : head.tables) {
    if (table.database.empty()) {
      return absl::InvalidArgumentError(
          "no database is named: write the file with mysqldump --no-data --databases NAME..., or put USE "
          "NAME; "
          "in front");
    }
  }
  const schema::DdlEffect effect = history.apply(statement.sql, {.database = database, .variables = {}});
  const bool is_unknown = std::ranges::any_of(effect.tables, [](const schema::TableChange& change) {
    return change.kind == schema::TableChange::Kind::Unknown;
  });
  if (!is_unknown) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "{}; give it as SHOW CREATE TABLE or mysqldump --no-data write it, or leave it out", effect.doubt));
}

}  // namespace

std::vector<SqlText> split_script(std::string_view script) {
  return Splitter(script).split();
}

absl::Status load_schema_file(const std::string& path, schema::SchemaHistory& history) {
  std::ifstream stream(path, std::ios::binary);
  const std::string script((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (!stream) {
    return absl::NotFoundError(fmt::format(
        "--schema {}: the file cannot be read; give the output of mysqldump --no-data --databases", path));
  }
  std::string database;
  for (const SqlText& statement : split_script(script)) {
    if (begins_with_word(statement.sql, "USE")) {
      database = used_database(statement.sql);
    } else if (absl::Status status = apply(statement, database, history); !status.ok()) {
      return {status.code(), fmt::format("--schema {}, line {}: {}: {}", path, statement.line,
                                         shortened(statement.sql), std::string(status.message()))};
    }
  }
  return absl::OkStatus();
}

}  // namespace rowtide::commands
