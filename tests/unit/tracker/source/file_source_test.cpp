#include "tracker/source/file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace rowtide::source {
namespace {

using testing::HasSubstr;

constexpr char kRows = 30;

/// An event of the given type: a header whose size is right, then the body. FileSource looks at no more.
std::string event(char type, const std::string& body) {
  std::string bytes(19, '\0');
  bytes[4] = type;
  const auto size = static_cast<std::uint32_t>(bytes.size() + body.size());
  for (std::size_t i = 0; i < 4; ++i) bytes[9 + i] = static_cast<char>(size >> (8 * i));
  return bytes + body;
}

class FileSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("file_source." + std::to_string(::getpid()) + "." +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }

  static std::string body_of_next(FileSource& source) {
    const absl::StatusOr<Bytes> event = source.next();
    return event.ok() ? std::string(as_text(event->subspan(19))) : std::string(event.status().message());
  }

  std::filesystem::path folder_;
};

const std::string kMagic =
    "\xFE"
    "bin";

TEST_F(FileSourceTest, YieldsTheEventsOfAllFilesInOrder) {
  FileSource source({write("b.1", kMagic + event(15, "format") + event(kRows, "one")),
                     write("b.2", kMagic + event(15, "format two") + event(kRows, "two"))});
  ASSERT_TRUE(source.open({}).ok());
  EXPECT_EQ(body_of_next(source), "format");
  EXPECT_EQ(body_of_next(source), "one");
  EXPECT_EQ(body_of_next(source), "format two");
  EXPECT_EQ(body_of_next(source), "two");
  EXPECT_TRUE(absl::IsOutOfRange(source.next().status()));
}

TEST_F(FileSourceTest, BeginsInsideAFileWithItsFormat) {
  const std::string head = kMagic + event(15, "format") + event(kRows, "one");
  FileSource source({write("b.1", kMagic), write("b.2", head + event(kRows, "two"))});
  ASSERT_TRUE(source.open({.gtids = {}, .file = "b.2", .offset = head.size()}).ok());
  EXPECT_EQ(body_of_next(source), "format");
  EXPECT_EQ(body_of_next(source), "two");
}

TEST_F(FileSourceTest, ReadsLargeEvents) {
  const std::string large(5'000'000, 'x');
  FileSource source({write("b.1", kMagic + event(15, "format") + event(kRows, large))});
  ASSERT_TRUE(source.open({}).ok());
  EXPECT_EQ(body_of_next(source), "format");
  EXPECT_EQ(body_of_next(source), large);
}

TEST_F(FileSourceTest, SaysWhereAnEventIsCutOff) {
  const std::string whole = kMagic + event(15, "format");
  FileSource source({write("b.1", whole + event(kRows, "cut off").substr(0, 22))});
  ASSERT_TRUE(source.open({}).ok());
  EXPECT_EQ(body_of_next(source), "format");
  const absl::Status status = source.next().status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("at " + std::to_string(whole.size())));
}

TEST_F(FileSourceTest, RefusesADamagedLengthWithoutAskingForThatMuchMemory) {
  std::string damaged = event(kRows, "x");
  damaged[12] = '\x7F';
  FileSource source({write("b.1", kMagic + event(15, "format") + damaged)});
  ASSERT_TRUE(source.open({}).ok());
  EXPECT_EQ(body_of_next(source), "format");
  EXPECT_TRUE(absl::IsDataLoss(source.next().status()));
}

TEST_F(FileSourceTest, RefusesWhatIsNotABinlog) {
  EXPECT_TRUE(absl::IsFailedPrecondition(FileSource({write("b.1", "text")}).open({})));
  EXPECT_TRUE(absl::IsFailedPrecondition(FileSource({write("b.1", "")}).open({})));
  const absl::Status encrypted = FileSource({write("b.1",
                                                   "\xFD"
                                                   "bin....")})
                                     .open({});
  EXPECT_THAT(std::string(encrypted.message()), HasSubstr("encrypted"));
  EXPECT_TRUE(absl::IsNotFound(FileSource({folder_ / "none"}).open({})));
  EXPECT_TRUE(
      absl::IsOutOfRange(FileSource({write("b.1", kMagic)}).open({.gtids = {}, .file = "b.9", .offset = 4})));
}

TEST_F(FileSourceTest, CanBeInterrupted) {
  FileSource source({write("b.1", kMagic + event(15, "format"))});
  ASSERT_TRUE(source.open({}).ok());
  source.interrupt();
  EXPECT_TRUE(absl::IsCancelled(source.next().status()));
}

}  // namespace
}  // namespace rowtide::source
