#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/task/group_status.h"
#include "common/task/reader_status.h"
#include "common/task/spec.h"
#include "tracker/pipeline/counters.h"
#include "tracker/sink/sink.h"

namespace rowtide::serve {

/// What a scrape shows. Read from the counters at that moment: nothing is kept twice.
struct MetricsInput {
  const task::Task& task;
  const pipeline::Counters& counters;
  sink::SinkCounters sink;
  std::optional<double> lag_seconds;
  std::optional<std::uint64_t> behind_bytes{};
  std::optional<double> purge_headroom_seconds{};
  std::map<std::string, std::uint64_t> reconnects{};  ///< by their reasons
  bool is_source_connected = false;
  std::int64_t checkpoint_at_ms = 0;
  std::uint64_t checkpoint_failures = 0;
  std::vector<task::GroupStatus> groups{};
};

/// Prometheus' text format.
[[nodiscard]] std::string render_metrics(const MetricsInput& input);

/// Of a task with the sink `stream`.
[[nodiscard]] std::string render_reader_metrics(const task::Task& task,
                                                const std::vector<task::ReaderStatus>& readers);

}  // namespace rowtide::serve
