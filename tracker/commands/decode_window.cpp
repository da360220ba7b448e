#include "tracker/commands/decode_window.h"

#include <absl/strings/numbers.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>

#include "common/status/try.h"
#include "tracker/binlog/event.h"
#include "tracker/binlog/transaction_begin.h"

namespace rowtide::commands {
namespace {

std::optional<FilePlace> parse_file_place(std::string_view text, const std::vector<std::string>& files) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  FilePlace place{.file = std::string(text.substr(0, colon)), .offset = 0};
  const std::string_view offset = text.substr(colon + 1);
  if (!absl::SimpleAtoi(absl::string_view(offset.data(), offset.size()), &place.offset)) return std::nullopt;
  if (std::find(files.begin(), files.end(), place.file) == files.end()) return std::nullopt;
  return place;
}

std::optional<binlog::Gtid> parse_gtid_text(std::string_view text) {
  // A set of one is a GTID: it reads the same when written out again.
  if (const auto set = binlog::MysqlGtidSet::parse(text); set.ok() && !set->empty()) {
    const auto only = set->only_gtid();
    if (only) return binlog::Gtid{*only};
    return std::nullopt;
  }
  if (const auto set = binlog::MariadbGtidSet::parse(text); set.ok() && !set->empty()) {
    const auto only = set->only_gtid();
    if (only) return binlog::Gtid{*only};
  }
  return std::nullopt;
}

std::optional<TimePlace> parse_time(std::string_view text) {
  const absl::string_view given(text.data(), text.size());
  absl::Time time;
  std::string error;
  for (const char* format : {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%d %H:%M:%E*S", "%Y-%m-%dT%H:%M:%E*S"}) {
    if (absl::ParseTime(format, given, absl::UTCTimeZone(), &time, &error))
      return TimePlace{absl::ToUnixMicros(time)};
  }
  return std::nullopt;
}

/// Which reads as a GTID of MariaDB's as well.
bool is_date(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kForm[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<DecodeCoordinates> parse_decode_place(std::string_view text,
                                                     const std::vector<std::string>& files) {
  if (is_date(text)) {
    return absl::InvalidArgumentError(
        fmt::format("'{0}' is a date: give a time, such as {0}T00:00:00Z", text));
  }
  if (auto place = parse_file_place(text, files)) return *std::move(place);
  if (auto gtid = parse_gtid_text(text)) return *std::move(gtid);
  if (const auto time = parse_time(text)) return *time;
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no place: give FILE:OFFSET with one of the files' names, one GTID (uuid:23, "
                  "0-1-42), or a time "
                  "(2026-01-31T12:00:00Z)",
                  text));
}

std::optional<std::uint64_t> DecodeWindow::begin_file(
    const std::string& file, const std::function<bool(std::uint64_t offset)>& begins_at) {
  if (const auto* to = to_ ? std::get_if<FilePlace>(&*to_) : nullptr; to != nullptr) {
    has_ended_ = has_ended_ || (was_in_last_file_ && to->file != file);
    was_in_last_file_ = was_in_last_file_ || to->file == file;
    is_reversed_ = is_reversed_ || (has_ended_ && is_still_waiting());
  }
  if (has_ended_) return std::nullopt;
  std::uint64_t offset = binlog::kFirstOffset;
  if (const auto* from = from_ ? std::get_if<FilePlace>(&*from_) : nullptr; from != nullptr && !has_begun_) {
    has_begun_ = was_in_first_file_;  // nothing began there behind its offset
    was_in_first_file_ = was_in_first_file_ || from->file == file;
    if (!was_in_first_file_) return std::nullopt;
    if (!has_begun_ && from->offset > offset && begins_at(from->offset)) {
      offset = from->offset;  // what stands before it may be damaged
      has_begun_ = true;
    }
  }
  if (!from_) has_begun_ = true;
  stream_.reset({.gtids = {}, .file = file, .offset = offset});
  return offset;
}

bool DecodeWindow::is_still_waiting() const {
  return !has_begun_ && from_ && std::holds_alternative<binlog::Gtid>(*from_);
}

bool DecodeWindow::needs_looking() const {
  return !has_begun_ || to_.has_value();
}

absl::StatusOr<DecodeWindow::Verdict> DecodeWindow::look_at(Bytes bytes) {
  if (has_ended_) return Verdict::End;
  if (!needs_looking()) return Verdict::Show;
  ASSIGN_OR_RETURN(const binlog::EventView event, stream_.accept(bytes));
  ASSIGN_OR_RETURN(const auto begin, binlog::transaction_begin(event));
  if (begin.has_value()) return judge(begin->gtid, begin->time_us, event.start_offset);
  // The pipeline wants to know how the file is written in any case.
  if (event.header.type == binlog::EventType::FormatDescription) return Verdict::Show;
  return has_begun_ ? Verdict::Show : Verdict::Skip;
}

DecodeWindow::Verdict DecodeWindow::judge(const binlog::Gtid& gtid, std::int64_t time_us,
                                          std::uint64_t offset) {
  const bool begins = !has_begun_ && begins_here(gtid, time_us, offset);
  has_begun_ = has_begun_ || begins;
  if (to_) judge_end(gtid, time_us, offset, begins);
  if (has_ended_) return Verdict::End;
  return has_begun_ ? Verdict::Show : Verdict::Skip;
}

bool DecodeWindow::begins_here(const binlog::Gtid& gtid, std::int64_t time_us, std::uint64_t offset) const {
  const auto* time = std::get_if<TimePlace>(&*from_);
  const auto* wanted = std::get_if<binlog::Gtid>(&*from_);
  const auto* place = std::get_if<FilePlace>(&*from_);
  return (time != nullptr && time_us >= time->us) || (wanted != nullptr && gtid == *wanted) ||
         (place != nullptr && offset >= place->offset);
}

void DecodeWindow::judge_end(const binlog::Gtid& gtid, std::int64_t time_us, std::uint64_t offset,
                             bool begins) {
  if (const auto* time = std::get_if<TimePlace>(&*to_)) {
    has_ended_ = has_begun_ && time_us >= time->us;
    is_reversed_ = begins && time_us > time->us && std::holds_alternative<binlog::Gtid>(*from_);
  } else if (const auto* place = std::get_if<FilePlace>(&*to_)) {
    has_ended_ = stream_.file() == place->file && offset >= place->offset;
    is_reversed_ = has_ended_ && !has_begun_;
  } else {
    has_ended_ = is_last_;
    is_last_ = gtid == std::get<binlog::Gtid>(*to_);
    is_reversed_ = is_last_ && !has_begun_;
    has_ended_ = has_ended_ || is_reversed_;
  }
}

}  // namespace rowtide::commands
