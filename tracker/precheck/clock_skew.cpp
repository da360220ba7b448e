#include <fmt/format.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "common/time/clock.h"
#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {

/// Lag is the difference between our clock and the times in the binlog, which are the source's.
CheckItem check_clock_skew(CheckContext& context) {
  constexpr std::int64_t kMost = 5;
  const std::string expected = fmt::format("clocks that differ by at most {} s", kMost);
  const std::int64_t asked_at_ms = now_ms();
  const absl::StatusOr<sql::Result> rows = context.session().query("SELECT UNIX_TIMESTAMP()");
  if (!rows.ok()) return not_known(rows.status(), expected);
  const std::int64_t ours = (asked_at_ms + now_ms()) / 2000;
  std::int64_t theirs = 0;
  if (rows->rows.empty() || !absl::SimpleAtoi(rows->rows[0].at(0).value_or(""), &theirs))
    return passed("not given by the server");
  const std::int64_t ahead = theirs - ours;
  const std::string observed =
      fmt::format("the source's clock is {} s {} ours", std::abs(ahead), ahead < 0 ? "behind" : "ahead of");
  if (std::abs(ahead) <= kMost) return passed(observed);
  return warning(Finding{.reason = "ClocksDiffer",
                         .observed = observed,
                         .expected = expected,
                         .message =
                             "lag and latency are wrong by as much, and a start position by time means the "
                             "source's clock",
                         .repair = "let both hosts take their time from the same NTP servers"});
}

}  // namespace rowtide::precheck
