#pragma once

#include <map>
#include <string>

#include "common/http/server.h"
#include "common/task/spec.h"
#include "tracker/run/runner.h"
#include "tracker/sink/sink.h"

namespace rowtide::serve {

/// /metrics, /healthz (the process works), /readyz (it streams), /status (for the operator, and for people).
/// Everything given must outlive the server.
[[nodiscard]] std::map<std::string, http::Handler> endpoints(const task::Task& task,
                                                             const run::Runner& tracker,
                                                             const sink::Sink& sink);

}  // namespace rowtide::serve
