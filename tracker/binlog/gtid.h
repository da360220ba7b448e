#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/bytes/byte_reader.h"

namespace rowtide::binlog {

using Uuid = std::array<std::uint8_t, 16>;

/// One MySQL transaction: "3e11fa47-71ca-11e1-9e33-c80aa9429562:23", or "uuid:tag:23".
struct MysqlGtid {
  Uuid uuid{};
  std::string tag;
  std::uint64_t number = 0;
  bool operator==(const MysqlGtid&) const = default;
};

/// One MariaDB transaction: "0-1-42" (domain, server, sequence).
struct MariadbGtid {
  std::uint32_t domain = 0;
  std::uint32_t server_id = 0;
  std::uint64_t sequence = 0;
  bool operator==(const MariadbGtid&) const = default;
};

/// Of a MySQL GTID's tag, in characters.
inline constexpr std::size_t kMaxTagLength = 32;

/// std::monostate: the transaction carries none (anonymous).
using Gtid = std::variant<std::monostate, MysqlGtid, MariadbGtid>;
[[nodiscard]] std::string to_string(const Gtid& gtid);

/// A set of MySQL GTIDs: disjoint, sorted, maximal intervals per (uuid, tag). Intervals are half-open:
/// [start, end).
class MysqlGtidSet {
 public:
  struct Interval {
    std::uint64_t start;
    std::uint64_t end;
    bool operator==(const Interval&) const = default;
  };
  using Key = std::pair<Uuid, std::string>;

  /// The server's text form, upper or lower case, with blanks and newlines. Empty text is the empty set.
  [[nodiscard]] static absl::StatusOr<MysqlGtidSet> parse(std::string_view text);
  void add(const MysqlGtid& gtid);
  void add(const Key& key, Interval interval);
  void unite(const MysqlGtidSet& other);
  [[nodiscard]] bool contains(const MysqlGtid& gtid) const;
  [[nodiscard]] bool contains(const MysqlGtidSet& other) const;
  [[nodiscard]] bool empty() const { return intervals_.empty(); }
  /// The one there is; nullopt if there are none or several.
  [[nodiscard]] std::optional<MysqlGtid> only_gtid() const;
  [[nodiscard]] std::string to_string() const;
  /// As COM_BINLOG_DUMP_GTID wants it: servers before 8.3 read sets without tags only, and then get the old
  /// form.
  [[nodiscard]] std::string encode() const;
  /// What encode() gives, and what stands in PREVIOUS_GTIDS. DATA_LOSS for other bytes.
  [[nodiscard]] static absl::StatusOr<MysqlGtidSet> decode(Bytes encoded);
  bool operator==(const MysqlGtidSet&) const = default;

 private:
  std::map<Key, std::vector<Interval>> intervals_;
};

/// A MariaDB position: the last transaction per domain. Text form "0-1-42,1-7-9".
class MariadbGtidSet {
 public:
  [[nodiscard]] static absl::StatusOr<MariadbGtidSet> parse(std::string_view text);
  /// The last of its domain now. Its sequence may be less than that of another server's before it, with
  /// gtid_strict_mode=OFF: the order of a domain is that of the binlog.
  void add(const MariadbGtid& gtid);
  [[nodiscard]] bool empty() const { return domains_.empty(); }
  /// The one there is; nullopt if there are none or several.
  [[nodiscard]] std::optional<MariadbGtid> only_gtid() const;
  [[nodiscard]] const std::map<std::uint32_t, MariadbGtid>& domains() const { return domains_; }
  /// In every domain `other` is as far, by the sequence, whichever server's: so it is where each server goes
  /// on counting from the one before it.
  [[nodiscard]] bool is_part_of(const MariadbGtidSet& other) const;
  /// This or a later transaction of the same server.
  [[nodiscard]] bool has_reached(const MariadbGtid& gtid) const;
  /// The positions that `other` is known not to have reached. Of a domain in which it stands at another
  /// server's transaction it is not known which of the two comes first.
  [[nodiscard]] MariadbGtidSet beyond(const MariadbGtidSet& other) const;
  [[nodiscard]] std::string to_string() const;
  bool operator==(const MariadbGtidSet&) const = default;

 private:
  std::map<std::uint32_t, MariadbGtid> domains_;
};

using GtidSet = std::variant<std::monostate, MysqlGtidSet, MariadbGtidSet>;
[[nodiscard]] std::string to_string(const GtidSet& set);

/// A set as text for a message, of any server or ours: sets grow without bound, so its first 200 bytes at
/// most and how many intervals more. On one line.
[[nodiscard]] std::string shortened(std::string_view gtid_set);

}  // namespace rowtide::binlog
