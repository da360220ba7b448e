#include "tracker/sink/retention_marks.h"

namespace rowtide::sink {
namespace {

/// Records stay so much of the retention longer at most, and no more marks are kept.
constexpr int kMarks = 256;

}  // namespace

void RetentionMarks::note(Time now, std::int64_t end) {
  if (!marks_.empty() && end < marks_.back().end) marks_.clear();
  if (marks_.empty() || now - marks_.back().at >= retention_ / kMarks) marks_.push_back({now, end});
}

std::optional<std::int64_t> RetentionMarks::expired(Time now) {
  while (marks_.size() > 1 && now - marks_[1].at >= retention_) marks_.pop_front();
  if (marks_.empty() || now - marks_.front().at < retention_) return std::nullopt;
  return marks_.front().end;
}

}  // namespace rowtide::sink
