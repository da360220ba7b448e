#pragma once

#include "absl/status/statusor.h"
#include "common/status/try.h"
#include "common/task/spec.h"
#include "tracker/osc/helper_names.h"
#include "tracker/select/table_selector.h"

namespace rowtide::run {

/// The task's objects, compiled for how its source compares names.
struct TrackedObjects {
  osc::HelperNames helpers;
  select::TableSelector selector;
};

/// INVALID_ARGUMENT: an expression that is none.
[[nodiscard]] inline absl::StatusOr<TrackedObjects> compile_objects(const task::Spec& spec,
                                                                    bool lower_case_names) {
  ASSIGN_OR_RETURN(osc::HelperNames helpers,
                   osc::HelperNames::create(spec.online_schema_changes, lower_case_names));
  ASSIGN_OR_RETURN(select::TableSelector selector,
                   select::TableSelector::create(spec.objects, helpers, lower_case_names));
  return TrackedObjects{std::move(helpers), std::move(selector)};
}

}  // namespace rowtide::run
