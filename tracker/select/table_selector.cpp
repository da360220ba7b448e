#include "tracker/select/table_selector.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/names/name_case.h"
#include "common/status/try.h"

namespace rowtide::select {
namespace {

constexpr std::array<std::string_view, 4> kSystemSchemas{"mysql", "sys", "information_schema",
                                                         "performance_schema"};

/// How names are compared: each is brought into the form that the source keeps.
class NameForm {
 public:
  explicit NameForm(bool lower_case) : lower_case_(lower_case) {}
  [[nodiscard]] std::string operator()(std::string_view name) const {
    return lower_case_ ? names::to_lower(name) : std::string(name);
  }
  [[nodiscard]] re2::RE2::Options of_patterns() const {
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_case_sensitive(!lower_case_);
    return options;
  }

 private:
  bool lower_case_;
};

/// A name that is given, or a pattern that must match all of it.
class NameMatcher {
 public:
  explicit NameMatcher(std::string name) : name_(std::move(name)) {}
  static absl::StatusOr<NameMatcher> pattern(const std::string& text, const NameForm& form) {
    auto regex = std::make_unique<re2::RE2>(text, form.of_patterns());
    if (!regex->ok()) {
      return absl::InvalidArgumentError(fmt::format(
          "spec.objects: '{}' is not a regular expression in RE2 syntax: {}", text, regex->error()));
    }
    NameMatcher matcher{std::string()};
    matcher.regex_ = std::move(regex);
    return matcher;
  }

  [[nodiscard]] bool matches(std::string_view name) const {
    return regex_ == nullptr ? name == name_
                             : re2::RE2::FullMatch(re2::StringPiece(name.data(), name.size()), *regex_);
  }
  [[nodiscard]] bool is_pattern() const { return regex_ != nullptr; }

 private:
  std::string name_;
  std::unique_ptr<re2::RE2> regex_;
};

struct Rule {
  NameMatcher database;
  std::set<std::string, std::less<>> tables;  // with neither tables nor pattern: the whole database
  std::optional<NameMatcher> table_pattern;

  [[nodiscard]] bool whole_database() const { return tables.empty() && !table_pattern; }
  [[nodiscard]] bool matches(std::string_view database_name, std::string_view table) const {
    if (!database.matches(database_name)) return false;
    return whole_database() || tables.contains(table) || (table_pattern && table_pattern->matches(table));
  }
};

absl::StatusOr<std::vector<Rule>> compile(const std::vector<task::ObjectRule>& rules, const NameForm& form) {
  std::vector<Rule> compiled;
  for (const task::ObjectRule& rule : rules) {
    ASSIGN_OR_RETURN(NameMatcher database,
                     rule.database ? NameMatcher(form(*rule.database))
                                   : NameMatcher::pattern(rule.database_pattern.value_or(".*"), form));
    Rule result{std::move(database), {}, std::nullopt};
    for (const std::string& table : rule.tables) result.tables.insert(form(table));
    if (rule.table_pattern) {
      ASSIGN_OR_RETURN(NameMatcher table, NameMatcher::pattern(*rule.table_pattern, form));
      result.table_pattern = std::move(table);
    }
    compiled.push_back(std::move(result));
  }
  return compiled;
}

/// By database and table.
using ColumnRules = std::map<std::pair<std::string, std::string>, task::ColumnRule>;

/// Entries of one table add up.
ColumnRules compile_columns(const std::vector<task::ColumnRule>& rules, const NameForm& form) {
  ColumnRules by_table;
  const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  for (const task::ColumnRule& rule : rules) {
    task::ColumnRule& compiled = by_table[{form(rule.database), form(rule.table)}];
    add(compiled.exclude, rule.exclude);
    add(compiled.mask, rule.mask);
    add(compiled.hash, rule.hash);
  }
  return by_table;
}

}  // namespace

bool is_system_schema(std::string_view database) {
  return std::find(kSystemSchemas.begin(), kSystemSchemas.end(), database) != kSystemSchemas.end();
}

struct TableSelector::Rules {
  std::vector<Rule> include;
  std::vector<Rule> exclude;
  ColumnRules columns;
  osc::HelperNames helpers;
  NameForm form;

  /// Tables of a tool are no one's choice but by name.
  [[nodiscard]] bool selects(std::string_view database, std::string_view table, bool with_helpers) const {
    const bool needs_name = !with_helpers && helpers.is_helper(table);
    const auto matches = [&](const Rule& rule) { return rule.matches(database, table); };
    return std::ranges::any_of(include,
                               [&](const Rule& rule) {
                                 return matches(rule) && may_apply(rule, database) &&
                                        (!needs_name || rule.tables.contains(table));
                               }) &&
           std::ranges::none_of(exclude, matches);
  }
  /// A pattern such as ".*" does not mean the server's own schemas; an include that names one does.
  [[nodiscard]] static bool may_apply(const Rule& rule, std::string_view database) {
    return !(rule.database.is_pattern() && is_system_schema(database));
  }
};

absl::StatusOr<TableSelector> TableSelector::create(const task::Objects& objects,
                                                    const osc::HelperNames& helpers, bool lower_case_names) {
  const NameForm form(lower_case_names);
  ASSIGN_OR_RETURN(std::vector<Rule> include, compile(objects.include, form));
  ASSIGN_OR_RETURN(std::vector<Rule> exclude, compile(objects.exclude, form));
  return TableSelector(std::make_unique<Rules>(
      Rules{std::move(include), std::move(exclude), compile_columns(objects.columns, form), helpers, form}));
}

TableSelector::TableSelector(std::unique_ptr<Rules> rules) : rules_(std::move(rules)) {}
TableSelector::TableSelector(TableSelector&&) noexcept = default;
TableSelector& TableSelector::operator=(TableSelector&&) noexcept = default;
TableSelector::~TableSelector() = default;

bool TableSelector::wants(std::string_view database, std::string_view table) const {
  return rules_->selects(rules_->form(database), rules_->form(table), false);
}

bool TableSelector::leaves_out_helper(std::string_view database, std::string_view table) const {
  return rules_->selects(rules_->form(database), rules_->form(table), true) && !wants(database, table);
}

bool TableSelector::wants_database(std::string_view name) const {
  const std::string database = rules_->form(name);
  const bool included = std::any_of(rules_->include.begin(), rules_->include.end(), [&](const Rule& rule) {
    return rule.database.matches(database) && Rules::may_apply(rule, database);
  });
  const bool excluded = std::any_of(rules_->exclude.begin(), rules_->exclude.end(), [&](const Rule& rule) {
    return rule.whole_database() && rule.database.matches(database);
  });
  return included && !excluded;
}

const task::ColumnRule* TableSelector::column_rule(std::string_view database, std::string_view table) const {
  const auto found = rules_->columns.find({rules_->form(database), rules_->form(table)});
  return found == rules_->columns.end() ? nullptr : &found->second;
}

}  // namespace rowtide::select
