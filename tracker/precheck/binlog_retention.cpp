#include <fmt/format.h>

#include "tracker/precheck/check_list.h"
#include "tracker/precheck/setting.h"

namespace rowtide::precheck {
namespace {

constexpr std::uint64_t kHour = 3600;
constexpr const char* kExpected = "the binlog is kept for 24 hours or longer";

CheckItem short_time(const task::Source& source, const source::ServerInfo& facts, std::string observed) {
  constexpr source::ServerVersion kHasSeconds{8, 0, 1};
  constexpr source::ServerVersion kMariadbHasSeconds{10, 6, 1};
  const bool has_seconds = facts.version >= (facts.is_mariadb ? kMariadbHasSeconds : kHasSeconds);
  return warning(Finding{.reason = "RetentionShort",
                         .observed = std::move(observed),
                         .expected = kExpected,
                         .message = "a task that is down or behind for longer loses changes for good",
                         .repair = has_seconds
                                       ? repair_of_setting(source, "binlog_expire_logs_seconds", "259200")
                                       : repair_of_setting(source, "expire_logs_days", "3")});
}

/// Whatever the time says: the oldest files go when all together are larger, read or not.
CheckItem limited_size(const task::Source& source, const source::ServerInfo& facts) {
  return warning(Finding{
      .reason = "BinlogSizeLimited",
      .observed = fmt::format("{} = {}", facts.binlog_size_variable, facts.binlog_size_limit),
      .expected = kExpected,
      .message =
          "the oldest files are deleted when all together are larger, and under load that may be soon: a "
          "task that is down or behind for longer loses changes for good",
      .repair = repair_of_setting(source, facts.binlog_size_variable, "0")});
}

}  // namespace

CheckItem check_binlog_retention(CheckContext& context) {
  constexpr std::uint64_t kLeast = 24 * kHour;
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), kExpected);
  const std::optional<std::uint64_t> seconds = (*facts)->retention_seconds;
  std::string observed = "not given by the server";
  if (seconds) {
    observed = *seconds == 0           ? "kept until somebody purges it"
               : *seconds % kHour == 0 ? fmt::format("{} hours", *seconds / kHour)
                                       : fmt::format("{} seconds", *seconds);
  }
  if (seconds && *seconds != 0 && *seconds < kLeast) return short_time(context.source(), **facts, observed);
  if ((*facts)->binlog_size_limit > 0) return limited_size(context.source(), **facts);
  return passed(observed);
}

}  // namespace rowtide::precheck
