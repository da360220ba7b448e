#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "operator/api/change_tracking_task.h"
#include "operator/tasks/desired.h"

namespace rowtide::op::tasks {

/// shop/orders with a valid spec; `status` as last written.
inline nlohmann::json task_json(nlohmann::json status = nlohmann::json::object()) {
  nlohmann::json object = nlohmann::json::parse(R"({
    "apiVersion": "rowtide.dev/v1alpha1", "kind": "ChangeTrackingTask",
    "metadata": {"name": "orders", "namespace": "shop", "uid": "u-1", "generation": 3, "resourceVersion": "77"},
    "spec": {"source": {"type": "MySQL", "host": "db", "credentialsSecretRef": {"name": "orders-source"}},
             "objects": {"include": [{"database": "shop"}]},
             "sink": {"kafka": {"bootstrapServers": ["k:9092"]}}}})");
  object["status"] = std::move(status);
  return object;
}

inline api::TaskObject test_task(nlohmann::json status = nlohmann::json::object()) {
  return api::read_task_object(task_json(std::move(status)));
}

/// Rules of a spec that name so many tables.
inline nlohmann::json rules_of_tables(int count) {
  nlohmann::json rules = nlohmann::json::array();
  for (int i = 0; i < count; ++i) {
    if (i % 1000 == 0) rules.push_back({{"database", "shop"}, {"tables", nlohmann::json::array()}});
    rules.back()["tables"].push_back("a_table_of_some_length_" + std::to_string(i));
  }
  return rules;
}

inline constexpr std::int64_t kNowMs = 1'769'904'000'000;  // 2026-02-01T00:00:00Z

}  // namespace rowtide::op::tasks
