#include "tracker/commands/objects_warning.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "common/time/sleep.h"
#include "tracker/precheck/check_list.h"
#include "tracker/precheck/context.h"

namespace rowtide::commands {

void warn_of_objects(const task::Task& task, const task::SecretReader& secrets,
                     const std::function<bool()>& is_streaming, const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kLook{200};
  while (!is_streaming() && !stop.stop_requested()) sleep_for(kLook, stop);
  if (stop.stop_requested()) return;
  precheck::CheckContext context(task, secrets);
  for (const auto& check : {precheck::check_server_version, precheck::check_objects_exist}) {
    const precheck::CheckItem found = check(context);
    if (found.result == precheck::CheckResult::Passed || found.result == precheck::CheckResult::Skipped)
      continue;
    spdlog::warn("{}: {}; {}; rowtide-tracker precheck looks at everything", found.observed, found.message,
                 found.repair);
  }
}

}  // namespace rowtide::commands
