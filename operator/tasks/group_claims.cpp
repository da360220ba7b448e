#include "operator/tasks/group_claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "common/task/parse.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/claims.h"

namespace rowtide::op::tasks {
namespace {

using api::Condition;
using api::ConditionStatus;
using controller::Key;
using nlohmann::json;

// A ConfigMap holds 1 MiB of values; the API server takes none that has more.
constexpr std::size_t kMostDocumentBytes = 1'000'000;
constexpr std::size_t kSeparatorBytes = 4;
constexpr const char* kGroupId = "group id";  // no namespace has a space in its name

Condition refused(const char* reason, std::string message) {
  return {"Accepted", ConditionStatus::False, reason, std::move(message)};
}

Condition invalid(const std::vector<task::FieldError>& errors) {
  std::string message = task::to_string(errors);
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return refused("Invalid", std::move(message));
}

/// Who may read this group need not know of those of other namespaces.
Condition duplicate(const Key& other, const Key& group, const std::string& id) {
  const std::string who = other.name_space == group.name_space
                              ? fmt::format("the ConsumerGroup {}", to_string(other))
                              : "another ConsumerGroup in another namespace";
  return refused(
      "DuplicateGroup",
      fmt::format("{}, which is older, keeps the group {} of the same Kafka; make this one anew with "
                  "another spec.groupId, or delete the other",
                  who, id));
}

bool is_kept_at(const std::set<std::string>& brokers, const json& group,
                const controller::ObjectStore& tasks) {
  const std::optional<Key> key = task_of_group(group);
  const kube::ObjectPtr task = key ? tasks.find(*key) : nullptr;
  if (!task) return false;
  const std::set<std::string> of_group = brokers_of(*task);
  return std::any_of(of_group.begin(), of_group.end(),
                     [&](const std::string& broker) { return brokers.contains(broker); });
}

/// The oldest of the others with this id, in any Kafka, and in this one.
struct Rivals {
  bool is_any = false;
  std::optional<Key> older;
};

Rivals rivals_of(const json& group, const json& task, const controller::ObjectStore& all,
                 const controller::ObjectStore& tasks) {
  Rivals rivals;
  const Key key = controller::key_of(group);
  const std::set<std::string> brokers = brokers_of(task);
  for (const Key& id : group_id_of(group)) {
    for (const Key& other : all.keys_of_group(id)) {
      if (other == key) continue;
      const kube::ObjectPtr object = all.find(other);
      if (!object) continue;
      rivals.is_any = true;
      if (age_of(*object) < age_of(group) && is_kept_at(brokers, *object, tasks)) rivals.older = other;
    }
  }
  return rivals;
}

void judge(JudgedGroup& judged, const json& object, const json* task, const controller::ObjectStore& all,
           const controller::ObjectStore& tasks) {
  const api::GroupObject& group = judged.object;
  judged.accepted = {"Accepted", ConditionStatus::True, "SpecValid",
                     "the task's tracker is to keep the group"};
  if (!group.errors.empty()) {
    judged.accepted = invalid(group.errors);
    return;
  }
  if (task == nullptr) {
    judged.accepted = refused(
        "TaskNotFound", fmt::format("there is no ChangeTrackingTask {} in this namespace", group.group.task));
    return;
  }
  if (kube::value_at(*task, "/spec/sink/stream").is_object()) {
    judged.accepted = refused(
        "TaskWithoutKafka",
        fmt::format("the task {} has the sink stream, whose readers keep their places without Kafka; name a "
                    "task with sink.kafka",
                    group.group.task));
    return;
  }
  const Rivals rivals = rivals_of(object, *task, all, tasks);
  judged.has_rival = rivals.is_any;
  if (rivals.older) judged.accepted = duplicate(*rivals.older, group.key, group.group.group_id);
}

/// Of the oldest of a task, as many as its tracker keeps and one ConfigMap holds.
void refuse_too_many(std::vector<JudgedGroup>& judged, std::size_t most) {
  std::vector<JudgedGroup*> by_age;
  for (JudgedGroup& group : judged) {
    if (group.accepted.status == ConditionStatus::True) by_age.push_back(&group);
  }
  std::sort(by_age.begin(), by_age.end(), [](const JudgedGroup* a, const JudgedGroup* b) {
    return std::pair(a->object.created, a->object.uid) < std::pair(b->object.created, b->object.uid);
  });
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < by_age.size(); ++i) {
    bytes += by_age[i]->object.document.size() + kSeparatorBytes;
    if (i >= most) {
      by_age[i]->accepted = refused(
          "TooManyGroups",
          fmt::format(
              "the task has {} older groups already, and its tracker keeps no more; delete one, or have the "
              "operator's --max-consumer-groups-per-task raised",
              most));
    } else if (bytes > kMostDocumentBytes) {
      by_age[i]->accepted = refused(
          "TooManyGroups",
          fmt::format("with this group, the documents of the task's groups have {} bytes, and a ConfigMap "
                      "holds no more than {}; delete an older one, or give them shorter names",
                      bytes, kMostDocumentBytes));
    }
  }
}

}  // namespace

std::optional<Key> task_of_group(const json& group) {
  std::string task = kube::text_at(group, "/spec/taskRef/name");
  if (task.empty()) return std::nullopt;
  return Key{controller::key_of(group).name_space, std::move(task)};
}

std::vector<Key> group_id_of(const json& group) {
  std::string id = kube::text_at(group, "/spec/groupId");
  const Key key = controller::key_of(group);
  if (id.empty()) id = key.name_space + "." + key.name;
  return {Key{kGroupId, std::move(id)}};
}

std::vector<JudgedGroup> judge_groups(const std::vector<kube::ObjectPtr>& groups, const json* task,
                                      const controller::ObjectStore& all,
                                      const controller::ObjectStore& tasks, std::size_t most) {
  std::vector<JudgedGroup> judged;
  for (const kube::ObjectPtr& object : groups) {
    judged.push_back({.object = api::read_group_object(*object), .accepted = {}});
    judge(judged.back(), *object, task, all, tasks);
  }
  refuse_too_many(judged, most);
  return judged;
}

}  // namespace rowtide::op::tasks
