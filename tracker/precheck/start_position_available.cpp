#include "tracker/precheck/check_list.h"
#include "tracker/source/start_position.h"
#include "tracker/source/timestamp_position.h"

namespace rowtide::precheck {

CheckItem check_start_position_available(CheckContext& context) {
  const std::string expected = "the source has the binlog from spec.startPosition on";
  const absl::StatusOr<std::string> position =
      source::check_start_position(context.task().spec.start_position, context.session(),
                                   source::search_source(context.task(), context.secrets()));
  if (position.ok()) return passed(*position);
  CheckItem item = failed(position.status(), expected, "choose another spec.startPosition");
  if (absl::IsInvalidArgument(position.status())) item.reason = "PositionInvalid";
  return item;
}

}  // namespace rowtide::precheck
