#include "tracker/precheck/setting.h"

#include <fmt/format.h>

namespace rowtide::precheck {
namespace {

std::string repair(const task::Source& source, std::string_view name, std::string_view value,
                   std::string_view more) {
  if (source.type == task::SourceType::PolarDbMySql) {
    return fmt::format(
        "set the cluster parameter {} (or loose_{}) to {} in the console, which takes the place of SET "
        "GLOBAL{}",
        name, name, value, more);
  }
  return fmt::format(
      "SET GLOBAL {} = {}; (and in the configuration file, or where a cloud's service has its "
      "parameters{})",
      name, value, more);
}

}  // namespace

std::string repair_of_setting(const task::Source& source, std::string_view name, std::string_view value) {
  return repair(source, name, value, "");
}

std::string repair_of_session_setting(const task::Source& source, std::string_view name,
                                      std::string_view value) {
  return repair(source, name, value, "; sessions that are connected keep the old value until they reconnect");
}

}  // namespace rowtide::precheck
