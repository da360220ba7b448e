#include "tracker/readers/reader_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/status/try.h"

namespace rowtide::readers {
namespace {

constexpr std::string_view kParameters = "reader, from, table, operation, heartbeat; see docs/stream.md";
constexpr int kMaxHeartbeat = 60;

absl::Status read_from(const std::string& text, ReaderRequest& request) {
  if (text == "latest" || text == "earliest") {
    request.start.emplace().mode = text == "latest" ? task::StartMode::Latest : task::StartMode::Earliest;
    return absl::OkStatus();
  }
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    if (time < absl::UnixEpoch() || time > absl::FromUnixSeconds(UINT32_MAX))
      return absl::InvalidArgumentError(fmt::format("from={}: a time from 1970 to 2106", text));
    request.start.emplace().mode = task::StartMode::Timestamp;
    request.start->timestamp_us = absl::ToUnixMicros(time);
    return absl::OkStatus();
  }
  absl::StatusOr<PositionToken> token = token_from_text(text);
  if (!token.ok()) {
    return absl::InvalidArgumentError(fmt::format(
        "from={}: neither latest, nor earliest, nor a time as 2026-01-31T12:00:00Z, nor a position that stood in a "
        "line of this stream",
        text.substr(0, 80)));
  }
  request.position = *std::move(token);
  return absl::OkStatus();
}

absl::Status read_heartbeat(const std::string& text, ReaderRequest& request) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 1 || seconds > kMaxHeartbeat)
    return absl::InvalidArgumentError(fmt::format("heartbeat={}: not 1 to {} seconds", text, kMaxHeartbeat));
  request.heartbeat = std::chrono::seconds(seconds);
  return absl::OkStatus();
}

absl::Status read_parameter(const std::string& name, const std::string& value, ReaderRequest& request) {
  if (name == "reader") {
    request.name = value;
    return check_reader_name(value);
  }
  if (name == "from") return read_from(value, request);
  if (name == "heartbeat") return read_heartbeat(value, request);
  if (name == "table" || name == "operation") {
    for (const std::string& each : std::vector<std::string>(absl::StrSplit(value, ','))) {
      RETURN_IF_ERROR(name == "table" ? request.filter.add_table(each) : request.filter.add_operation(each));
    }
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format("{}: no parameter; there are: {}", name, kParameters));
}

}  // namespace

absl::Status check_reader_name(const std::string& name) {
  constexpr std::size_t kMax = 63;
  const bool is_fit = !name.empty() && name.size() <= kMax && name.front() != '-' &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                      });
  if (is_fit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("reader={}: not 1 to {} of a-z, 0-9 and '-', beginning with a letter or digit",
                  name.substr(0, 80), kMax));
}

absl::StatusOr<ReaderRequest> read_request(const http::Request& request) {
  ReaderRequest read;
  for (const auto& [name, value] : request.parameters) {
    if ((name == "reader" || name == "from" || name == "heartbeat") && request.parameters.count(name) > 1)
      return absl::InvalidArgumentError(fmt::format("{}: given more than once", name));
    RETURN_IF_ERROR(read_parameter(name, value, read));
  }
  const auto accept = request.headers.find("accept");
  if (accept != request.headers.end() && accept->second.find("text/event-stream") != std::string::npos)
    read.format = LineFormat::ServerSentEvents;
  // A browser that connects again; a reader whose place is kept here goes on from there.
  const auto last = request.headers.find("last-event-id");
  if (last != request.headers.end() && !last->second.empty() && read.name.empty()) {
    read.start.reset();
    RETURN_IF_ERROR(read_from(last->second, read));
  }
  if (!read.name.empty() && (read.position || read.start)) {
    return absl::InvalidArgumentError(
        "from and reader exclude each other: the place of a named reader is kept here; to have it begin anew, DELETE "
        "/readers?reader=NAME, and it begins at spec.startPosition");
  }
  return read;
}

}  // namespace rowtide::readers
