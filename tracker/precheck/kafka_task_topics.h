#pragma once

#include <set>
#include <string>
#include <vector>

#include "tracker/precheck/context.h"
#include "tracker/sink/kafka_topics.h"

namespace rowtide::precheck {

/// The topics of a task that are known without its source: all, but for those with {database} and {table}.
[[nodiscard]] std::set<std::string> topics_of_whole_task(const task::Task& task);

/// The topics that the task will write to, as far as they can be known beforehand, as it would make them:
/// with {database} and {table} those of the tables that the source has now, where it can be asked. The first
/// one is that of the checkpoints: of many there may be no time for the last.
[[nodiscard]] std::vector<sink::TopicSpec> kafka_task_topics(CheckContext& context);

}  // namespace rowtide::precheck
