#pragma once

#include <memory>

#include "tracker/sink/sink.h"

namespace rowtide::sink {

/// One JSON value a line on `fd`, which is not closed. Tombstones have no line. Flushed at each transaction's
/// end; durable means written to the file or pipe. open() makes the process ignore SIGPIPE: a reader that
/// goes away is an error of write(). A reader that stands still is waited for.
[[nodiscard]] std::unique_ptr<Sink> make_stdout_sink(int fd = 1);

}  // namespace rowtide::sink
