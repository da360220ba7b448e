#include "tracker/cleanup/topics_of_others.h"

#include <algorithm>

#include "tracker/cleanup/matching_topics.h"

namespace rowtide::cleanup {
namespace {

bool may_write_to(const checkpoint::Owner& task, const std::string& topic) {
  if (can_be_made(task.topic, topic)) return true;
  // As task::Task::qualified_name() makes it: of schema changes and transactions.
  std::string own = task.name;
  std::replace(own.begin(), own.end(), '/', '.');
  return !own.empty() && (topic == own || topic == own + ".transaction");
}

}  // namespace

std::map<std::string, std::string> topics_of_others(const std::vector<std::string>& topics,
                                                    const std::vector<checkpoint::Owner>& others) {
  std::map<std::string, std::string> theirs;
  for (const std::string& topic : topics) {
    const auto other = std::find_if(others.begin(), others.end(),
                                    [&topic](const auto& task) { return may_write_to(task, topic); });
    if (other != others.end()) theirs[topic] = other->name.empty() ? other->identity : other->name;
  }
  return theirs;
}

}  // namespace rowtide::cleanup
