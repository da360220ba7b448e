#include "tests/unit/tracker/types/decoding.h"

namespace rowtide::types {
namespace {

ColumnDefinition with_collation(ColumnDefinition definition, std::uint16_t collation) {
  definition.collation = collation;
  return definition;
}

ColumnDefinition with_members(ColumnDefinition definition, std::vector<std::string> members) {
  definition.members = std::move(members);
  return definition;
}

constexpr std::uint16_t kLatin1 = 8;

TEST(Texts, VarcharLengthIsOneByteUpTo255) {
  EXPECT_EQ(Cell(define(WireType::Varchar, 255), "03 616263").value.text, "abc");
  EXPECT_EQ(Cell(define(WireType::Varchar, 256), "0300 616263").value.text, "abc");
  EXPECT_EQ(Cell(define(WireType::VarString, 10), "00").value.text, "");
}

TEST(Texts, BinaryCollationMakesBytes) {
  const Cell cell(with_collation(define(WireType::Varchar, 10), kBinaryCollation), "02 ff00");
  EXPECT_EQ(cell.value.kind, ValueKind::Bytes);
  EXPECT_EQ(cell.value.text, std::string_view("\xff\0", 2));
}

TEST(Texts, InvalidUtf8IsABadValue) {
  EXPECT_EQ(Cell(define(WireType::Varchar, 10), "02 c328").status, DecodeStatus::BadValue);
  EXPECT_EQ(Cell(define(WireType::Varchar, 10), "04 eda080ff").status, DecodeStatus::BadValue);
  EXPECT_EQ(Cell(define(WireType::Varchar, 10), "02 eda0").status, DecodeStatus::BadValue);
}

TEST(Texts, SurrogatesThatMariadbTakesForCharacters) {
  EXPECT_EQ(Cell(define(WireType::Varchar, 10), "08 61 eda0bd edb880 62").value.text, "a😀b");
  EXPECT_EQ(Cell(define(WireType::Varchar, 10), "05 61 eda0bd 62").value.text, "a?b");
  EXPECT_EQ(Cell(define(WireType::Varchar, 10), "06 edb880 eda0bd").value.text, "??");
  EXPECT_EQ(Cell(define(WireType::Varchar, 10), "05 c3a9 eda0bd").value.text, "é?");
}

TEST(Texts, CharsLengthBorrowsBitsOfTheType) {
  // CHAR(100) utf8mb4: 400 bytes = 0x190; the high bits 01 stand inverted in 0xfe's bits 4 and 5: 0xee.
  EXPECT_EQ(Cell(define(WireType::String, metadata(0xee, 0x90)), "0100 61").value.text, "a");
  EXPECT_EQ(compile_column(define(WireType::String, metadata(0xee, 0x90)))->length, 400U);
  EXPECT_EQ(compile_column(define(WireType::String, metadata(0xfe, 0x28)))->length, 40U);
  // CHAR(255) utf8mb4, the longest: 1020 = 0x3fc.
  EXPECT_EQ(compile_column(define(WireType::String, metadata(0xce, 0xfc)))->length, 1020U);
}

TEST(Texts, BinaryIsPaddedWithZeros) {
  const ColumnDefinition binary =
      with_collation(define(WireType::String, metadata(0xfe, 5)), kBinaryCollation);
  EXPECT_EQ(Cell(binary, "02 6162").value.text, std::string_view("ab\0\0\0", 5));
  EXPECT_EQ(Cell(binary, "00").value.text, std::string_view("\0\0\0\0\0", 5));
  EXPECT_EQ(Cell(binary, "05 6162636465").value.text, "abcde");
  EXPECT_EQ(Cell(binary, "06 616263646566").status, DecodeStatus::BadValue);
}

TEST(Texts, BlobsHaveTheirLengthsWidthAsMetadata) {
  EXPECT_EQ(Cell(define(WireType::Blob, 1), "01 61").value.text, "a");
  EXPECT_EQ(Cell(define(WireType::Blob, 2), "0100 61").value.text, "a");
  EXPECT_EQ(Cell(define(WireType::Blob, 3), "010000 61").value.text, "a");
  EXPECT_EQ(Cell(with_collation(define(WireType::Blob, 4), kBinaryCollation), "01000000 ff").value.kind,
            ValueKind::Bytes);
  EXPECT_FALSE(compile_column(define(WireType::Blob, 0)).ok());
  EXPECT_FALSE(compile_column(define(WireType::Blob, 5)).ok());
}

TEST(Texts, ConvertedTextStandsInTheScratch) {
  EXPECT_EQ(Cell(with_collation(define(WireType::Varchar, 10), kLatin1), "02 e980").value.text, "é€");
  EXPECT_EQ(Cell(with_collation(define(WireType::Blob, 2), kLatin1), "0100 e9").value.text, "é");
}

TEST(Texts, UnknownCollationIsRefusedByNameAndNumber) {
  const absl::Status unknown = compile_column(with_collation(define(WireType::Varchar, 10), 9999)).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(unknown.message().find("`c`"), absl::string_view::npos) << unknown;
  EXPECT_NE(unknown.message().find("9999"), absl::string_view::npos) << unknown;
  const absl::Status missing = compile_column(with_collation(define(WireType::Varchar, 10), 0)).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(missing.message().find("binlog_row_metadata"), absl::string_view::npos) << missing;
}

TEST(Enums, NumbersFromOne) {
  const ColumnDefinition definition =
      with_members(define(WireType::String, metadata(0xf7, 1)), {"a", "b,c", "é"});
  EXPECT_EQ(Cell(definition, "01").value.text, "a");
  EXPECT_EQ(Cell(definition, "03").value.text, "é");
  EXPECT_EQ(Cell(definition, "03").value.kind, ValueKind::Text);
  EXPECT_EQ(Cell(definition, "00").value.text, "");  // what a value outside the list became
  EXPECT_EQ(Cell(definition, "04").status, DecodeStatus::BadValue);
}

TEST(Enums, TwoBytesForManyMembers) {
  std::vector<std::string> members;
  for (int i = 1; i <= 300; ++i) members.push_back("m" + std::to_string(i));
  EXPECT_EQ(Cell(with_members(define(WireType::String, metadata(0xf7, 2)), members), "2c01").value.text,
            "m300");
}

TEST(Sets, MembersInTheirOrder) {
  const ColumnDefinition definition =
      with_members(define(WireType::String, metadata(0xf8, 1)), {"a", "b", "ÿ"});
  EXPECT_EQ(Cell(definition, "00").value.text, "");
  EXPECT_EQ(Cell(definition, "02").value.text, "b");
  EXPECT_EQ(Cell(definition, "07").value.text, "a,b,ÿ");
  EXPECT_EQ(Cell(definition, "08").status, DecodeStatus::BadValue);
}

TEST(Sets, SixtyFourMembers) {
  std::vector<std::string> members;
  for (int i = 0; i < 64; ++i) members.push_back(std::string(1, static_cast<char>('0' + i)));
  const Cell all(with_members(define(WireType::String, metadata(0xf8, 8)), members), "ffffffffffffffff");
  EXPECT_EQ(all.value.text.size(), 127U);
  EXPECT_EQ(all.value.text.substr(0, 3), "0,1");
  EXPECT_EQ(all.value.text.substr(124), "n,o");
}

TEST(EnumsAndSets, WithoutMembersAreRefused) {
  const absl::Status status = compile_column(define(WireType::String, metadata(0xf7, 1))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("binlog_row_metadata=FULL"), absl::string_view::npos) << status;
  EXPECT_FALSE(compile_column(define(WireType::String, metadata(0xf8, 1))).ok());
}

TEST(Compressed, PlainEmptyAndDeflated) {
  const ColumnDefinition varchar = define(WireType::VarcharCompressed, 201);
  EXPECT_EQ(Cell(varchar, "00").value.text, "");
  EXPECT_EQ(Cell(varchar, "03 00 6162").value.text, "ab");
  // 0x80 | 0x08 (raw) | 1: ten letters a as raw deflate.
  EXPECT_EQ(Cell(varchar, "07 89 0a 4b 4c 84 01 00").value.text, "aaaaaaaaaa");
  EXPECT_EQ(Cell(varchar, "0d 81 0a 78 9c 4b 4c 84 01 00 14 e1 03 cb").value.text, "aaaaaaaaaa");
}

TEST(Compressed, BrokenStreamsAreBadValues) {
  const ColumnDefinition varchar = define(WireType::VarcharCompressed, 201);
  for (const std::string_view hex :
       {"01 81", "02 81 0a", "02 ff 01", "07 80 0a 4b 4c 84 01 00", "07 89 09 4b 4c 84 01 00",
        "07 89 0b 4b 4c 84 01 00", "06 89 0a 4b 4c 84 01", "06 84 ff ff ff ff 00"})
    EXPECT_EQ(Cell(varchar, hex).status, DecodeStatus::BadValue) << hex;
}

TEST(Types, WhatIsNotBuiltIsRefusedWithTheWayOut) {
  for (const WireType type :
       {WireType::TypedArray, WireType::Decimal, WireType::Null, static_cast<WireType>(77)}) {
    const absl::Status status = compile_column(define(type, 4)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << static_cast<int>(type);
    EXPECT_NE(status.message().find("`c`"), absl::string_view::npos) << status;
    EXPECT_NE(status.message().find("xclude"), absl::string_view::npos) << status;
  }
}

}  // namespace
}  // namespace rowtide::types
