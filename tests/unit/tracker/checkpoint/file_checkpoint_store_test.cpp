#include "tracker/checkpoint/file_checkpoint_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "common/status/text.h"
#include "tests/support/temp_dir.h"

namespace rowtide::checkpoint {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class FileCheckpointStore : public testing::Test {
 protected:
  static Checkpoint at(std::uint64_t offset) {
    Checkpoint checkpoint;
    checkpoint.position.file = "b.000001";
    checkpoint.position.offset = offset;
    checkpoint.saved_at_ms = 7;
    return checkpoint;
  }
  static task::Task task(std::string name) {
    task::Task task;
    task.name = std::move(name);
    return task;
  }
  std::unique_ptr<CheckpointStore> store() const { return make_file_checkpoint_store(file_, task("orders")); }
  void write(std::string_view content) const { std::ofstream(file_) << content; }

  test::TempDir folder_;
  std::filesystem::path file_ = folder_.path() / "checkpoint.json";
};

TEST_F(FileCheckpointStore, HasNoneAtFirst) {
  const auto loaded = store()->load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_FALSE(loaded->has_value());
}

TEST_F(FileCheckpointStore, KeepsTheNewest) {
  const auto writer = store();
  ASSERT_TRUE(writer->save(at(10)).ok());
  ASSERT_TRUE(writer->save(at(20)).ok());
  const auto loaded = store()->load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_TRUE(loaded->has_value());
  EXPECT_EQ((*loaded)->position, at(20).position);
  EXPECT_EQ((*loaded)->saved_at_ms, 7);
  EXPECT_FALSE(std::filesystem::exists(file_.string() + ".new"));
}

TEST_F(FileCheckpointStore, AHalfWrittenNewOneDoesNotMatter) {
  ASSERT_TRUE(store()->save(at(10)).ok());
  std::ofstream(file_.string() + ".new") << R"({"position":{"fi)";
  const auto loaded = store()->load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->position, at(10).position);
  EXPECT_TRUE(store()->save(at(20)).ok());
}

TEST_F(FileCheckpointStore, DamageIsAnErrorWithPlaceAndRepair) {
  for (const std::string_view content : {"", "{\"position\":", "{}"}) {
    write(content);
    const auto loaded = store()->load();
    EXPECT_TRUE(absl::IsDataLoss(loaded.status())) << content;
    EXPECT_THAT(std::string(text(loaded.status())), AllOf(HasSubstr(file_.string()), HasSubstr("remove it"),
                                                          HasSubstr("to begin at spec.startPosition")));
  }
}

TEST_F(FileCheckpointStore, AnotherTasksFileIsRefused) {
  ASSERT_TRUE(make_file_checkpoint_store(file_, task("lines"))->save(at(10)).ok());
  const auto loaded = store()->load();
  EXPECT_THAT(std::string(text(loaded.status())), HasSubstr("the checkpoint of task default/lines"));
}

/// As a StatefulSet's volume has it, whose task was deleted and made again.
TEST_F(FileCheckpointStore, AFormerTasksOfTheSameNameAndSourceIsGoneOnFrom) {
  task::Task first = task("orders");
  first.uid = "u-1";
  first.spec.source.host = "mysql";
  ASSERT_TRUE(make_file_checkpoint_store(file_, first)->save(at(10)).ok());
  task::Task again = first;
  again.uid = "u-2";
  const auto store = make_file_checkpoint_store(file_, again);
  const auto loaded = store->load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->position, at(10).position);
  EXPECT_THAT(store->remark(), HasSubstr("former task default/orders (u-1)"));
  ASSERT_TRUE(store->save(at(20)).ok());
  EXPECT_EQ(make_file_checkpoint_store(file_, again)->remark(), "");
  again.spec.source.host = "other";
  again.uid = "u-3";
  EXPECT_TRUE(absl::IsFailedPrecondition(make_file_checkpoint_store(file_, again)->load().status()));
}

TEST_F(FileCheckpointStore, AFolderThatIsNotThereIsAnErrorOfSave) {
  file_ = folder_.path() / "missing" / "checkpoint.json";
  EXPECT_FALSE(store()->load()->has_value());
  EXPECT_THAT(std::string(text(store()->save(at(1)))),
              AllOf(HasSubstr("No such file or directory"), HasSubstr("--checkpoint")));
}

}  // namespace
}  // namespace rowtide::checkpoint
