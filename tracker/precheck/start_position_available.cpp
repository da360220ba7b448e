#include "tracker/binlog/position.h"
#include "tracker/precheck/check_list.h"
#include "tracker/source/start_position.h"

namespace rowtide::precheck {

CheckItem check_start_position_available(CheckContext& context) {
  const std::string expected = "the source has the binlog from spec.startPosition on";
  const absl::StatusOr<binlog::Position> position =
      source::resolve_start_position(context.task().spec.start_position, context.session());
  if (position.ok()) return passed(binlog::to_string(*position));
  CheckItem item = failed(position.status(), expected, "choose another spec.startPosition");
  if (absl::IsInvalidArgument(position.status())) item.reason = "PositionInvalid";
  return item;
}

}  // namespace rowtide::precheck
