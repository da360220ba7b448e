#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/binlog/gtid.h"
#include "tracker/binlog/stream_state.h"

namespace rowtide::commands {

/// A place in a row of binlog files, as a person gives it.
struct FilePlace {
  std::string file;  ///< its name without folder
  std::uint64_t offset = 0;
};
struct TimePlace {
  std::int64_t us = 0;  ///< since the epoch
};
using DecodeCoordinates = std::variant<FilePlace, binlog::Gtid, TimePlace>;

/// "binlog.000003:4711" with the name of one of `files`; a GTID ("uuid:23", "0-1-42"); or a time
/// ("2026-01-31T12:00:00Z" or another offset, "2026-01-31 12:00:00" for UTC). INVALID_ARGUMENT for others.
[[nodiscard]] absl::StatusOr<DecodeCoordinates> parse_decode_place(std::string_view text,
                                                                   const std::vector<std::string>& files);

/// Which transactions are shown: from the first that is `from`, or at or after its offset or time, up to
/// before `to` (a GTID: with it). Looks at every event once, before the pipeline does. Whole transactions
/// only.
class DecodeWindow {
 public:
  enum class Verdict : std::uint8_t { Skip, Show, End };

  DecodeWindow(std::optional<DecodeCoordinates> from, std::optional<DecodeCoordinates> to)
      : from_(std::move(from)), to_(std::move(to)) {}

  /// Where a file is to be begun: after its header, or at the offset of `from` where `begins_at` says that
  /// a transaction begins there. nullopt: nothing of it is shown.
  [[nodiscard]] std::optional<std::uint64_t> begin_file(
      const std::string& file, const std::function<bool(std::uint64_t offset)>& begins_at);
  [[nodiscard]] absl::StatusOr<Verdict> look_at(Bytes event);
  /// The end came, and the beginning had not: nothing was shown.
  [[nodiscard]] bool is_reversed() const { return is_reversed_; }
  /// The beginning is a GTID that never came.
  [[nodiscard]] bool is_still_waiting() const;

 private:
  [[nodiscard]] bool needs_looking() const;
  [[nodiscard]] Verdict judge(const binlog::Gtid& gtid, std::int64_t time_us, std::uint64_t offset);
  [[nodiscard]] bool begins_here(const binlog::Gtid& gtid, std::int64_t time_us, std::uint64_t offset) const;
  void judge_end(const binlog::Gtid& gtid, std::int64_t time_us, std::uint64_t offset, bool begins);

  std::optional<DecodeCoordinates> from_;
  std::optional<DecodeCoordinates> to_;
  binlog::StreamState stream_;
  bool has_begun_ = false;
  bool was_in_first_file_ = false;  ///< the file of `from`
  bool was_in_last_file_ = false;   ///< the file of `to`
  bool is_last_ = false;            ///< the transaction of `to` is being shown
  bool has_ended_ = false;
  bool is_reversed_ = false;
};

}  // namespace rowtide::commands
