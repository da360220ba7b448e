#include "tracker/run/runner.h"

#include <gmock/gmock.h>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "tests/unit/tracker/run/run_fixture.h"

namespace rowtide::run {
namespace {

using test::wait_until;
using testing::ElementsAre;

class Runners : public RunFixture {
 protected:
  ~Runners() override { thread_ = {}; }

  void start() {
    runner_.emplace(task_, parts());
    thread_ = std::jthread([this](const std::stop_token& stop) {
      runs_at_ = std::this_thread::get_id();
      result_ = runner_->run(stop);
    });
  }
  /// What run() returned.
  absl::Status stop() {
    thread_ = {};
    return result_;
  }
  absl::Status wait_for_end() {
    thread_.join();
    return result_;
  }
  void wait_for_openings(std::size_t count) {
    wait_until("the source is opened", [&] { return source_.openings().size() >= count; });
  }
  void wait_streaming() {
    wait_until("it streams", [&] { return runner_->is_streaming(); });
  }
  /// An empty transaction: the position moves on.
  void give_transaction() {
    if (end_offset_ == 4) give(binlog::EventType::FormatDescription, binlog::format_body("8.0.15"));
    give(binlog::EventType::AnonymousGtid, binlog::EventBytes().u8(0).zeros(24).str());
    give(binlog::EventType::Xid, binlog::EventBytes().u64(1).str());
  }
  void give(binlog::EventType type, const std::string& body) {
    end_offset_ += binlog::kEventHeaderSize + body.size() + 4;
    source_.give(binlog::make_event(type, body, {.log_pos = static_cast<std::uint32_t>(end_offset_)}));
  }

