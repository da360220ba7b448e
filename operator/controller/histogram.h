#pragma once

#include "common/time/histogram.h"

namespace rowtide::op::controller {

/// Reconciles and queue times are never usefully told apart below a millisecond.
inline constexpr std::array<double, 11> kBounds{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300};
using Histogram = rowtide::Histogram<kBounds>;

}  // namespace rowtide::op::controller
