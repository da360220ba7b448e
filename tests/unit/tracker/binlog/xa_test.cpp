#include "tracker/binlog/xa.h"

#include <gtest/gtest.h>

#include "tests/unit/tracker/binlog/event_bytes.h"

namespace rowtide::binlog {
namespace {

TEST(Xa, StatementsAsServersWriteThem) {
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

TEST(Xa, PrepareNamesTheTransactionAsTheStatementsDo) {
  const std::string body = EventBytes().u8(0).u32(7).u32(3).u32(1).text("abcb").str();
  const auto event = parse_xa_prepare(as_bytes(body));
  ASSERT_TRUE(event.ok());
  EXPECT_FALSE(event->is_one_phase);
  EXPECT_EQ(event->xid, "X'616263',X'62',7");
  EXPECT_TRUE(parse_xa_prepare(as_bytes(EventBytes().u8(1).u32(1).u32(0).u32(0).str()))->is_one_phase);
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_FALSE(parse_xa_prepare(as_bytes(body).first(size)).ok());
}

}  // namespace
}  // namespace rowtide::binlog
