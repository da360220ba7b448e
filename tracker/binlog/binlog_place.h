#pragma once

#include <cstdint>
#include <string>
#include <tuple>

namespace rowtide::binlog {

/// A place in one server's binlog, comparable: servers number their files, so a longer or later name is a
/// later file.
struct BinlogPlace {
  std::string file;
  std::uint64_t offset = 0;
  friend bool operator==(const BinlogPlace&, const BinlogPlace&) = default;
  friend bool operator<(const BinlogPlace& a, const BinlogPlace& b) {
    if (a.file.size() != b.file.size()) return a.file.size() < b.file.size();
    return std::tie(a.file, a.offset) < std::tie(b.file, b.offset);
  }
};

}  // namespace rowtide::binlog
