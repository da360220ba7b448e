#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "operator/api/conditions.h"
#include "operator/api/consumer_group.h"
#include "operator/controller/object_store.h"

namespace rowtide::op::tasks {

/// The task that a ConsumerGroup names, there or not.
[[nodiscard]] std::optional<controller::Key> task_of_group(const nlohmann::json& group);

/// Its id in Kafka, whichever the cluster: ConsumerGroups that could be in each other's way are grouped by
/// it.
[[nodiscard]] std::vector<controller::Key> group_id_of(const nlohmann::json& group);

struct JudgedGroup {
  api::GroupObject object;
  api::Condition accepted;  ///< True: its tracker is told to keep it
  bool has_rival = false;   ///< another has its id, perhaps in another Kafka
};

/// Which of one task's groups are kept; in the order of their names. Of those with one id in one Kafka, of
/// whichever namespace, the oldest is; of more than `most` of a task, or than one ConfigMap holds,
/// the oldest are. `task`: nullptr if
/// there is none. `all` is grouped by group_id_of. Pure but for the stores.
[[nodiscard]] std::vector<JudgedGroup> judge_groups(const std::vector<kube::ObjectPtr>& groups,
                                                    const nlohmann::json* task,
                                                    const controller::ObjectStore& all,
                                                    const controller::ObjectStore& tasks, std::size_t most);

}  // namespace rowtide::op::tasks
