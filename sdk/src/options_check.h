#pragma once

#include "rowtide/options.h"

namespace rowtide {
inline namespace v1 {

/// Throws Error: InvalidOptions, or TimeOutsideDataRange for a start time that has not come.
void check_options(const Options& options);

}  // namespace v1
}  // namespace rowtide
