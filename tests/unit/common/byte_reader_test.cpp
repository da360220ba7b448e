#include "common/bytes/byte_reader.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace rowtide {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

TEST(ByteReader, ReadsBothByteOrders) {
  const auto data = bytes({0x01, 0x02, 0x03, 0x04, 0x05, 0x06});
  ByteReader little(data);
  EXPECT_EQ(little.u16(), 0x0201U);
  EXPECT_EQ(little.u32(), 0x06050403U);
  EXPECT_TRUE(little.at_end());
  ByteReader big(data);
  EXPECT_EQ(big.big_endian(3), 0x010203U);
  EXPECT_EQ(big.big_endian(3), 0x040506U);
  EXPECT_TRUE(big.ok());
}

TEST(ByteReader, LengthEncodedIntegers) {
  const auto data = bytes({250, 0xfc, 0x10, 0x27, 0xfd, 0x01, 0x00, 0x01, 0xfe, 1, 0, 0, 0, 0, 0, 0, 0x80});
  ByteReader reader(data);
  EXPECT_EQ(reader.length_encoded(), 250U);
  EXPECT_EQ(reader.length_encoded(), 10000U);
  EXPECT_EQ(reader.length_encoded(), 65537U);
  EXPECT_EQ(reader.length_encoded(), 0x8000000000000001U);
  EXPECT_TRUE(reader.ok());
}

TEST(ByteReader, NullMarkerIsNoLength) {
  const auto data = bytes({0xfb, 1, 2});
  ByteReader reader(data);
  reader.length_encoded();
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, PastTheEndIsZeroAndStaysFailed) {
  const auto data = bytes({1, 2, 3});
  ByteReader reader(data);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0U) << "nothing may be read after a failure";
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(ByteReader, HugeLengthDoesNotWrapAround) {
  const auto data = bytes({0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1});
  ByteReader reader(data);
  EXPECT_TRUE(reader.length_encoded_bytes().empty());
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace rowtide
