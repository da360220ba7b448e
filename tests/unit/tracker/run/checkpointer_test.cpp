#include "tracker/run/checkpointer.h"

#include <gmock/gmock.h>

#include "tests/unit/tracker/run/run_fixture.h"

namespace rowtide::run {
namespace {

using testing::ElementsAre;

class Checkpointers : public RunFixture {
 protected:
  Checkpointers() { checkpointer_.begin(history_, 0); }

  Parts parts_ = parts();
  std::vector<std::uint64_t> delivered_;
  Checkpointer checkpointer_{
      parts_, [this](const binlog::Position& position) { delivered_.push_back(position.offset); }};
  schema::SchemaHistory history_{schema::SourceDialect{}};
};

TEST_F(Checkpointers, DefinitionsAreSavedBeforeTheCheckpointThatNeedsThem) {
  history_.begin({.databases = {{"shop", 45}}}, {});
  sink_.end_transaction(at(100), 0);
  EXPECT_TRUE(checkpointer_.save().ok());
  EXPECT_THAT(checkpoints_.log(), ElementsAre("schema [\"shop\"]", "checkpoint binlog.000001:100"));
  sink_.end_transaction(at(200), 0);
  EXPECT_TRUE(checkpointer_.save().ok());
  EXPECT_THAT(checkpoints_.log(), testing::SizeIs(3)) << "what is saved is not saved again";
  EXPECT_EQ(checkpointer_.saved()->offset, 200U);
  EXPECT_GT(checkpointer_.saved_at_ms(), 0);
}

TEST_F(Checkpointers, WhatWasNotSavedIsTriedAgain) {
  sink_.end_transaction(at(100), 0);
  checkpoints_.fail(absl::UnavailableError("away"));
  EXPECT_TRUE(absl::IsUnavailable(checkpointer_.save()));
  EXPECT_FALSE(checkpointer_.saved().has_value());
  checkpoints_.fail(absl::OkStatus());
  EXPECT_TRUE(checkpointer_.save().ok());
  EXPECT_THAT(checkpoints_.log(), ElementsAre("checkpoint binlog.000001:100"));
}

TEST_F(Checkpointers, WhatWasLostIsSavedAnewWithItsDefinitions) {
  history_.begin({.databases = {{"shop", 45}}}, {});
  sink_.end_transaction(at(100), 0);
  EXPECT_TRUE(checkpointer_.save().ok());
  checkpoints_.lose();
  sink_.end_transaction(at(200), 0);
  EXPECT_TRUE(checkpointer_.save().ok());
  EXPECT_THAT(checkpoints_.log(), ElementsAre("schema [\"shop\"]", "checkpoint binlog.000001:100",
                                              "schema [\"shop\"]", "checkpoint binlog.000001:200"));
}

TEST_F(Checkpointers, EachTopicIsNotedOnceAndBeforeTheCheckpoint) {
  const auto save_at = [this](std::uint64_t offset) {
    sink_.end_transaction(at(offset), 0);
    EXPECT_TRUE(checkpointer_.save().ok());
  };
  sink_.met_topics = {"a"};
  save_at(100);
  sink_.met_topics.emplace_back("b");
  save_at(200);
  checkpoints_.lose();
  save_at(300);
  EXPECT_THAT(checkpoints_.log(), ElementsAre("topic a", "checkpoint binlog.000001:100", "topic b",
                                              "checkpoint binlog.000001:200", "topic a", "topic b",
                                              "checkpoint binlog.000001:300"));
}

TEST_F(Checkpointers, OnlyWhatIsDurableIsSaved) {
  sink_.cork();
  sink_.end_transaction(at(100), 0);
  EXPECT_TRUE(checkpointer_.save().ok());
  EXPECT_THAT(checkpoints_.log(), testing::IsEmpty());
  sink_.uncork();
  EXPECT_TRUE(checkpointer_.save().ok());
  EXPECT_TRUE(checkpointer_.save().ok());
  EXPECT_THAT(checkpoints_.log(), ElementsAre("checkpoint binlog.000001:100"));
  EXPECT_THAT(delivered_, ElementsAre(100, 100));
}

}  // namespace
}  // namespace rowtide::run
