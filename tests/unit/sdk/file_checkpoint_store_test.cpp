#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "rowtide/checkpoint_store.h"
#include "rowtide/error.h"
#include "tests/support/temp_dir.h"

namespace rowtide::test {
namespace {

TEST(FileCheckpointStore, KeepsOffsetsOverARestart) {
  const TempDir folder;
  const auto path = folder.path() / "checkpoint";
  {
    const auto store = file_checkpoint_store(path);
    EXPECT_EQ(store->load("orders", 0), std::nullopt);
    store->save(std::vector<PartitionOffset>{{"orders", 0, 7}, {"orders", 1, 8}});
    store->save(std::vector<PartitionOffset>{{"orders", 1, 9}});
  }
  const auto store = file_checkpoint_store(path);
  EXPECT_EQ(store->load("orders", 0), 7);
  EXPECT_EQ(store->load("orders", 1), 9);
  EXPECT_EQ(store->load("other", 0), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "checkpoint.new"));
}

TEST(FileCheckpointStore, KeepsOriginsAndReadsAFileThatHasNone) {
  const TempDir folder;
  const auto path = folder.path() / "checkpoint";
  std::ofstream(path) << "rowtide-sdk checkpoint 1\n7 0 orders\n8 1 orders\n";
  {
    const auto store = file_checkpoint_store(path);
    EXPECT_EQ(store->load("orders", 0), 7);
    EXPECT_EQ(store->load_origin("orders", 0), "");
    store->save(std::vector<PartitionOffset>{{"orders", 1, 9, "3@100"}});
    EXPECT_EQ(store->load_origin("orders", 1), "3@100");
  }
  const auto store = file_checkpoint_store(path);
  EXPECT_EQ(store->load("orders", 0), 7);
  EXPECT_EQ(store->load_origin("orders", 0), "");
  EXPECT_EQ(store->load("orders", 1), 9);
  EXPECT_EQ(store->load_origin("orders", 1), "3@100");
  EXPECT_EQ(store->load_origin("other", 0), "");
}

TEST(FileCheckpointStore, RefusesWhatIsNoneAndWhatIsDamaged) {
  const TempDir folder;
  const auto path = folder.path() / "checkpoint";
  std::ofstream(path) << "something else\n";
  EXPECT_THROW(static_cast<void>(file_checkpoint_store(path)), Error);
  std::ofstream(path) << "rowtide-sdk checkpoint 1\n7 x orders\n";
  EXPECT_THROW(static_cast<void>(file_checkpoint_store(path)), Error);
  const auto nowhere = file_checkpoint_store(folder.path() / "none" / "checkpoint");
  try {
    nowhere->save(std::vector<PartitionOffset>{{"orders", 0, 7}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Checkpoint);
  }
}

TEST(FileCheckpointStore, SaysWhatToDoWhereTheFileCannotBeLookedAt) {
  const TempDir folder;
  const auto itself = folder.path() / "itself";
  std::filesystem::create_symlink(itself, itself);
  std::ofstream(folder.path() / "empty");
  const auto beneath_a_file = folder.path() / "empty" / "checkpoint";
  for (const auto& path : {itself, folder.path(), folder.path() / "empty"}) {
    try {
      static_cast<void>(file_checkpoint_store(path));
      FAIL() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Checkpoint);
      EXPECT_THAT(error.what(),
                  testing::AllOf(testing::HasSubstr(path.string()), testing::HasSubstr("name another file")));
    }
  }
  EXPECT_THROW(file_checkpoint_store(beneath_a_file)->save(std::vector<PartitionOffset>{{"orders", 0, 7}}),
               Error);
}

}  // namespace
}  // namespace rowtide::test
