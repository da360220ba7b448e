#include "tracker/sql/xa_statement.h"

#include <gtest/gtest.h>

namespace rowtide::sql {
namespace {

TEST(XaStatements, AsServersWriteThem) {
  const auto start = parse_xa_statement("XA START X'616263',X'62',7");
  ASSERT_TRUE(start.has_value());
  EXPECT_EQ(start->verb, XaVerb::Start);
  EXPECT_EQ(start->xid, "X'616263',X'62',7");
  EXPECT_EQ(parse_xa_statement("XA END X'61',X'',1")->verb, XaVerb::End);
  EXPECT_EQ(parse_xa_statement("XA COMMIT X'61',X'',1")->xid, "X'61',X'',1");
  EXPECT_EQ(parse_xa_statement("XA COMMIT X'61',X'',1 ONE PHASE")->xid, "X'61',X'',1");
  EXPECT_EQ(parse_xa_statement("XA ROLLBACK X'61',X'',1")->verb, XaVerb::Rollback);
  EXPECT_FALSE(parse_xa_statement("XA RECOVER").has_value());
  EXPECT_FALSE(parse_xa_statement("COMMIT").has_value());
}

}  // namespace
}  // namespace rowtide::sql
