#include "tracker/cleanup/matching_topics.h"

#include <functional>
#include <optional>
#include <set>
#include <string_view>

#include "common/status/try.h"
#include "tracker/select/table_selector.h"
#include "tracker/sink/topic_name.h"

namespace rowtide::cleanup {
namespace {

constexpr std::string_view kDatabase = "{database}";
constexpr std::string_view kTable = "{table}";

/// What a topic's name would have been made of; nothing: the template does not say.
struct Names {
  std::optional<std::string_view> database;
  std::optional<std::string_view> table;
};

using Accept = std::function<bool(const Names&)>;

/// Does one way to read `topic` as made from `name_template` please `accept`?
bool reads_as(std::string_view name_template, std::string_view topic, const Names& names,
              const Accept& accept) {
  if (name_template.empty()) return topic.empty() && accept(names);
  for (const auto& [placeholder, field] : {std::pair{kDatabase, &Names::database}, {kTable, &Names::table}}) {
    if (!name_template.starts_with(placeholder)) continue;
    const std::string_view rest = name_template.substr(placeholder.size());
    const std::optional<std::string_view>& known = names.*field;
    if (known) {
      return topic.starts_with(*known) && reads_as(rest, topic.substr(known->size()), names, accept);
    }
    for (std::size_t length = 1; length <= topic.size(); ++length) {
      Names guessed = names;
      guessed.*field = topic.substr(0, length);
      if (reads_as(rest, topic.substr(length), guessed, accept)) return true;
    }
    return false;
  }
  return !topic.empty() && topic.front() == name_template.front() &&
         reads_as(name_template.substr(1), topic.substr(1), names, accept);
}

/// Without {database} in the template, only databases that the task names can be told.
std::set<std::string> named_databases(const task::Objects& objects) {
  std::set<std::string> names;
  for (const task::ObjectRule& rule : objects.include) {
    if (rule.database) names.insert(*rule.database);
  }
  return names;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> matching_topics(const task::Task& task,
                                                         const std::vector<std::string>& existing) {
  ASSIGN_OR_RETURN(const select::TableSelector selector, select::TableSelector::create(task.spec.objects));
  const std::set<std::string> databases = named_databases(task.spec.objects);
  const auto is_of = [&](const std::string& topic, std::string_view database, const Names& names) {
    const bool is_selected =
        names.table ? selector.wants(database, *names.table) : selector.wants_database(database);
    return is_selected && sink::topic_for(task, database, names.table.value_or("")) == topic;
  };
  std::vector<std::string> topics;
  for (const std::string& topic : existing) {
    const auto accept = [&](const Names& names) {
      if (names.database) return is_of(topic, *names.database, names);
      for (const std::string& database : databases) {
        if (is_of(topic, database, names)) return true;
      }
      return false;
    };
    if (reads_as(task.spec.sink.kafka->topic.name, topic, {}, accept)) topics.push_back(topic);
  }
  return topics;
}

bool can_be_made(std::string_view name_template, std::string_view topic) {
  const auto any = [](const Names&) { return true; };
  if (reads_as(name_template, topic, {}, any)) return true;
  // A name that was cut to Kafka's limit has lost its end.
  if (name_template.find('{') != std::string_view::npos && topic.size() >= sink::kMaxTopicLength) return true;
  const std::size_t mark = topic.rfind('-');
  constexpr std::size_t kFingerprintSize = 8;
  if (mark == std::string_view::npos || topic.size() - mark - 1 != kFingerprintSize) return false;
  const std::string_view fingerprint = topic.substr(mark + 1);
  return fingerprint.find_first_not_of("0123456789abcdef") == std::string_view::npos &&
         reads_as(name_template, topic.substr(0, mark), {}, any);
}

}  // namespace rowtide::cleanup
