#include "tracker/schema/wire_fit.h"

#include <gtest/gtest.h>

namespace rowtide::schema {
namespace {

TEST(RealWireType, FindsEnumAndSetBehindString) {
  EXPECT_EQ(real_wire_type(254, 0x01F7), 247);  // ENUM, one byte
  EXPECT_EQ(real_wire_type(254, 0x01F8), 248);  // SET
  EXPECT_EQ(real_wire_type(254, 0x28FE), 254);  // CHAR(10) utf8mb4
  EXPECT_EQ(real_wire_type(254, 0xFCEE), 254);  // CHAR(255) utf8mb4: two bits of the length are in the type
  EXPECT_EQ(real_wire_type(3, 0), 3);
}

TEST(FitsWire, DeclaredTypesFitTheirOwnWireTypes) {
  EXPECT_TRUE(fits_wire("int", 3, 0));
  EXPECT_TRUE(fits_wire("datetime", 18, 6));
  EXPECT_TRUE(fits_wire("datetime", 12, 0));  // from before MySQL 5.6
  EXPECT_TRUE(fits_wire("varchar", 15, 40));
  EXPECT_TRUE(fits_wire("varchar", 141, 40));  // MariaDB COMPRESSED
  EXPECT_TRUE(fits_wire("uuid", 254, 0x10FE));
  EXPECT_TRUE(fits_wire("json", 245, 4));
  EXPECT_TRUE(fits_wire("point", 255, 4));
  EXPECT_FALSE(fits_wire("int", 8, 0));
  EXPECT_FALSE(fits_wire("enum", 248, 0x01F8));
  EXPECT_FALSE(fits_wire("datetime", 17, 0));
  EXPECT_FALSE(fits_wire("type of the future", 3, 0));
}

TEST(FitsWire, TextsAndBlobsDifferByTheirLengthBytes) {
  EXPECT_TRUE(fits_wire("text", 252, 2));
  EXPECT_TRUE(fits_wire("blob", 252, 2));
  EXPECT_TRUE(fits_wire("longtext", 252, 4));
  EXPECT_FALSE(fits_wire("longtext", 252, 2));
  EXPECT_FALSE(fits_wire("tinyblob", 252, 3));
}

TEST(WireTypeName, NamesWhatItKnowsAndNumbersWhatItDoesNot) {
  EXPECT_EQ(wire_type_name(8), "BIGINT");
  EXPECT_EQ(wire_type_name(77), "type 77");
}

}  // namespace
}  // namespace rowtide::schema
