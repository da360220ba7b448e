#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/task/precheck_report.h"
#include "common/task/reader_status.h"
#include "common/task/tracker_status.h"

namespace rowtide::task {
namespace {

PrecheckReport report_with(std::size_t items, std::size_t text_size) {
  PrecheckReport report{.task = "shop/orders",
                        .document_hash = "d",
                        .client_address = "10.0.0.7",
                        .completed_at_ms = 5,
                        .items = {}};
  for (std::size_t i = 0; i < items; ++i) {
    report.items.push_back({.name = "Check" + std::to_string(i),
                            .result = i % 2 == 0 ? CheckResult::Failed : CheckResult::Warning,
                            .reason = "Reason",
                            .observed = std::string(text_size, 'o'),
                            .expected = "ON",
                            .message = std::string(text_size, 'm') + "é",
                            .repair = "SET GLOBAL x=1"});
  }
  return report;
}

TEST(PrecheckReport, SurvivesJson) {
  const PrecheckReport report = report_with(3, 10);
  const auto back = precheck_report_from_json(to_json(report, true));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(to_json(*back, false), to_json(report, false));
  EXPECT_EQ(back->count(CheckResult::Failed), 2);
  EXPECT_FALSE(back->passed());
}

TEST(PrecheckReport, IsCutToTheLimitWithoutLosingNamesAndResults) {
  const PrecheckReport report = report_with(28, 900);
  const std::string json = to_json_within(report, 4096);
  EXPECT_LE(json.size(), 4096U);
  const auto back = precheck_report_from_json(json);
  ASSERT_TRUE(back.ok()) << back.status();
  ASSERT_EQ(back->items.size(), 28U);
  EXPECT_EQ(back->items[27].name, "Check27");
  EXPECT_EQ(back->items[27].reason, "Reason");
  EXPECT_EQ(back->items[27].repair, "SET GLOBAL x=1") << "what mends it is cut last";
  EXPECT_EQ(back->count(CheckResult::Failed), report.count(CheckResult::Failed));
}

TEST(PrecheckReport, WhatPassedIsCutFirst) {
  PrecheckReport report = report_with(8, 400);
  for (std::size_t i = 2; i < 8; ++i) report.items[i].result = CheckResult::Passed;
  const auto back = precheck_report_from_json(to_json_within(report, 4096));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->items[0].message, report.items[0].message);
  EXPECT_EQ(back->items[1].observed, report.items[1].observed);
  EXPECT_LT(back->items[2].observed.size(), 400U);
}

TEST(PrecheckReport, AShortOneIsNotCut) {
  const PrecheckReport report = report_with(3, 100);
  EXPECT_EQ(to_json_within(report, 4096), to_json(report, false));
}

TEST(PrecheckReport, OtherTextIsRefused) {
  EXPECT_FALSE(precheck_report_from_json("Segmentation fault").ok());
  EXPECT_FALSE(precheck_report_from_json("{}").ok());
  EXPECT_FALSE(precheck_report_from_json(R"({"items":[{"name":1}]})").ok());
}

TEST(TrackerStatus, SurvivesJson) {
  TrackerStatus status{.version = "0.1.0",
                       .task = "shop/orders",
                       .task_uid = "u",
                       .document_hash = "d",
                       .state = "Streaming",
                       .reason = {},
                       .message = {},
                       .server_id = 4294967295U,
                       .client_address = "10.0.0.7",
                       .lag_seconds = 1.5,
                       .rows_per_second = 10,
                       .rows_total = 18446744073709551615U,
                       .transactions_total = 3,
                       .gtid_set = "a:1-3",
                       .file = "mysql-bin.000003",
                       .offset = 5'000'000'000U,
                       .checkpoint_at_ms = 7,
                       .topics = {"shop.orders"},
                       .start_remark = "Goes on elsewhere",
                       .source_verified_at_ms = 8,
                       .source_reason = "HostBlocked",
                       .source_message = "m"};
  const auto back = tracker_status_from_json(to_json(status));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(to_json(*back), to_json(status));
  status.lag_seconds.reset();
  EXPECT_FALSE(tracker_status_from_json(to_json(status))->lag_seconds);
}

TEST(TrackerStatus, OfAnOlderTrackerLacksNewerFields) {
  const auto status =
      tracker_status_from_json(R"({"task": "shop/orders", "state": "Streaming", "newer": {"field": 1}})");
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->state, "Streaming");
  EXPECT_EQ(status->offset, 0U);
  EXPECT_FALSE(status->lag_seconds);
  EXPECT_FALSE(tracker_status_from_json(R"({"task": "t", "state": "Streaming", "topics": 1})").ok());
}

TEST(TrackerStatus, OfAStreamHasItsReadersAndNoStateOfItsOwn) {
  const ReaderStatus reader{.name = "cache",
                            .is_connected = true,
                            .state = "Reconnecting",
                            .reason = "SourceUnavailable",
                            .message = "away",
                            .server_id = 7,
                            .gtid_set = "a:1-5",
                            .file = "binlog.000007",
                            .offset = 4,
                            .lag_seconds = 1.5,
                            .changes_total = 1,
                            .bytes_total = 2,
                            .commits_given = 3,
                            .commits_acknowledged = 4};
  nlohmann::ordered_json json{{"task", "shop/orders"}, {"taskUid", "u-1"}, {"documentHash", "h"}};
  json["readers"] = {to_json_value(reader), to_json_value(ReaderStatus{.name = "idle"})};
  const auto status = tracker_status_from_json(json.dump());
  ASSERT_TRUE(status.ok()) << status.status();
  ASSERT_EQ(status->readers.size(), 2U);
  EXPECT_EQ(to_json_value(status->readers[0]), json["readers"][0]);
  EXPECT_EQ(to_json_value(status->readers[1]), json["readers"][1]);
  EXPECT_FALSE(tracker_status_from_json(R"({"task": "t", "readers": [{"name": 1}]})").ok());
}

TEST(TrackerStatus, OtherTextIsRefused) {
  EXPECT_FALSE(tracker_status_from_json("<html>").ok());
  EXPECT_FALSE(tracker_status_from_json("{}").ok());
}

}  // namespace
}  // namespace rowtide::task
