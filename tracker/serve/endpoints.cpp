#include "tracker/serve/endpoints.h"

#include <nlohmann/json.hpp>

#include "common/task/tracker_status.h"
#include "common/version.h"
#include "tracker/serve/metrics.h"

namespace rowtide::serve {

std::map<std::string, http::Handler> endpoints(
    const task::Task& task, const run::Runner& tracker, const sink::Sink& sink,
    const std::function<std::vector<task::GroupStatus>()>& groups) {
  return {
      {"/healthz", [] { return http::Response{.body = "ok\n"}; }},
      {"/readyz",
       [&tracker] {
         if (tracker.is_streaming()) return http::Response{.body = "ok\n"};
         const task::TrackerStatus status = tracker.status();
         return http::Response{.status = 503,
                               .body = "not streaming: " + status.state + " " + status.message + "\n"};
       }},
      {"/status",
       [&tracker, groups] {
         task::TrackerStatus status = tracker.status();
         status.consumer_groups = groups();
         return http::Response{.content_type = "application/json", .body = task::to_json(status) + "\n"};
       }},
      {"/metrics",
       [&task, &tracker, &sink, groups] {
         return http::Response{
             .content_type = "text/plain; version=0.0.4; charset=utf-8",
             .body = render_metrics({.task = task,
                                     .counters = tracker.counters(),
                                     .sink = sink.counters(),
                                     .lag_seconds = tracker.lag_seconds(),
                                     .behind_bytes = tracker.behind_bytes(),
                                     .purge_headroom_seconds = tracker.purge_headroom_seconds(),
                                     .reconnects = tracker.reconnects(),
                                     .is_source_connected = tracker.is_source_connected(),
                                     .checkpoint_at_ms = tracker.checkpoint_at_ms(),
                                     .checkpoint_failures = tracker.checkpoint_failures(),
                                     .groups = groups()})};
       }},
  };
}

std::map<std::string, http::Handler> reader_endpoints(
    const task::Task& task, const std::function<std::vector<task::ReaderStatus>()>& readers) {
  const auto fine = [] { return http::Response{.body = "ok\n"}; };
  return {
      {"/healthz", fine},
      {"/readyz", fine},
      {"/status",
       [&task, readers] {
         nlohmann::ordered_json json{{"version", kVersion},
                                     {"task", task.task_namespace + "/" + task.name},
                                     {"taskUid", task.uid},
                                     {"documentHash", task.document_hash},
                                     {"readers", nlohmann::ordered_json::array()}};
         for (const task::ReaderStatus& reader : readers()) json["readers"].push_back(to_json_value(reader));
         return http::Response{
             .content_type = "application/json",
             .body = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"};
       }},
      {"/metrics",
       [&task, readers] {
         return http::Response{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                               .body = render_reader_metrics(task, readers())};
       }},
  };
}

}  // namespace rowtide::serve
