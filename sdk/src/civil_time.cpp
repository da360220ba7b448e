#include <chrono>

#include "rowtide/value.h"

namespace rowtide {
inline namespace v1 {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

void set_clock(CivilTime& civil, std::int64_t seconds, std::int64_t micros) {
  civil.hour = static_cast<int>(seconds / 3600);
  civil.minute = static_cast<int>(seconds / 60 % 60);
  civil.second = static_cast<int>(seconds % 60);
  civil.microsecond = static_cast<int>(micros);
}

}  // namespace

CivilTime date_of_days(std::int64_t days_since_1970) noexcept {
  const std::chrono::year_month_day day{std::chrono::sys_days{std::chrono::days{days_since_1970}}};
  CivilTime civil;
  civil.year = static_cast<int>(day.year());
  civil.month = static_cast<int>(static_cast<unsigned>(day.month()));
  civil.day = static_cast<int>(static_cast<unsigned>(day.day()));
  return civil;
}

CivilTime datetime_of_micros(std::int64_t micros_since_1970) noexcept {
  const auto floor = [](std::int64_t value, std::int64_t unit) {
    return value / unit - (value % unit < 0 ? 1 : 0);
  };
  const std::int64_t seconds = floor(micros_since_1970, kMicrosPerSecond);
  const std::int64_t days = floor(seconds, kSecondsPerDay);
  CivilTime civil = date_of_days(days);
  set_clock(civil, seconds - days * kSecondsPerDay, micros_since_1970 - seconds * kMicrosPerSecond);
  return civil;
}

CivilTime datetime_of_millis(std::int64_t millis_since_1970) noexcept {
  return datetime_of_micros(millis_since_1970 * 1000);
}

CivilTime time_of_micros(std::int64_t micros) noexcept {
  CivilTime civil;
  civil.is_negative = micros < 0;
  const std::int64_t size = micros < 0 ? -micros : micros;
  set_clock(civil, size / kMicrosPerSecond, size % kMicrosPerSecond);
  return civil;
}

}  // namespace v1
}  // namespace rowtide
