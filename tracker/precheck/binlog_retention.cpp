#include <fmt/format.h>

#include "tracker/precheck/check_list.h"
#include "tracker/precheck/setting.h"

namespace rowtide::precheck {

CheckItem check_binlog_retention(CheckContext& context) {
  constexpr std::uint64_t kHour = 3600;
  constexpr std::uint64_t kLeast = 24 * kHour;
  const std::string expected = "the binlog is kept for 24 hours or longer";
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), expected);
  const std::optional<std::uint64_t> seconds = (*facts)->retention_seconds;
  if (!seconds) return passed("not given by the server");
  // Whatever the time says: the oldest files go when all together are larger, read or not.
  if (const std::uint64_t limit = (*facts)->binlog_size_limit; limit > 0) {
    return warning(
        Finding{.reason = "BinlogSizeLimited",
                .observed = fmt::format("{} = {}", (*facts)->binlog_size_variable, limit),
                .expected = expected,
                .message = "the oldest files are deleted when all together are larger, and under load that "
                           "may be soon: a task that is down or behind for longer loses changes for good",
                .repair = repair_of_setting(context.source(), (*facts)->binlog_size_variable, "0")});
  }
  if (*seconds == 0) return passed("kept until somebody purges it");
  const std::string observed =
      *seconds % kHour == 0 ? fmt::format("{} hours", *seconds / kHour) : fmt::format("{} seconds", *seconds);
  if (*seconds >= kLeast) return passed(observed);
  constexpr source::ServerVersion kHasSeconds{8, 0, 1};
  constexpr source::ServerVersion kMariadbHasSeconds{10, 6, 1};
  const bool has_seconds = (*facts)->version >= ((*facts)->is_mariadb ? kMariadbHasSeconds : kHasSeconds);
  return warning(Finding{
      .reason = "RetentionShort",
      .observed = observed,
      .expected = expected,
      .message = "a task that is down or behind for longer loses changes for good",
      .repair = has_seconds ? repair_of_setting(context.source(), "binlog_expire_logs_seconds", "259200")
                            : repair_of_setting(context.source(), "expire_logs_days", "3")});
}

}  // namespace rowtide::precheck
