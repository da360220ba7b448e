#include "tracker/sql/statement.h"

#include <gtest/gtest.h>

namespace rowtide::sql {
namespace {

std::optional<XaStatement> read(std::string_view sql) {
  return classify_statement(sql, {}).xa;
}

TEST(XaStatements, AsServersWriteThem) {
  const auto start = read("XA START X'616263',X'62',7");
  ASSERT_TRUE(start.has_value());
  EXPECT_EQ(start->verb, XaVerb::Start);
  EXPECT_EQ(start->xid, "X'616263',X'62',7");
  EXPECT_EQ(read("XA END X'61',X'',1")->verb, XaVerb::End);
  EXPECT_EQ(read("XA COMMIT X'61',X'',1")->xid, "X'61',X'',1");
  EXPECT_EQ(read("XA COMMIT X'61',X'',1 ONE PHASE")->xid, "X'61',X'',1");
  EXPECT_EQ(read("XA ROLLBACK X'61',X'',1")->verb, XaVerb::Rollback);
  EXPECT_FALSE(read("XA RECOVER").has_value());
  EXPECT_FALSE(read("COMMIT").has_value());
}

}  // namespace
}  // namespace rowtide::sql
