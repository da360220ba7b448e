// File and offset as the stream counts them, against the binlog files themselves: whatever a server leaves
// out, sends twice or makes up for a reader, the event must stand in that file at that offset.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "tests/integration/source_fixture.h"

namespace rowtide::test {
namespace {

using binlog::EventType;

class StreamOffsets : public testing::TestWithParam<SqlFlavor> {
 protected:
  void SetUp() override {
    static std::set<const MysqlServer*> prepared;
    if (prepared.insert(&server_).second) server_.create_user(kUser, sql_password());
    server_.exec("CREATE TABLE " + table_ + " (id INT AUTO_INCREMENT PRIMARY KEY, v LONGBLOB)");
  }

  void insert(int rows) {
    for (int i = 0; i < rows; ++i) server_.exec("INSERT INTO " + table_ + " (v) VALUES (REPEAT('x', 100))");
  }
  [[nodiscard]] binlog::Position latest() { return position_at(task_, task::StartMode::Latest); }

  /// Three files, a position in the middle of the second, and a table that marks the end.
  binlog::Position write_history() {
    insert(5);
    server_.exec("FLUSH BINARY LOGS");
    insert(5);
    const binlog::Position middle = latest();
    insert(5);
    server_.exec("INSERT INTO " + table_ + " (v) VALUES (REPEAT('y', 200000))");
    server_.exec("FLUSH BINARY LOGS");
    insert(5);
    server_.exec("CREATE TABLE " + database_ + "." + last_table_ + " (id INT)");
    server_.exec("INSERT INTO " + database_ + "." + last_table_ + " VALUES (1)");
    return middle;
  }

  /// Reads from there to the marking table. Returns how many events stood where the stream says.
  int check_from(const binlog::Position& from) {
    StreamReader reader(task_);
    const absl::Status opened = reader.open(from);
    EXPECT_TRUE(opened.ok()) << opened;
    int checked = 0;
    bool is_marked = false;
    std::string file = from.file;
    const absl::Status status = reader.read_until([&](const binlog::EventView& event) {
      if (stands_in_file(event)) {
        expect_in_file(file, event);
        ++checked;
      }
      file = reader.stream.file();
      is_marked =
          is_marked || (event.header.type == EventType::TableMap && reader.last_map.table == last_table_);
      return is_marked && event.header.type == EventType::Xid;
    });
    EXPECT_TRUE(status.ok()) << status;
    const binlog::Position end = latest();
    // A thread of MariaDB's writes a BINLOG_CHECKPOINT some time after the file was begun.
    if (reader.stream.offset() < end.offset) {
      EXPECT_TRUE(
          reader.read_until([&](const binlog::EventView&) { return reader.stream.offset() >= end.offset; })
              .ok());
    }
    EXPECT_EQ(reader.stream.file(), end.file);
    EXPECT_EQ(reader.stream.offset(), end.offset);
    return checked;
  }

  MysqlServer& server_ = MysqlServer::shared(GetParam());
  task::Task task_ = task_for(server_);
  std::string database_ = server_.fresh_database();
  std::string table_ = database_ + ".t";
  std::string last_table_ = "last_of_" + database_;

 private:
  static bool stands_in_file(const binlog::EventView& event) {
    const EventType type = event.header.type;
    // A FORMAT_DESCRIPTION is sent first to whoever begins midway, and changed for it.
    return (event.header.flags & binlog::kFlagArtificial) == 0 && type != EventType::Heartbeat &&
           type != EventType::FormatDescription;
  }

  void expect_in_file(const std::string& name, const binlog::EventView& event) {
    const std::string& bytes = file(name, event.start_offset + event.header.event_size);
    const std::size_t begin = event.start_offset + binlog::kEventHeaderSize;
    ASSERT_LE(begin + event.body.size(), bytes.size());
    EXPECT_EQ(std::string_view(bytes).substr(begin, event.body.size()), as_text(event.body))
        << binlog::name(event.header.type) << " at " << name << ':' << event.start_offset;
  }

  const std::string& file(const std::string& name, std::size_t at_least) {
    std::string& bytes = files_[name];
    if (bytes.size() < at_least) {
      std::ifstream stream(server_.value("SELECT @@datadir") + name, std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(stream), {});
    }
    return bytes;
  }

  std::map<std::string, std::string> files_;
};

TEST_P(StreamOffsets, FromAFilePosition) {
  binlog::Position from = write_history();
  from.gtids = {};
  EXPECT_GT(check_from(from), 50);
}

TEST_P(StreamOffsets, FromGtidsOfTheMiddleOfAFile) {
  EXPECT_GT(check_from(write_history()), 50);
}

TEST_P(StreamOffsets, FromGtidsWithoutAFile) {
  binlog::Position from = write_history();
  from.file.clear();
  from.offset = 0;
  EXPECT_GT(check_from(from), 50);
}

TEST_P(StreamOffsets, FromTheEarliestFile) {
  write_history();
  EXPECT_GT(check_from(position_at(task_, task::StartMode::Earliest)), 100);
}

TEST_P(StreamOffsets, ChecksumsSwitchedOffAndOn) {
  const binlog::Position from = latest();
  insert(2);
  server_.exec("SET GLOBAL binlog_checksum = NONE");
  insert(2);
  server_.exec("SET GLOBAL binlog_checksum = CRC32");
  write_history();
  EXPECT_GT(check_from(from), 100);
}

INSTANTIATE_TEST_SUITE_P(Servers, StreamOffsets, testing::ValuesIn(kEverySqlFlavor),
                         [](const auto& one) { return flavor_name(one.param); });

}  // namespace
}  // namespace rowtide::test
