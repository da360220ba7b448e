#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "operator/controller/object_store.h"

namespace rowtide::op::tasks {

/// What one task at a time may have: a topic to write to, a server id to read a source with; by its spec, and
/// by the one that it runs or ran last. A claim has no more than the object says: without one are topics with
/// placeholders, and server ids that Rowtide derives.
[[nodiscard]] std::vector<controller::Key> claims_of(const nlohmann::json& task);

/// A task's bootstrap servers, in small letters; empty where it has no Kafka sink. Tasks that have one in
/// common write to one Kafka: each lists some of its brokers.
[[nodiscard]] std::set<std::string> brokers_of(const nlohmann::json& task);

/// By age, and of one second by uid, so that both sides see it alike.
[[nodiscard]] std::pair<std::string, std::string> age_of(const nlohmann::json& object);

/// The task that has what this one's spec claims, in words: one that runs so already, else the older one;
/// empty: there is none. `tasks` is grouped by claims_of.
[[nodiscard]] std::optional<std::string> conflict_of(const nlohmann::json& task,
                                                     const controller::ObjectStore& tasks);

}  // namespace rowtide::op::tasks
