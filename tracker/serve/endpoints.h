#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/http/server.h"
#include "common/task/group_status.h"
#include "common/task/reader_status.h"
#include "common/task/spec.h"
#include "tracker/run/runner.h"
#include "tracker/sink/sink.h"

namespace rowtide::serve {

/// /metrics, /healthz (the process works), /readyz (it streams), /status (for the operator, and for people).
/// Everything given must outlive the server. `groups`: how the task's consumer groups stand; for any thread.
[[nodiscard]] std::map<std::string, http::Handler> endpoints(
    const task::Task& task, const run::Runner& tracker, const sink::Sink& sink,
    const std::function<std::vector<task::GroupStatus>()>& groups);

/// The same for a task with the sink `stream`: ready as long as it works, since each reader has a stream of
/// its own.
[[nodiscard]] std::map<std::string, http::Handler> reader_endpoints(
    const task::Task& task, const std::function<std::vector<task::ReaderStatus>()>& readers);

}  // namespace rowtide::serve
