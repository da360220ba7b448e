#pragma once

#include <string>

#include "rowtide/options.h"

namespace rowtide {
inline namespace v1 {

/// Throws Error: InvalidOptions, or TimeOutsideDataRange for a start time that has not come.
void check_options(const Options& options);

/// Where the ends of transactions are told; empty without Options::transactions. Of options that were
/// checked.
[[nodiscard]] std::string topic_of_marks(const Options& options);

}  // namespace v1
}  // namespace rowtide
