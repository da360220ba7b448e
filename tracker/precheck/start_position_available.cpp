#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "common/status/text.h"
#include "common/status/try.h"
#include "tracker/checkpoint/kafka_checkpoint_store.h"
#include "tracker/precheck/check_list.h"
#include "tracker/source/start_position.h"
#include "tracker/source/timestamp_position.h"

namespace rowtide::precheck {

namespace {

/// spec.startPosition counts only until there is a checkpoint, and once more when spec.resetNonce is raised.
absl::StatusOr<bool> has_checkpoint(CheckContext& context) {
  constexpr std::chrono::milliseconds kSearchTime{5000};
  if (!has_kafka_sink(context.task())) return false;
  ASSIGN_OR_RETURN(const auto checkpoint,
                   checkpoint::find_kafka_checkpoint(context.task(), context.secrets(),
                                                     std::min(kSearchTime, context.time_left() / 2)));
  return checkpoint.has_value() && checkpoint->reset_nonce >= context.task().spec.reset_nonce;
}

}  // namespace

CheckItem check_start_position_available(CheckContext& context) {
  const std::string expected = "the source has the binlog from spec.startPosition on";
  // A search for a time opens a stream for each file that it looks into. Kafka's checks come after it.
  constexpr std::chrono::milliseconds kSearchTime{8000};
  const absl::StatusOr<std::string> position = source::check_start_position(
      context.task().spec.start_position, context.session(),
      source::search_source(context.task(), context.secrets()),
      std::chrono::steady_clock::now() + std::min(kSearchTime, context.time_left() / 2));
  if (position.ok()) return passed(*position);
  if (absl::IsDeadlineExceeded(position.status())) return not_known(position.status(), expected);
  const absl::StatusOr<bool> goes_on = has_checkpoint(context);
  if (goes_on.ok() && *goes_on)
    return passed("the task goes on from its checkpoint; spec.startPosition does not count any more");
  CheckItem item = failed(position.status(), expected, "choose another spec.startPosition");
  if (!goes_on.ok()) {
    item.message +=
        fmt::format("; whether the task has a checkpoint, with which it would not count, is not known: {}",
                    text(goes_on.status()));
    item.repair = "let Kafka be reached first: with a checkpoint spec.startPosition does not count; else " +
                  item.repair;
  }
  if (absl::IsInvalidArgument(position.status())) item.reason = "PositionInvalid";
  return item;
}

}  // namespace rowtide::precheck
