#include "tracker/binlog/gtid.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

#include "common/bytes/hex.h"

namespace rowtide::binlog {
namespace {

/// The largest transaction number: a half-open interval must be able to end after it.
constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::int64_t>::max() - 1;

bool is_separator(char character) {
  return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_separator(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_separator(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes the text up to `separator` (or to the end) off the front.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return trimmed(taken);
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

int hex_digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

/// With or without dashes and braces, as the server takes it.
std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}') text = text.substr(1, text.size() - 2);
  Uuid uuid{};
  std::size_t digits = 0;
  for (const char character : text) {
    if (character == '-') continue;
    const int digit = hex_digit(character);
    if (digit < 0 || digits == 2 * uuid.size()) return std::nullopt;
    const auto shifted = static_cast<std::uint8_t>(uuid[digits / 2] << 4U);
    uuid[digits / 2] = static_cast<std::uint8_t>(shifted | static_cast<std::uint8_t>(digit));
    ++digits;
  }
  if (digits != 2 * uuid.size()) return std::nullopt;
  return uuid;
}

std::string uuid_text(const Uuid& uuid) {
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    append_hex(text, {reinterpret_cast<const char*>(&uuid[i]), 1});
  }
  return text;
}

/// [a-z_][a-z0-9_]{0,31}, lower-cased; nullopt for anything else.
std::optional<std::string> parse_tag(std::string_view text) {
  if (text.empty() || text.size() > kMaxTagLength) return std::nullopt;
  std::string tag;
  for (char character : text) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
    const bool is_letter = character == '_' || (character >= 'a' && character <= 'z');
    const bool is_digit = character >= '0' && character <= '9';
    if (!is_letter && (!is_digit || tag.empty())) return std::nullopt;
    tag.push_back(character);
  }
  return tag;
}

/// "5" or "5-7".
std::optional<MysqlGtidSet::Interval> parse_interval(std::string_view text) {
  const bool is_range = text.find('-') != std::string_view::npos;
  const auto start = parse_number<std::uint64_t>(take_until(text, '-'));
  const auto last = is_range ? parse_number<std::uint64_t>(trimmed(text)) : start;
  if (!start || !last || *start == 0 || *last < *start || *last > kMaxNumber) return std::nullopt;
  return MysqlGtidSet::Interval{*start, *last + 1};
}

absl::Status bad_set(std::string_view text, std::string_view part, std::string_view expected) {
  return absl::InvalidArgumentError(fmt::format("GTID set '{}': '{}' is not {}", text, part, expected));
}

void put_u64(std::string& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8)
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(value >> shift)));
}

std::string intervals_text(const std::vector<MysqlGtidSet::Interval>& intervals) {
  std::string text;
  for (const auto& [start, end] : intervals) {
    fmt::format_to(std::back_inserter(text), ":{}", start);
    if (end - start > 1) fmt::format_to(std::back_inserter(text), "-{}", end - 1);
  }
  return text;
}

struct GtidText {
  std::string operator()(std::monostate /*none*/) const { return {}; }
  std::string operator()(const MysqlGtid& gtid) const {
    const std::string uuid = uuid_text(gtid.uuid);
    return gtid.tag.empty() ? fmt::format("{}:{}", uuid, gtid.number)
                            : fmt::format("{}:{}:{}", uuid, gtid.tag, gtid.number);
  }
  std::string operator()(const MariadbGtid& gtid) const {
    return fmt::format("{}-{}-{}", gtid.domain, gtid.server_id, gtid.sequence);
  }
};

struct SetText {
  std::string operator()(std::monostate /*none*/) const { return {}; }
  std::string operator()(const MysqlGtidSet& set) const { return set.to_string(); }
  std::string operator()(const MariadbGtidSet& set) const { return set.to_string(); }
};

}  // namespace

std::string to_string(const Gtid& gtid) {
  return std::visit(GtidText{}, gtid);
}
std::string to_string(const GtidSet& set) {
  return std::visit(SetText{}, set);
}

std::string shortened(std::string_view gtid_set) {
  constexpr std::size_t kMost = 200;
  constexpr std::size_t kUuidLength = 36;
  std::string text(gtid_set);
  std::erase(text, '\n');
  if (text.size() <= kMost) return text;
  std::size_t end = text.find_last_of(",:", kMost);
  if (end == std::string::npos) end = kMost;
  std::size_t more = 0;
  std::string_view rest = std::string_view(text).substr(end + 1);
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, rest.find_first_of(",:"));
    rest.remove_prefix(std::min(piece.size() + 1, rest.size()));
    // The others are servers' uuids and tags.
    if (piece.size() < kUuidLength && !piece.empty() && piece[0] >= '0' && piece[0] <= '9') ++more;
  }
  text.resize(end);
  return fmt::format("{} and {} more intervals", text, more);
}

