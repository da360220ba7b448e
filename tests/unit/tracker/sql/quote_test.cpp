#include <gtest/gtest.h>

#include "tracker/sql/quote.h"
#include "tracker/sql/session.h"

namespace rowtide::sql {
namespace {

TEST(QuoteLiteral, EscapesQuotesBackslashesAndZeroBytes) {
  EXPECT_EQ(quote_literal("shop"), "'shop'");
  EXPECT_EQ(quote_literal("it's"), "'it\\'s'");
  EXPECT_EQ(quote_literal("a\\b"), "'a\\\\b'");
  EXPECT_EQ(quote_literal(std::string_view("a\0b", 3)), "'a\\0b'");
  EXPECT_EQ(quote_literal("x' OR 1=1 -- "), "'x\\' OR 1=1 -- '");
}

TEST(QuoteIdentifier, DoublesBackticks) {
  EXPECT_EQ(quote_identifier("orders"), "`orders`");
  EXPECT_EQ(quote_identifier("a`b"), "`a``b`");
  EXPECT_EQ(quote_identifier("it's"), "`it's`");
}

}  // namespace
}  // namespace rowtide::sql
