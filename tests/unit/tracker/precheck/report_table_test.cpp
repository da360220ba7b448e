#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracker/precheck/precheck.h"

namespace rowtide::precheck {
namespace {

using task::CheckItem;
using task::CheckResult;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

CheckItem item(const std::string& name, CheckResult result) {
  CheckItem made;
  made.name = name;
  made.result = result;
  return made;
}

task::PrecheckReport report() {
  task::PrecheckReport made;
  made.task = "shop/orders";
  made.items.push_back(item("SourceReachable", CheckResult::Passed));
  made.items.back().observed = "db:3306, seen from 10.0.3.7";
  made.items.push_back(item("BinlogRowImage", CheckResult::Failed));
  made.items.back().reason = "RowImageIncomplete";
  made.items.back().observed = "binlog_row_image = MINIMAL";
  made.items.back().expected = "binlog_row_image = FULL";
  made.items.back().message =
      "row events lack columns, so changes cannot be delivered in full, whatever else one may try in their stead";
  made.items.back().repair = "SET GLOBAL binlog_row_image = FULL;";
  made.items.push_back(item("BinlogRetention", CheckResult::Skipped));
  made.items.back().message = "BinlogEnabled must pass first";
  return made;
}

TEST(ReportTable, SaysEveryCheckAndHowToMendIt) {
  const std::string table = render_table(report());
  EXPECT_THAT(table, HasSubstr("SourceReachable  Passed   db:3306, seen from 10.0.3.7\n"));
  EXPECT_THAT(table, HasSubstr("BinlogRowImage   Failed   RowImageIncomplete\n"));
  EXPECT_THAT(table, HasSubstr("observed  binlog_row_image = MINIMAL\n"));
  EXPECT_THAT(table, HasSubstr("repair    SET GLOBAL binlog_row_image = FULL;\n"));
  EXPECT_THAT(table, HasSubstr("BinlogRetention  Skipped  BinlogEnabled must pass first\n"));
  EXPECT_THAT(table, EndsWith("shop/orders: precheck failed: 1 passed, 0 warnings, 1 failed, 1 skipped\n"));
}

TEST(ReportTable, WrapsLongTextsUnderTheirLabel) {
  const std::string table = render_table(report(), 70);
  std::size_t longest = 0;
  for (std::size_t begin = 0; begin < table.size();) {
    const std::size_t end = std::min(table.find('\n', begin), table.size());
    longest = std::max(longest, end - begin);
    begin = end + 1;
  }
  EXPECT_LE(longest, 72U);
  EXPECT_THAT(table, Not(HasSubstr(" \n"))) << "no blanks at the ends of lines";
}

}  // namespace
}  // namespace rowtide::precheck
