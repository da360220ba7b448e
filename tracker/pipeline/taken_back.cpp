#include "tracker/pipeline/taken_back.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "common/bytes/utf8.h"

namespace rowtide::pipeline {
namespace {

bool is_ascii_letter(char letter) {
  return static_cast<unsigned char>(letter) < 0x80;
}

/// Takes one character of UTF-8 away; 0: it is none of ASCII.
char take_letter(std::string_view& name) {
  const char first = name.front();
  name.remove_prefix(1);
  if (is_ascii_letter(first)) return first;
  while (!name.empty() && (static_cast<unsigned char>(name.front()) & 0xc0U) == 0x80U) name.remove_prefix(1);
  return 0;
}

/// The server compares names letter by letter with utf8_general_ci, to which u and ü are one: a letter that
/// is not ASCII may be the same as any other.
bool may_be_same(std::string_view one, std::string_view other) {
  while (!one.empty() && !other.empty()) {
    const char a = take_letter(one);
    const char b = take_letter(other);
    if (a != b && a != 0 && b != 0) return false;
  }
  return one.empty() && other.empty();
}

}  // namespace

void TakenBack::begin() {
  begin_again();
  is_known_ = false;
  ranges_.clear();
}

void TakenBack::begin_again() {
  is_known_ = true;
  rows_events_ = 0;
  last_order_ = 0;
  has_foreign_letters_ = false;
  savepoints_.clear();
}

void TakenBack::set_savepoint(std::string_view name) {
  has_foreign_letters_ = has_foreign_letters_ || !is_ascii(name);
  savepoints_.insert_or_assign(absl::AsciiStrToLower({name.data(), name.size()}),
                               Savepoint{rows_events_, ++last_order_});
  if (savepoints_.size() > kMaxSavepoints) forget_older_half();
}

void TakenBack::forget_older_half() {
  std::vector<std::uint64_t> orders;
  for (const auto& [name, savepoint] : savepoints_) orders.push_back(savepoint.order);
  const auto middle = orders.begin() + static_cast<std::ptrdiff_t>(orders.size() / 2);
  std::nth_element(orders.begin(), middle, orders.end());
  std::erase_if(savepoints_, [&](const auto& each) { return each.second.order < *middle; });
}

absl::StatusOr<std::uint64_t> TakenBack::roll_back_to(std::string_view name) {
  const std::string wanted = absl::AsciiStrToLower({name.data(), name.size()});
  const auto found = savepoints_.find(wanted);
  const std::uint64_t order = found == savepoints_.end() ? 0 : found->second.order;
  if (has_foreign_letters_ || !is_ascii(wanted)) {
    for (const auto& [other, savepoint] : savepoints_) {
      if (savepoint.order <= order || !may_be_same(wanted, other)) continue;
      return absl::UnimplementedError(
          fmt::format("the transaction has the savepoints {} and {}, which may be one name to the server",
                      wanted, other));
    }
  }
  if (found == savepoints_.end()) {
    return absl::NotFoundError(fmt::format("the transaction has no savepoint {} that is remembered", wanted));
  }
  const std::uint64_t from = found->second.rows_events;
  std::uint64_t begin = from;
  while (!ranges_.empty() && ranges_.back().second >= from) {
    begin = std::min(begin, ranges_.back().first);
    ranges_.pop_back();
  }
  if (ranges_.size() >= kMaxRanges) {
    return absl::UnimplementedError(fmt::format(
        "the transaction goes back to its savepoints more than {} times, which cannot be remembered",
        kMaxRanges));
  }
  if (begin < rows_events_) ranges_.emplace_back(begin, rows_events_);
  return from;
}

bool TakenBack::contains(std::uint64_t rows_event) const {
  const auto behind =
      std::upper_bound(ranges_.begin(), ranges_.end(), rows_event,
                       [](std::uint64_t number, const Range& range) { return number < range.first; });
  return behind != ranges_.begin() && rows_event < std::prev(behind)->second;
}

}  // namespace rowtide::pipeline
