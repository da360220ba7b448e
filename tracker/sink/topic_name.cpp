#include "tracker/sink/topic_name.h"

#include <algorithm>

namespace rowtide::sink {
namespace {

constexpr std::size_t kMaxLength = 249;  // org.apache.kafka.common.internals.Topic
constexpr std::string_view kDatabase = "{database}";
constexpr std::string_view kTable = "{table}";

std::string_view name_template(const task::Task& task) {
  return task.spec.sink.kafka ? std::string_view(task.spec.sink.kafka->topic.name) : std::string_view();
}

bool is_legal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

std::string legal(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_legal(c); }, '_');
  if (name.size() > kMaxLength) name.resize(kMaxLength);
  if (name == "." || name == "..") name.assign(name.size(), '_');
  return name;
}

}  // namespace

std::string topic_for(const task::Task& task, std::string_view database, std::string_view table) {
  std::string_view rest = name_template(task);
  if (rest.empty()) return legal(task.qualified_name());
  std::string name;
  while (!rest.empty()) {
    if (rest.starts_with(kDatabase)) {
      name += database;
      rest.remove_prefix(kDatabase.size());
    } else if (rest.starts_with(kTable)) {
      name += table;
      rest.remove_prefix(kTable.size());
    } else {
      name += rest.front();
      rest.remove_prefix(1);
    }
  }
  return legal(std::move(name));
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
