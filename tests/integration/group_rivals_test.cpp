// Two trackers with ConsumerGroups of one groupId, which no operator has compared, against real Kafka.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/consumer_groups_fixture.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/group_consumer.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// Another task, whose ConsumerGroup "rival" has the groupId.
class RivalTask {
 public:
  RivalTask(json document, const std::string& topic, const std::string& group_id)
      : file_(folder_.path() / "groups.yaml") {
    document["spec"]["sink"]["kafka"]["topic"] = {{"name", topic}};
    group_ = {{"apiVersion", "rowtide.dev/v1alpha1"},
              {"kind", "ConsumerGroup"},
              {"metadata", {{"name", "rival"}}},
              {"spec",
               {{"taskRef", {{"name", document.at("metadata").at("name")}}},
                {"groupId", group_id},
                {"principal", "User:rival"},
                {"checkpoint", {{"mode", "Earliest"}}},
                {"checkpointNonce", 1},
                {"deletionPolicy", "Delete"}}}};
    write();
    tracker_.emplace(document, std::vector<std::string>{"--groups", file_});
    tracker_->start_streaming();
  }
  void remove() {
    group_["metadata"]["deletionTimestamp"] = "2026-11-30T00:00:00Z";
    write();
  }
  /// The message of that outcome, when its reason is this.
  std::string wait_for(const std::string& outcome, const std::string& reason) {
    json found;
    wait_until(
        "the rival's " + outcome + " is " + reason,
        [&] {
          found = tracker_->status().at("consumerGroups");
          return found.size() == 1 && found[0].at(outcome).at("reason") == reason;
        },
        std::chrono::seconds{60}, [&] { return found.dump(); });
    return found[0].at(outcome).at("message");
  }

 private:
  void write() { std::ofstream(file_) << group_.dump(); }

  TempDir folder_;
  std::string file_;
  json group_;
  std::optional<TrackerProcess> tracker_;
};

TEST_F(ConsumerGroups, OfAnotherTasksGroupIdAreNeitherMovedNorDeleted) {
  const KafkaBroker& broker = KafkaBroker::shared();
  start(broker);
  insert(4);
  const std::string id = "cache-" + database;
  put_group("g", {{"groupId", id}, {"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "unconsumedRecords", 5);
  EXPECT_EQ(GroupConsumer(broker.bootstrap(), id, topic()).consume(3).size(), 3U);
  wait_for("g", "unconsumedRecords", 2);

  RivalTask rival(kafka_task(server, database, broker.bootstrap()), topic(), id);
  EXPECT_THAT(rival.wait_for("checkpoint", "DuplicateGroup"), HasSubstr("/g keeps the group " + id));
  rival.wait_for("access", "DuplicateGroup");
  rival.remove();
  rival.wait_for("deletion", "DuplicateGroup");
  EXPECT_EQ(GroupConsumer(broker.bootstrap(), id, topic()).consume(2).size(), 2U)
      << "it goes on where it was";
  put_group("g", {{"groupId", id}, {"checkpoint", {{"mode", "Earliest"}}}, {"checkpointNonce", 1}});
  wait_for("g", "appliedNonce", 1);
  wait_for("g", "unconsumedRecords", 5);

  // When the document is gone, its groupId is free.
  groups.clear();
  write_groups();
  rival.wait_for("deletion", "Deleted");
}

}  // namespace
}  // namespace rowtide::test
