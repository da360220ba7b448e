#pragma once

#include <cstdint>
#include <string>
#include <tuple>

namespace rowtide::binlog {

/// A place in one server's binlog, comparable: servers number their files, so a longer or later name is a
/// later file.
struct BinlogCoordinates {
  std::string file;
  std::uint64_t offset = 0;
  friend bool operator==(const BinlogCoordinates&, const BinlogCoordinates&) = default;
  friend bool operator<(const BinlogCoordinates& a, const BinlogCoordinates& b) {
    if (a.file.size() != b.file.size()) return a.file.size() < b.file.size();
    return std::tie(a.file, a.offset) < std::tie(b.file, b.offset);
  }
};

}  // namespace rowtide::binlog