absl::StatusOr<MysqlGtidSet> MysqlGtidSet::parse(std::string_view text) {
  MysqlGtidSet set;
  std::string_view rest = trimmed(text);
  while (!rest.empty()) {
    std::string_view source = take_until(rest, ',');
    if (source.empty()) continue;  // the server takes doubled and trailing commas too
    const std::string_view uuid_part = take_until(source, ':');
    const std::optional<Uuid> uuid = parse_uuid(uuid_part);
    if (!uuid) return bad_set(text, uuid_part, "a server UUID like 3e11fa47-71ca-11e1-9e33-c80aa9429562");
    Key key{*uuid, ""};
    bool has_interval = false;
    while (!source.empty()) {
      const std::string_view part = take_until(source, ':');
      if (const auto interval = parse_interval(part)) {
        set.add(key, *interval);
        has_interval = true;
      } else if (auto tag = parse_tag(part)) {
        key.second = std::move(*tag);
        has_interval = false;
      } else {
        return bad_set(text, part, "an interval like 1-5 (numbers from 1) or a tag");
      }
    }
    if (!has_interval) return bad_set(text, uuid_part, "followed by an interval like :1-5");
  }
  return set;
}

void MysqlGtidSet::add(const MysqlGtid& gtid) {
  if (gtid.number == 0) return;  // anonymous
  add({gtid.uuid, gtid.tag}, {gtid.number, gtid.number + 1});
}

void MysqlGtidSet::add(const Key& key, Interval interval) {
  if (interval.start >= interval.end) return;
  std::vector<Interval>& intervals = intervals_[key];
  // The first that touches or follows: neighbours become one.
  auto first = std::lower_bound(intervals.begin(), intervals.end(), interval.start,
                                [](const Interval& left, std::uint64_t start) { return left.end < start; });
  auto last = first;
  while (last != intervals.end() && last->start <= interval.end) {
    interval.start = std::min(interval.start, last->start);
    interval.end = std::max(interval.end, last->end);
    ++last;
  }
  if (first == last) {
    intervals.insert(first, interval);
    return;
  }
  *first = interval;
  intervals.erase(first + 1, last);
}

void MysqlGtidSet::unite(const MysqlGtidSet& other) {
  for (const auto& [key, intervals] : other.intervals_)
    for (const Interval& interval : intervals) add(key, interval);
}

bool MysqlGtidSet::contains(const MysqlGtid& gtid) const {
  const auto found = intervals_.find({gtid.uuid, gtid.tag});
  if (found == intervals_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&gtid](const Interval& interval) {
    return interval.start <= gtid.number && gtid.number < interval.end;
  });
}

bool MysqlGtidSet::contains(const MysqlGtidSet& other) const {
  const auto is_covered = [](const std::vector<Interval>& ours, const Interval& wanted) {
    return std::any_of(ours.begin(), ours.end(), [&wanted](const Interval& interval) {
      return interval.start <= wanted.start && wanted.end <= interval.end;
    });
  };
  return std::all_of(other.intervals_.begin(), other.intervals_.end(), [&](const auto& entry) {
    const auto found = intervals_.find(entry.first);
    if (found == intervals_.end()) return false;
    return std::all_of(entry.second.begin(), entry.second.end(),
                       [&](const Interval& wanted) { return is_covered(found->second, wanted); });
  });
}

std::optional<MysqlGtid> MysqlGtidSet::only_gtid() const {
  if (intervals_.size() != 1) return std::nullopt;
  const auto& [key, intervals] = *intervals_.begin();
  if (intervals.size() != 1 || intervals.front().end - intervals.front().start != 1) return std::nullopt;
  return MysqlGtid{key.first, key.second, intervals.front().start};
}

std::string MysqlGtidSet::to_string() const {
  std::string text;
  const Uuid* previous = nullptr;
  for (const auto& [key, intervals] : intervals_) {
    const auto& [uuid, tag] = key;
    if (previous == nullptr || *previous != uuid) {
      if (previous != nullptr) text.push_back(',');
      text += uuid_text(uuid);
    }
    if (!tag.empty()) text += ":" + tag;
    text += intervals_text(intervals);
    previous = &uuid;
  }
  return text;
}

