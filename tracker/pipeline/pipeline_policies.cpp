// What becomes of changes that cannot be told as they are: spec.onUnprocessable and spec.sink.kafka's
// oversizedRecord.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <bit>
#include <vector>

#include "common/status/text.h"
#include "tracker/pipeline/pipeline.h"

namespace rowtide::pipeline {
namespace {

/// The first few, then ever fewer: a million of them must not fill the disk.
bool is_logged(std::uint64_t count) {
  constexpr std::uint64_t kFirst = 16;
  return count <= kFirst || std::has_single_bit(count);
}

/// Not that the server or the network is away.
bool is_of_the_change(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsDataLoss(status) || absl::IsUnimplemented(status) ||
         absl::IsInvalidArgument(status) || absl::IsNotFound(status);
}

std::vector<types::Value> only(const std::vector<std::uint32_t>& columns,
                               std::span<const types::Value> image) {
  std::vector<types::Value> kept(image.size());  // Absent
  if (image.empty()) return kept;
  for (const std::uint32_t column : columns) kept[column] = image[column];
  return kept;
}

}  // namespace

absl::Status Pipeline::unprocessable(const binlog::EventView& event, const absl::Status& why) {
  if (parts_.unprocessable == task::Unprocessable::Stop || !is_of_the_change(why)) return why;
  add(parts_.counters.unprocessable_events, 1);
  const std::uint64_t count = parts_.counters.unprocessable_events;
  if (is_logged(count)) {
    spdlog::warn("Left out (number {}): {} at {}:{}: {}", count, binlog::name(event.header.type),
                 stream_.file(), event.start_offset, text(why));
  }
  return absl::OkStatus();
}

/// The change's records are those from `first_record` on.
absl::Status Pipeline::fit(const BoundTable& table, const encode::RowChange& change,
                           const encode::ChangeOrigin& origin, std::size_t first_record,
                           const std::stop_token& stop) {
  std::uint64_t too_large = 0;
  for (std::size_t i = first_record; too_large == 0 && i < batch_.size(); ++i) {
    const encode::Record record = batch_.record(i);
    const absl::StatusOr<bool> takes = parts_.sink.takes(record, stop);
    if (!takes.ok()) return takes.status();
    if (!*takes)
      too_large = (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  }
  if (too_large == 0) return absl::OkStatus();
  batch_.truncate(first_record);
  const bool is_skipped = parts_.oversized == task::OversizedRecord::SkipAndCount;
  Counters::Count& count =
      is_skipped ? parts_.counters.oversized_skipped : parts_.counters.oversized_keys_only;
  add(count, 1);
  if (is_logged(count)) {
    spdlog::warn(
        "{}, as spec.sink.kafka.oversizedRecord says (number {}): a record of {} bytes for table {}, "
        "at {}:{}, row {}; its topic takes less (max.message.bytes)",
        is_skipped ? "Left out" : "Told with its key only", count.load(), too_large, table.name, origin.file,
        origin.offset, origin.row);
  }
  if (is_skipped) return absl::OkStatus();
  const std::vector<types::Value> before = only(table.plan.key_columns, change.before);
  const std::vector<types::Value> after = only(table.plan.key_columns, change.after);
  table.encoder->encode({change.operation, before, after}, origin, batch_);
  return absl::OkStatus();
}

}  // namespace rowtide::pipeline
