#include "tracker/cleanup/topics_of_others.h"

#include <algorithm>
#include <set>

#include "tracker/cleanup/matching_topics.h"

namespace rowtide::cleanup {
namespace {

/// As task::Task::qualified_name() makes it: the default topic, and where schema changes and transactions
/// stand.
std::set<std::string> own_names(const checkpoint::Owner& task) {
  if (task.name.empty()) return {};
  std::string own = task.name;
  std::replace(own.begin(), own.end(), '/', '.');
  return {own, own + ".transaction"};
}

bool may_write_to(const checkpoint::Owner& task, const std::string& topic, const checkpoint::Owner& ours) {
  if (task.topic == topic || own_names(task).contains(topic)) return true;
  // What is called after our task is hardly a table's, though it reads like "{database}.{table}".
  if (own_names(ours).contains(topic)) return false;
  return task.topic == ours.topic || can_be_made(task.topic, topic);
}

}  // namespace

std::map<std::string, std::string> topics_of_others(const std::vector<std::string>& topics,
                                                    const checkpoint::Owner& ours,
                                                    const std::vector<checkpoint::Owner>& others) {
  std::map<std::string, std::string> theirs;
  for (const std::string& topic : topics) {
    const auto other = std::find_if(others.begin(), others.end(),
                                    [&](const auto& task) { return may_write_to(task, topic, ours); });
    if (other != others.end()) theirs[topic] = other->name.empty() ? other->identity : other->name;
  }
  return theirs;
}

}  // namespace rowtide::cleanup
