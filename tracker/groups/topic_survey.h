#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/groups/record_count.h"
#include "tracker/groups/topic_reader.h"
#include "tracker/record/record_batch.h"

namespace rowtide::groups {

/// A partition and the times of its records, milliseconds since 1970; nullopt: it has none.
struct PartitionView {
  Partition partition;
  PartitionEnds ends;
  std::optional<std::int64_t> first_ms;
  std::optional<std::int64_t> last_ms;
};

/// From which time on the topics hold every record: what retention has taken is before it. nullopt: they hold
/// none.
[[nodiscard]] std::optional<std::int64_t> data_begin_ms(std::span<const PartitionView> views);
[[nodiscard]] std::optional<std::int64_t> data_end_ms(std::span<const PartitionView> views);

/// What one group has not consumed.
struct Unconsumed {
  std::int64_t records = 0;
  bool is_exact = true;
  std::optional<std::int64_t> first_ms;  ///< nullopt: all is consumed
};

/// Looks at the task's partitions for all of its groups, and keeps what it saw, so that a look costs little
/// where nothing happens. Records that a group has not consumed are read to be counted, once. Of one thread.
class TopicSurvey {
 public:
  explicit TopicSurvey(record::TimestampUnit unit) : unit_(unit) {}

  [[nodiscard]] absl::StatusOr<std::vector<PartitionView>> look(TopicReader& reader,
                                                                const std::vector<std::string>& topics,
                                                                Deadline deadline);

  /// A place in each partition, of all groups: [i] belongs to views[i]; nullopt where a group has none.
  using Places = std::vector<std::optional<std::int64_t>>;
  /// Reads on from what the slowest group has not consumed, until `until`; the next call goes on with the
  /// partitions behind. Keeps nothing of places where no group stands.
  [[nodiscard]] absl::Status count(TopicReader& reader, std::span<const PartitionView> views,
                                   const std::vector<Places>& groups, Deadline until);
  [[nodiscard]] absl::StatusOr<Unconsumed> unconsumed(TopicReader& reader,
                                                      std::span<const PartitionView> views,
                                                      const Places& places, Deadline deadline);

 private:
  /// The time of the first record at an offset or later.
  struct TimeAt {
    std::int64_t offset = -1;
    std::optional<std::int64_t> ms;
  };
  using OnTime = std::function<void(std::size_t index, std::optional<std::int64_t> ms)>;
  /// The times of the first records from there on. Told as they are found, so that they are not sought again
  /// when the deadline passes.
  [[nodiscard]] absl::Status times_at(TopicReader& reader, const std::vector<ReadFrom>& places,
                                      Deadline deadline, const OnTime& on_time) const;
  [[nodiscard]] absl::Status look_at_beginnings(TopicReader& reader, const std::vector<PartitionView>& views,
                                                Deadline deadline);
  [[nodiscard]] absl::Status look_at_ends(TopicReader& reader, std::vector<PartitionView> views,
                                          Deadline deadline);
  [[nodiscard]] absl::StatusOr<std::map<Partition, std::int64_t>> times_of_last(
      TopicReader& reader, std::span<const PartitionView> views, std::int64_t back, Deadline deadline) const;
  /// What is to be read, from where: beginning with what the last call did not come to.
  [[nodiscard]] std::vector<ReadFrom> uncounted(std::span<const PartitionView> views,
                                                const std::vector<Places>& groups);
  void forget_other_places(std::span<const PartitionView> views, const std::vector<Places>& groups);
  void forget(const Partition& partition);
  void forget_others(std::span<const PartitionView> views);
  [[nodiscard]] std::int64_t to_ms(std::int64_t timestamp) const {
    constexpr std::int64_t kMsPerSecond = 1000;
    return unit_ == record::TimestampUnit::Seconds ? timestamp * kMsPerSecond : timestamp;
  }

  record::TimestampUnit unit_;
  std::map<Partition, TimeAt> first_;
  std::map<Partition, TimeAt> last_;
  std::map<Partition, std::map<std::int64_t, std::int64_t>> place_times_;  ///< by offset, milliseconds
  std::map<Partition, RecordCount> counts_;
  std::optional<Partition> last_counted_;
};

}  // namespace rowtide::groups