std::string MysqlGtidSet::encode() const {
  // With tags: 1 in the first and the last byte, the count between them; each tag after its UUID, with a
  // length in mysql::serialization's form. Source: MySQL sql/rpl_gtid_set.cc, Gtid_set::encode().
  constexpr std::uint64_t kTagged = std::uint64_t{1} << 56U | 1U;
  const bool is_tagged = std::any_of(intervals_.begin(), intervals_.end(),
                                     [](const auto& entry) { return !entry.first.second.empty(); });
  std::string out;
  put_u64(out, is_tagged ? kTagged | intervals_.size() << 8U : intervals_.size());
  for (const auto& [key, intervals] : intervals_) {
    for (const std::uint8_t byte : key.first) out.push_back(static_cast<char>(byte));
    if (is_tagged) {
      out.push_back(static_cast<char>(key.second.size() << 1U));
      out += key.second;
    }
    put_u64(out, intervals.size());
    for (const auto& [start, end] : intervals) {
      put_u64(out, start);
      put_u64(out, end);
    }
  }
  return out;
}

absl::StatusOr<MysqlGtidSet> MysqlGtidSet::decode(Bytes encoded) {
  constexpr std::uint64_t kCountMask = (std::uint64_t{1} << 48U) - 1;
  constexpr unsigned kMaxTagBytes = 32;
  const auto damaged = [&encoded] {
    return absl::DataLossError(fmt::format("a GTID set of {} bytes is damaged", encoded.size()));
  };
  ByteReader reader(encoded);
  const std::uint64_t head = reader.u64();
  const bool is_tagged = head >> 56U == 1;
  MysqlGtidSet set;
  for (std::uint64_t left = is_tagged ? head >> 8U & kCountMask : head; left > 0 && reader.ok(); --left) {
    Key key;
    const Bytes uuid = reader.bytes(key.first.size());
    if (!reader.ok()) break;
    std::memcpy(key.first.data(), uuid.data(), uuid.size());
    if (is_tagged) {
      const unsigned length = reader.u8();
      if ((length & 1U) != 0 || length >> 1U > kMaxTagBytes) return damaged();
      key.second = std::string(reader.text(length >> 1U));
    }
    std::uint64_t after = 1;  // intervals ascend and do not touch
    for (std::uint64_t intervals = reader.u64(); intervals > 0 && reader.ok(); --intervals) {
      const Interval interval{reader.u64(), reader.u64()};
      if (!reader.ok()) break;
      if (interval.start < after || interval.end <= interval.start) return damaged();
      after = interval.end + 1;
      set.add(key, interval);
    }
  }
  if (!reader.ok() || !reader.at_end()) return damaged();
  return set;
}

absl::StatusOr<MariadbGtidSet> MariadbGtidSet::parse(std::string_view text) {
  MariadbGtidSet set;
  std::string_view rest = trimmed(text);
  while (!rest.empty()) {
    const std::string_view whole = take_until(rest, ',');
    std::string_view part = whole;
    const auto domain = parse_number<std::uint32_t>(take_until(part, '-'));
    const auto server_id = parse_number<std::uint32_t>(take_until(part, '-'));
    const auto sequence = parse_number<std::uint64_t>(part);
    if (!domain || !server_id || !sequence) return bad_set(text, whole, "domain-server-sequence like 0-1-42");
    if (set.domains_.contains(*domain)) return bad_set(text, whole, "the only position of its domain");
    set.add({*domain, *server_id, *sequence});
  }
  return set;
}

void MariadbGtidSet::add(const MariadbGtid& gtid) {
  domains_.insert_or_assign(gtid.domain, gtid);
}

std::optional<MariadbGtid> MariadbGtidSet::only_gtid() const {
  if (domains_.size() != 1) return std::nullopt;
  return domains_.begin()->second;
}

bool MariadbGtidSet::is_part_of(const MariadbGtidSet& other) const {
  return std::all_of(domains_.begin(), domains_.end(), [&other](const auto& entry) {
    const auto reached = other.domains_.find(entry.first);
    return reached != other.domains_.end() && entry.second.sequence <= reached->second.sequence;
  });
}

bool MariadbGtidSet::has_reached(const MariadbGtid& gtid) const {
  const auto reached = domains_.find(gtid.domain);
  return reached != domains_.end() && reached->second.server_id == gtid.server_id &&
         reached->second.sequence >= gtid.sequence;
}

MariadbGtidSet MariadbGtidSet::beyond(const MariadbGtidSet& other) const {
  MariadbGtidSet result;
  for (const auto& [domain, gtid] : domains_) {
    const auto found = other.domains_.find(domain);
    const bool is_known = found == other.domains_.end() || found->second.server_id == gtid.server_id;
    if (is_known && !other.has_reached(gtid)) result.add(gtid);
  }
  return result;
}

std::string MariadbGtidSet::to_string() const {
  std::string text;
  for (const auto& [domain, gtid] : domains_) {
    if (!text.empty()) text.push_back(',');
    text += GtidText{}(gtid);
  }
  return text;
}

}  // namespace rowtide::binlog
