#include "tracker/sink/topic_name.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

namespace rowtide::sink {
namespace {

constexpr std::string_view kDatabase = "{database}";
constexpr std::string_view kTable = "{table}";

std::string_view name_template(const task::Task& task) {
  return task.spec.sink.kafka ? std::string_view(task.spec.sink.kafka->topic.name) : std::string_view();
}

bool is_legal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

bool is_legal(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_legal(c); });
}

std::string legal(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_legal(c); }, '_');
  if (name.size() > kMaxTopicLength) name.resize(kMaxTopicLength);
  if (name == "." || name == "..") name.assign(name.size(), '_');
  return name;
}

/// A name template with the names of a table filled in.
struct Expansion {
  std::string name;
  std::string filled_in;      ///< the names that it used, each with its length
  bool is_ambiguous = false;  ///< other names than these can give the same
};

class Expander {
 public:
  Expander(std::string_view database, std::string_view table) : database_(database), table_(table) {}

  Expansion expand(std::string_view rest) {
    while (!rest.empty()) {
      if (rest.starts_with(kDatabase)) {
        fill_in(database_);
        rest.remove_prefix(kDatabase.size());
      } else if (rest.starts_with(kTable)) {
        fill_in(table_);
        rest.remove_prefix(kTable.size());
      } else {
        made_.name += rest.front();
        separator_ += rest.front();
        rest.remove_prefix(1);
      }
    }
    if (made_.name.size() > kMaxTopicLength || made_.name == "." || made_.name == "..")
      made_.is_ambiguous = true;
    return std::move(made_);
  }

 private:
  void fill_in(std::string_view name) {
    if (!is_legal(name)) made_.is_ambiguous = true;
    // Where one name ends and the next begins must be plain to see.
    if (!made_.filled_in.empty() && (holds_separator(database_) || holds_separator(table_)))
      made_.is_ambiguous = true;
    made_.name += name;
    made_.filled_in += std::to_string(name.size()) + ':';
    made_.filled_in += name;
    separator_.clear();
  }
  [[nodiscard]] bool holds_separator(std::string_view name) const {
    return name.find(separator_) != std::string_view::npos;
  }

  std::string_view database_;
  std::string_view table_;
  std::string separator_;  ///< since the last name
  Expansion made_;
};

/// Of the same names always the same, over restarts and versions.
std::string fingerprint(std::string_view text) {
  return fmt::format("-{:08x}",
                     ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

}  // namespace

std::string topic_for(const task::Task& task, std::string_view database, std::string_view table) {
  const std::string_view name = name_template(task);
  if (name.empty()) return legal(task.qualified_name());
  Expansion made = Expander(database, table).expand(name);
  // What stands beside the tables: schema changes, and Debezium's transactions.
  const std::string own = task.qualified_name();
  if (made.name == own || made.name == own + ".transaction") made.is_ambiguous = true;
  if (!made.is_ambiguous || made.filled_in.empty()) return legal(std::move(made.name));
  const std::string suffix = fingerprint(made.filled_in);
  if (made.name.size() > kMaxTopicLength - suffix.size()) made.name.resize(kMaxTopicLength - suffix.size());
  return legal(std::move(made.name)) + suffix;
}

bool has_topic_per_table(const task::Task& task) {
  const std::string_view name = name_template(task);
  return name.find(kDatabase) != std::string_view::npos || name.find(kTable) != std::string_view::npos;
}

std::string schema_topic_for(const task::Task& task) {
  if (has_topic_per_table(task)) return legal(task.qualified_name());
  return topic_for(task, "", "");
}

}  // namespace rowtide::sink
