#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/http/server.h"
#include "common/task/spec.h"
#include "tracker/readers/change_filter.h"
#include "tracker/readers/line_sink.h"

namespace rowtide::readers {

/// What a GET /changes asks for.
struct ReaderRequest {
  std::string name;                          ///< of a reader whose place is kept here; empty: of none
  std::optional<PositionToken> position;     ///< after it
  std::optional<task::StartPosition> start;  ///< instead; neither: spec.startPosition
  ChangeFilter filter;
  LineFormat format = LineFormat::Json;
  std::chrono::seconds heartbeat{5};
};

/// INVALID_ARGUMENT: the parameter, its value and what is allowed.
[[nodiscard]] absl::StatusOr<ReaderRequest> read_request(const http::Request& request);

/// A reader's name is that of a file: at most 63 of a-z, 0-9 and '-', a letter or digit first.
[[nodiscard]] absl::Status check_reader_name(const std::string& name);

}  // namespace rowtide::readers
