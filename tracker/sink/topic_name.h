#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/task/spec.h"

namespace rowtide::sink {

/// Of a topic's name, in bytes. Source: org.apache.kafka.common.internals.Topic.
inline constexpr std::size_t kMaxTopicLength = 249;

/// The topic for a table's changes: sink.kafka.topic.name with {database} and {table} filled in, or
/// "<namespace>.<task>" without a name. What Kafka does not allow in a topic's name becomes "_", and 249
/// bytes are its limit. Where other names could give the same topic ("a b" and "a_b", `a.b`.`c` and
/// `a`.`b.c`), a fingerprint of the names follows: "a_b-1f2e3d4c".
[[nodiscard]] std::string topic_for(const task::Task& task, std::string_view database,
                                    std::string_view table);

/// The topic for schema changes: the task's one topic, so that they stand in order among the rows; where
/// tables have topics of their own, "<namespace>.<task>" as Debezium does it.
[[nodiscard]] std::string schema_topic_for(const task::Task& task);

/// The name holds {database} or {table}: topics are known only as tables are met.
[[nodiscard]] bool has_topic_per_table(const task::Task& task);

}  // namespace rowtide::sink
