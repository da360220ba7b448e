#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "tracker/binlog/event.h"

namespace rowtide::binlog {

/// MariaDB's log_bin_compress: QUERY_COMPRESSED and *_ROWS_COMPRESSED_V1 as the events that they stand for.
/// The event of another type comes back as it is. The body of the result is in `buffer` (whose content is
/// replaced) and valid until it changes. DATA_LOSS for a damaged one. Source: MariaDB sql/log_event.cc
/// (query_event_uncompress(), row_log_event_uncompress(), binlog_buf_uncompress()).
[[nodiscard]] absl::StatusOr<EventView> uncompress_mariadb(const EventView& event,
                                                           std::vector<std::byte>& buffer);

}  // namespace rowtide::binlog
