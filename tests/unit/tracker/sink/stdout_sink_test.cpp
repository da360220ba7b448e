#include "tracker/sink/stdout_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include "common/status/text.h"

namespace rowtide::sink {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

binlog::Position at(std::uint64_t offset) {
  binlog::Position position;
  position.file = "b.000001";
  position.offset = offset;
  return position;
}

void add(record::RecordBatch& batch, std::string_view value) {
  batch.begin_record("t", "d.t", 0);
  batch.buffer() += value;
  batch.end_record();
}

class Pipe {
 public:
  Pipe() {
    if (::pipe(ends_.data()) != 0) throw std::runtime_error("pipe");
  }
  ~Pipe() {
    close_reader();
    ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int writer() const { return ends_[1]; }
  void close_reader() {
    if (ends_[0] >= 0) ::close(std::exchange(ends_[0], -1));
  }
  std::string read_some() const {
    std::array<char, 65536> bytes;
    const ssize_t count = ::read(ends_[0], bytes.data(), bytes.size());
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

TEST(StdoutSink, WritesAValueALineAtTheTransactionsEnd) {
  const Pipe pipe;
  const auto sink = make_stdout_sink(pipe.writer());
  ASSERT_TRUE(sink->open().ok());
  record::RecordBatch batch;
  add(batch, R"({"a":1})");
  batch.begin_record("t", "d.t", 0);
  batch.end_record_tombstone();
  add(batch, R"({"a":2})");
  ASSERT_TRUE(sink->write(batch, {}).ok());
  EXPECT_EQ(sink->durable(), std::nullopt);
  sink->end_transaction(at(10), 0);
  EXPECT_EQ(pipe.read_some(), "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_EQ(sink->durable(), at(10));
  EXPECT_EQ(sink->counters().records, 2U);
  EXPECT_EQ(sink->counters().bytes, 16U);
  EXPECT_EQ(sink->counters().queued_bytes, 0U);
}

TEST(StdoutSink, AReaderThatStandsStillIsWaitedForUntilStop) {
  const Pipe pipe;
  const auto sink = make_stdout_sink(pipe.writer());
  ASSERT_TRUE(sink->open().ok());
  record::RecordBatch batch;
  add(batch, std::string(1024 * 1024, 'x'));
  std::stop_source stop;
  std::jthread stopper([&stop] {
    std::this_thread::sleep_for(milliseconds{100});
    stop.request_stop();
  });
  EXPECT_TRUE(absl::IsCancelled(sink->write(batch, stop.get_token())));
  sink->end_transaction(at(10), 0);
  EXPECT_EQ(sink->durable(), std::nullopt);
  EXPECT_TRUE(sink->error().ok());
  EXPECT_GT(sink->counters().queued_bytes, 0U);

  const absl::Status late = sink->flush(milliseconds{100});
  EXPECT_TRUE(absl::IsDeadlineExceeded(late));
  EXPECT_THAT(std::string(text(late)), HasSubstr("bytes are not written to stdout"));

  std::string read;
  std::jthread reader([&] {
    while (read.size() < 1024 * 1024 + 1) read += pipe.read_some();
  });
  EXPECT_TRUE(sink->flush(milliseconds{10'000}).ok());
  reader.join();
  EXPECT_EQ(read, std::string(1024 * 1024, 'x') + "\n");
  EXPECT_EQ(sink->durable(), at(10));
}

TEST(StdoutSink, AReaderThatIsGoneIsAnError) {
  Pipe pipe;
  const auto sink = make_stdout_sink(pipe.writer());
  ASSERT_TRUE(sink->open().ok());
  pipe.close_reader();
  record::RecordBatch batch;
  add(batch, "{}");
  ASSERT_TRUE(sink->write(batch, {}).ok());
  sink->end_transaction(at(10), 0);
  EXPECT_THAT(std::string(text(sink->error())), HasSubstr("the program that reads stdout has ended"));
  EXPECT_EQ(sink->durable(), std::nullopt);
  EXPECT_FALSE(sink->write(batch, {}).ok());
  EXPECT_FALSE(sink->flush(milliseconds{1}).ok());
  EXPECT_EQ(sink->counters().connection_errors, 1U);
}

TEST(StdoutSink, AFullDiskIsAnError) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  const auto sink = make_stdout_sink(full);
  ASSERT_TRUE(sink->open().ok());
  record::RecordBatch batch;
  add(batch, "{}");
  ASSERT_TRUE(sink->write(batch, {}).ok());
  sink->end_transaction(at(10), 0);
  EXPECT_THAT(std::string(text(sink->error())), HasSubstr("No space left on device; make room"));
  ::close(full);
}

TEST(StdoutSink, AClosedStdoutIsAnErrorOfOpen) {
  EXPECT_THAT(std::string(text(make_stdout_sink(-1)->open())), HasSubstr("Bad file descriptor"));
}

}  // namespace
}  // namespace rowtide::sink
