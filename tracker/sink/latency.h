#pragma once

#include <array>

#include "common/time/histogram.h"

namespace rowtide::sink {

/// From the commit at the source until the records are durable where consumers read them, per transaction
/// with records. To the microsecond with the commit times that MySQL 8 writes; MariaDB's and MySQL 5.7's are
/// whole seconds, so up to one second too large. Includes the difference of the two machines' clocks.
inline constexpr std::array<double, 15> kLatencyBounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                       0.5,   1,      2.5,   5,    15,    60,   300};
using LatencyHistogram = Histogram<kLatencyBounds>;

}  // namespace rowtide::sink
