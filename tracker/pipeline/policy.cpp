#include "tracker/pipeline/policy.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <bit>
#include <vector>

#include "common/status/text.h"
#include "common/status/try.h"

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

absl::Status Policy::skip_or_fail(const binlog::EventView& event, std::string_view file,
                                  const absl::Status& why) {
  if (unprocessable_ == task::Unprocessable::Stop || !is_of_the_change(why)) return why;
  add(counters_.unprocessable_events, 1);
  const std::uint64_t count = counters_.unprocessable_events;
  if (is_logged(count)) {
    spdlog::warn("Left out (number {}): {} at {}:{}: {}", count, binlog::name(event.header.type), file,
                 event.start_offset, text(why));
  }
  return absl::OkStatus();
}

absl::Status Policy::enforce_record_size(const BoundTable& table, const encode::RowChange& change,
                                         const encode::ChangeOrigin& origin, std::size_t first_record,
                                         record::RecordBatch& batch, const std::stop_token& stop) {
  std::uint64_t too_large = 0;
  for (std::size_t i = first_record; too_large == 0 && i < batch.size(); ++i) {
    const record::Record record = batch.record(i);
    ASSIGN_OR_RETURN(const bool takes, sink_.fits(record, stop));
    if (!takes) too_large = (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  }
  if (too_large == 0) return absl::OkStatus();
  batch.truncate(first_record);
  const bool is_skipped = oversized_ == task::OversizedRecord::SkipAndCount;
  Counters::Count& count = is_skipped ? counters_.oversized_skipped : counters_.oversized_keys_only;
  add(count, 1);
  if (is_logged(count)) {
    spdlog::warn(
        "{}, as spec.sink.kafka.oversizedRecord says (number {}): a record of {} bytes for table {}, "
        "at {}:{}, row {}; its topic takes less (max.message.bytes)",
        is_skipped ? "Left out" : "Delivered with its key only", count.load(), too_large, table.name,
        origin.file, origin.offset, origin.row);
  }
  if (is_skipped) return absl::OkStatus();
  const std::vector<types::Value> before = only(table.plan.key_columns, change.before);
  const std::vector<types::Value> after = only(table.plan.key_columns, change.after);
  table.encoder->encode({change.operation, before, after}, origin, batch);
  return absl::OkStatus();
}

}  // namespace rowtide::pipeline