  std::uint64_t end_offset_ = 4;
  std::optional<Runner> runner_;
  absl::Status result_;
  std::jthread thread_;
  std::atomic<std::thread::id> runs_at_;  ///< known to itself from its beginning on, unlike thread_
};

TEST_F(Runners, ACheckpointThatCanNeverBeSavedEndsTheRun) {
  start();
  wait_streaming();
  checkpoints_.fail(absl::FailedPreconditionError("not writable"));
  give_transaction();
  const absl::Status ended = wait_for_end();
  EXPECT_TRUE(absl::IsFailedPrecondition(ended)) << ended;
  EXPECT_EQ(text(ended), "not writable");
  EXPECT_EQ(runner_->status().state, "Failed");
}

TEST_F(Runners, ACheckpointThatCannotBeSavedForAWhileIsCounted) {
  start();
  wait_streaming();
  checkpoints_.fail(absl::UnavailableError("away"));
  give_transaction();
  wait_until("it is counted", [&] { return runner_->checkpoint_failures() > 0; });
  checkpoints_.fail(absl::OkStatus());
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, AHigherResetNonceBeginsAtTheStartPositionWithoutTheOldDefinitions) {
  checkpoints_.loaded = checkpoint::Checkpoint{.position = at(100), .saved_at_ms = 1, .reset_nonce = 1};
  checkpoints_.schemas = {{"[\"shop\",\"old\"]", "{}"}};
  task_.spec.reset_nonce = 2;
  start();
  wait_streaming();
  EXPECT_THAT(checkpoints_.log(), ElementsAre("no schema [\"shop\",\"old\"]", "checkpoint binlog.000001:4"));
  EXPECT_EQ(
      runner_->status().start_remark,
      "spec.resetNonce 2: the checkpoint at binlog.000001:100 is given up for spec.startPosition, which "
      "is binlog.000001:4");
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, TheResetNonceOfTheCheckpointBeginsNothingAnew) {
  checkpoints_.loaded = checkpoint::Checkpoint{.position = at(100), .saved_at_ms = 1, .reset_nonce = 2};
  task_.spec.reset_nonce = 2;
  start();
  wait_streaming();
  EXPECT_EQ(runner_->status().start_remark, "");
  EXPECT_THAT(checkpoints_.log(), ElementsAre("checkpoint binlog.000001:100"));
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, AnOlderCheckpointThanTheOwnCommitDoesNotCount) {
  task_.spec.reset_nonce = 1;
  const auto start_with = [&](std::uint64_t found, std::int64_t nonce,
                              std::optional<binlog::Position> committed) {
    checkpoints_.loaded = checkpoint::Checkpoint{.position = at(found), .reset_nonce = nonce};
    const absl::StatusOr<Start> start = find_start(task_, parts(), committed, {});
    return start.ok() ? start->from : binlog::Position{.file = std::string(text(start.status()))};
  };
  EXPECT_EQ(start_with(500, 1, at(600)), at(600)) << "a copy that was brought back";
  EXPECT_EQ(start_with(900, 0, at(600)), at(600)) << "a copy of before the reset, which is not done twice";
  EXPECT_EQ(start_with(700, 1, at(600)), at(700)) << "a commit that seemed to fail";
  EXPECT_EQ(start_with(500, 1, std::nullopt), at(500)) << "a start";
}

TEST_F(Runners, TheFirstPositionIsSavedBeforeTheFirstEvent) {
  start();
  wait_streaming();
  EXPECT_THAT(checkpoints_.log(), ElementsAre("checkpoint binlog.000001:4"));
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, TheStatusSaysWhichDocumentItRuns) {
  task_.document_hash = "0123456789abcdef";
  start();
  EXPECT_EQ(runner_->status().document_hash, "0123456789abcdef");
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, WhatPassesIsTriedAgainWhereTheStreamStood) {
  start();
  wait_streaming();
  give_transaction();
  source_.give(absl::UnavailableError("gone"));
  wait_for_openings(2);
  EXPECT_EQ(source_.openings().at(0).offset, 4U);
  EXPECT_EQ(source_.openings().at(1).offset, end_offset_);
  wait_streaming();
  EXPECT_EQ(runner_->reconnects(), (std::map<std::string, std::uint64_t>{{"SourceUnavailable", 1}}));
  EXPECT_TRUE(stop().ok());
  EXPECT_EQ(runner_->status().state, "Stopping");
}

// What another tracker committed while this one had no brokers must not be committed over.
TEST_F(Runners, AFirstCommitThatFailedIsNotMadeWithoutLookingAgain) {
  sink_.is_transactional = true;
  checkpoints_.loaded = checkpoint::Checkpoint{.position = at(100)};
  sink_.on_commit = [this] {
    checkpoints_.loaded = checkpoint::Checkpoint{.position = at(900)};
    return sink::sink_unavailable("away");
  };
  start();
  wait_streaming();
  EXPECT_EQ(source_.openings().at(0).offset, 900U);
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, RowsThatAreNotDeliveredAreNoStream) {
  start();
  wait_streaming();
  sink_.set_trouble(sink::sink_unavailable("away"));
  EXPECT_FALSE(runner_->is_streaming());
  EXPECT_TRUE(runner_->is_source_connected());
  EXPECT_EQ(runner_->status().state, "Reconnecting");
  EXPECT_EQ(runner_->status().reason, "SinkUnavailable");
  EXPECT_EQ(runner_->status().message, "away");
  sink_.set_trouble(absl::OkStatus());
  EXPECT_TRUE(runner_->is_streaming());
  EXPECT_EQ(runner_->status().reason, "");
  EXPECT_TRUE(stop().ok());
}

// The thread that saves ends with such a failure, and an interruption may come to nothing.
TEST_F(Runners, ACheckpointThatCannotBeSavedEndsTheTrackerAlsoWhenTheSourceForgetsItsInterruption) {
  start();
  wait_streaming();
  source_.ignore_interruptions();
  checkpoints_.fail(absl::FailedPreconditionError("never"));
  give_transaction();
  EXPECT_EQ(wait_for_end().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(Runners, ASinkThatIsAwayIsNotTakenForTheSource) {
  start();
  wait_streaming();
  sink_.fail(sink::sink_unavailable("away"));
  wait_until("it is told", [&] { return runner_->status().reason == "SinkUnavailable"; });
  EXPECT_TRUE(runner_->is_source_connected());
  wait_until("it is counted", [&] { return runner_->reconnects().contains("SinkUnavailable"); });
  sink_.fail(absl::OkStatus());
  wait_streaming();
  source_.give(absl::UnavailableError("gone"));
  wait_until("it is told", [&] { return runner_->status().reason == "SourceUnavailable"; });
  EXPECT_FALSE(runner_->is_source_connected());
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, WhatDoesNotPassEndsIt) {
  start();
  source_.give(absl::DataLossError("damaged"));
  EXPECT_TRUE(absl::IsDataLoss(wait_for_end()));
  EXPECT_EQ(runner_->status().state, "Failed");
  EXPECT_EQ(runner_->status().reason, "BinlogDamaged");
}

TEST_F(Runners, AFailureOfTheSinkEndsAnIdleStreamToo) {
  start();
  wait_streaming();
  sink_.fail(absl::ResourceExhaustedError("too large"));
  EXPECT_TRUE(absl::IsResourceExhausted(wait_for_end()));
}

TEST_F(Runners, NothingIsSavedBeforeItIsDurable) {
  start();
  wait_streaming();
  sink_.cork();
  give_transaction();
  wait_until("the transaction is read", [&] { return runner_->counters().transactions == 1; });
  EXPECT_TRUE(stop().ok());  // the drain waits in vain
  EXPECT_THAT(checkpoints_.log(), ElementsAre("checkpoint binlog.000001:4"));
}

TEST_F(Runners, ABinlogThatEndsBeforeWhatWasReadIsOpenedAnew) {
  start();
  wait_streaming();
  give_transaction();
  wait_until("it is saved", [&] { return checkpoints_.log().size() == 2; });
  set_end("binlog.000001", 10);
  wait_for_openings(2);
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, AnUnreadableBinlogIsExplainedByOpeningItAnew) {
  source_.open_failures = {absl::OkStatus(), failure(absl::StatusCode::kOutOfRange, "BinlogReset", "reset")};
  start();
  source_.give(failure(absl::StatusCode::kFailedPrecondition, "BinlogUnreadable", "cannot read"));
  EXPECT_EQ(reason_of(wait_for_end()), "BinlogReset");
}

absl::Status api_away() {
  return failure(absl::StatusCode::kUnavailable, "OpenApiUnreachable", "the API does not answer");
}

TEST_F(Runners, WaitsForTheWayInAndTellsWhy) {
  std::atomic<bool> is_away = true;
  open_way_in_ = [&](const std::stop_token&) { return is_away ? api_away() : absl::OkStatus(); };
  start();
  wait_until("it tells of the API", [&] { return runner_->status().reason == "OpenApiUnreachable"; });
  EXPECT_EQ(runner_->status().state, "Reconnecting");
  EXPECT_TRUE(source_.openings().empty());
  is_away = false;
  wait_streaming();
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, StopsWhileItWaitsForTheWayIn) {
  std::atomic<bool> is_asked = false;
  open_way_in_ = [&](const std::stop_token& stop) {
    is_asked = true;
    while (!stop.stop_requested()) std::this_thread::yield();
    return absl::CancelledError("stopped");
  };
  start();
  wait_until("the API is asked", [&] { return is_asked.load(); });
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, WithAnAddressAnApiThatIsAwayDoesNotKeepItFromStreaming) {
  task_.spec.source.host = "db";
  std::atomic<int> let_ins = 0;
  open_way_in_ = [](const std::stop_token&) { return api_away(); };
  let_in_ = [&](const std::stop_token&) {
    ++let_ins;
    fail_to_connect(absl::OkStatus());
    return absl::OkStatus();
  };
  fail_to_connect(failure(absl::StatusCode::kPermissionDenied, "HostNotPrivileged", "let it in"));
  start();
  wait_streaming();
  EXPECT_EQ(let_ins, 1) << "refused by the source, it asks the API again";
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, ARefusalWhileItStartsIsToldAsTheSources) {
  fail_to_connect(failure(absl::StatusCode::kPermissionDenied, "HostNotPrivileged", "let it in"));
  start();
  wait_until("it tells of the source",
             [&] { return runner_->status().source_reason == "HostNotPrivileged"; });
  EXPECT_GT(runner_->status().source_verified_at_ms, 0);
  fail_to_connect(absl::OkStatus());
  wait_streaming();
  EXPECT_EQ(runner_->status().source_reason, "");
  EXPECT_TRUE(stop().ok());
}

TEST_F(Runners, WhatWasReadIsSavedBeforeAConnectionThatHangsIsWaitedFor) {
  std::atomic<bool> may_hang = true;
  std::atomic<bool> hangs = false;
  before_connect_ = [&] {
    if (std::this_thread::get_id() == runs_at_) return;  // only the sampler's
    hangs = true;
    while (may_hang) std::this_thread::yield();
  };
  start();
  wait_streaming();
  wait_until("the sampler's connection hangs", [&] { return hangs.load(); });
  give_transaction();
  wait_until("the transaction is read", [&] { return runner_->counters().transactions == 1; });
  thread_.request_stop();
  wait_until("it is drained", [&] { return runner_->status().state == "Stopping"; });
  wait_until("it is saved", [&] { return checkpoints_.log().size() == 2; });
  may_hang = false;
  EXPECT_TRUE(stop().ok());
}

}  // namespace
}  // namespace rowtide::run
