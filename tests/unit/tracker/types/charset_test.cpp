#include "tracker/types/charset/charset.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <map>
#include <thread>

#include "common/bytes/utf8.h"
#include "tests/unit/tracker/types/decoding.h"
#include "tracker/types/charset/charset_tables.h"

namespace rowtide::types {
namespace {

struct Conversion {
  std::uint16_t collation;
  std::string_view name;
  std::string_view hex;
  std::string_view utf8;
};

class Charsets : public testing::TestWithParam<Conversion> {};

TEST_P(Charsets, AsTheServerConverts) {
  const Conversion& conversion = GetParam();
  const Charset* charset = find_charset(conversion.collation);
  ASSERT_NE(charset, nullptr);
  EXPECT_EQ(charset->name, conversion.name);
  Scratch scratch;
  std::string_view out;
  const std::string bytes = from_hex(conversion.hex);
  ASSERT_EQ(to_utf8(*charset, bytes, scratch, out), DecodeStatus::Ok);
  EXPECT_EQ(out, conversion.utf8);
}

// Each line was seen on MySQL 8.0.15: SELECT CONVERT(CONVERT(x'...' USING name) USING utf8mb4).
INSTANTIATE_TEST_SUITE_P(
    Servers, Charsets,
    testing::Values(
        Conversion{8, "latin1", "61 80 e9 ff", "a€éÿ"},
        // Windows leaves these five open; MySQL keeps them as they are.
        Conversion{47, "latin1", "81 8d 8f 90 9d", "\u0081\u008d\u008f\u0090\u009d"},
        Conversion{11, "ascii", "61 80", "a?"}, Conversion{51, "cp1251", "ff 98", "я?"},
        Conversion{22, "koi8u", "a4 a6", "єі"}, Conversion{7, "koi8r", "d1", "я"},
        Conversion{10, "swe7", "5b 5c 5d 61", "ÄÖÅa"}, Conversion{1, "big5", "a4a4 61 a145", "中a•"},
        Conversion{28, "gbk", "d6d0 61", "中a"}, Conversion{24, "gb2312", "d6d0", "中"},
        Conversion{248, "gb18030", "d6d0 61 9439fc36 a6d9", "中a😀\uE78D"},
        Conversion{13, "sjis", "93fa 5c b1 815f", "日\\ｱ\\"},
        Conversion{95, "cp932", "93fa 5c b1 815f", "日\\ｱ＼"},
        Conversion{12, "ujis", "c6fc 8eb1 8fb0a1 a1c0", "日ｱ丂\\"},
        Conversion{97, "eucjpms", "c6fc 8eb1 a1c0", "日ｱ＼"}, Conversion{19, "euckr", "b0a1 8141", "가갂"},
        Conversion{35, "ucs2", "0061 4e2d", "a中"}, Conversion{54, "utf16", "0061 d83dde00", "a😀"},
        Conversion{56, "utf16le", "6100 3dd800de", "a😀"},
        Conversion{60, "utf32", "00000061 0001f600", "a😀"}, Conversion{33, "utf8mb3", "e4b8ad", "中"},
        Conversion{45, "utf8mb4", "f09f9880", "😀"}, Conversion{255, "utf8mb4", "", ""},
        // MariaDB: NOPAD and UCA 14.0 collations.
        Conversion{1032, "latin1", "e9", "é"}, Conversion{2304, "utf8mb4", "c3a9", "é"},
        Conversion{3072, "utf32", "000000e9", "é"}));

TEST(CharsetLookup, UnknownIds) {
  for (const std::uint16_t id :
       {std::uint16_t{0}, std::uint16_t{100}, std::uint16_t{575}, std::uint16_t{1024}, std::uint16_t{65535}})
    EXPECT_EQ(find_charset(id), nullptr) << id;
}

TEST(CharsetLookup, EveryIconvNameIsKnown) {
  for (std::uint16_t id = 1; id < 4096; ++id) {
    const Charset* charset = find_charset(id);
    if (charset == nullptr || charset->form != CharsetForm::MultiByte) continue;
    Scratch scratch;
    std::string_view out;
    // An ideographic space stands at 0xa1a1 in all of them (half-width katakana in the two of Shift-JIS).
    EXPECT_EQ(to_utf8(*charset, "\xa1\xa1", scratch, out), DecodeStatus::Ok) << charset->name;
    EXPECT_FALSE(out.empty()) << charset->name;
  }
}

struct BadText {
  std::uint16_t collation;
  std::string_view hex;
};

TEST(Charsets, TextThatEndsInsideACharacterIsBad) {
  const BadText bad_texts[] = {{28, "61 d6"}, {1, "a4"},       {248, "9439fc"}, {13, "93"},
                               {12, "8fb0"},  {54, "0061 00"}, {60, "000000"},  {33, "c3"}};
  for (const BadText& bad : bad_texts) {
    Scratch scratch;
    std::string_view out;
    EXPECT_EQ(to_utf8(*find_charset(bad.collation), from_hex(bad.hex), scratch, out), DecodeStatus::BadValue)
        << bad.collation;
  }
}

TEST(Charsets, ACharacterWithoutCodePointIsAQuestionMark) {
  const BadText texts[] = {{28, "61 fefe 62"}, {54, "0061 d800 0062"}, {60, "00000061 00110000 00000062"}};
  for (const BadText& text : texts) {
    Scratch scratch;
    std::string_view out;
    ASSERT_EQ(to_utf8(*find_charset(text.collation), from_hex(text.hex), scratch, out), DecodeStatus::Ok)
        << text.collation;
    EXPECT_EQ(out, "a?b") << text.collation;
  }
}

/// CRC32 of the 128 characters of 0x80 to 0xff in UTF-8, as MySQL 8.0 and MariaDB 10.11 gave them (CONVERT of
/// every byte): glibc's iconv must not drift away from the servers unseen.
TEST(Charsets, EveryByteOfASingleByteSetIsTheServers) {
  const std::map<std::string_view, unsigned long> expected{
      {"armscii8", 0xdf63f9ef}, {"ascii", 0x3617d763},  {"cp1250", 0x8f843463},   {"cp1251", 0x6f7e1acf},
      {"cp1256", 0xb552585e},   {"cp1257", 0x5a0cb264}, {"cp850", 0xc5369ed1},    {"cp852", 0x31119c42},
      {"cp866", 0x75c1b299},    {"dec8", 0xdb9d29ac},   {"geostd8", 0x05bed0de},  {"greek", 0x3d1c9cd7},
      {"hebrew", 0x8ef44f22},   {"hp8", 0x60a991e8},    {"keybcs2", 0x85690235},  {"koi8r", 0x36a68055},
      {"koi8u", 0x5f02e59a},    {"latin1", 0xdd22f8ab}, {"latin2", 0xabd061c3},   {"latin5", 0x867a3b30},
      {"latin7", 0xe7ac080b},   {"macce", 0xc8897fdd},  {"macroman", 0x87819812}, {"swe7", 0x3617d763},
      {"tis620", 0xd9f14769},
  };
  std::string bytes;
  for (int byte = 0x80; byte < 0x100; ++byte) bytes += static_cast<char>(byte);
  std::size_t sets = 0;
  for (unsigned id = 0; id <= static_cast<unsigned>(CharsetId::Utf8mb4); ++id) {
    const Charset& charset = charset_by_id(static_cast<CharsetId>(id));
    if (charset.form != CharsetForm::SingleByte) continue;
    ++sets;
    Scratch scratch;
    std::string_view text;
    ASSERT_EQ(to_utf8(charset, bytes, scratch, text), DecodeStatus::Ok) << charset.name;
    EXPECT_EQ(
        crc32(0, reinterpret_cast<const unsigned char*>(text.data()), static_cast<unsigned>(text.size())),
        expected.at(charset.name))
        << charset.name << ": " << text;
  }
  EXPECT_EQ(sets, expected.size());
}

TEST(Charsets, AsciiIsNotCopied) {
  Scratch scratch;
  const std::string_view text = "plain text";
  for (const std::uint16_t collation : std::initializer_list<std::uint16_t>{8, 28, 33}) {
    std::string_view out;
    ASSERT_EQ(to_utf8(*find_charset(collation), text, scratch, out), DecodeStatus::Ok);
    EXPECT_EQ(out.data(), text.data());
  }
}

TEST(Charsets, ThreadsConvertAtTheSameTime) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 200; ++round) {
        Scratch scratch;
        std::string_view out;
        EXPECT_EQ(to_utf8(*find_charset(28), "\xd6\xd0", scratch, out), DecodeStatus::Ok);
        EXPECT_EQ(out, "中");
      }
    });
  }
}

TEST(Charsets, MessagesAreAlwaysUtf8) {
  EXPECT_EQ(to_utf8_replacing(8, "\xe9"), "é");
  EXPECT_EQ(to_utf8_replacing(45, "a\xff\x62"), "a\uFFFDb");
  EXPECT_EQ(to_utf8_replacing(0, "a\xc3"), "a\uFFFD");
  EXPECT_EQ(to_utf8_replacing(28, "\xd6\xd0\xd6"), "\uFFFD\uFFFD\uFFFD");
}

/// RFC 3629's grammar, byte by byte, to check the fast one against.
bool plain_is_utf8(std::string_view text) {
  std::size_t at = 0;
  const auto in = [&](std::size_t index, unsigned low, unsigned high) {
    if (index >= text.size()) return false;
    const auto byte = static_cast<unsigned char>(text[index]);
    return byte >= low && byte <= high;
  };
  const auto tail = [&](std::size_t index) { return in(index, 0x80, 0xbf); };
  while (at < text.size()) {
    if (in(at, 0, 0x7f)) {
      at += 1;
    } else if (in(at, 0xc2, 0xdf) && tail(at + 1)) {
      at += 2;
    } else if (((in(at, 0xe0, 0xe0) && in(at + 1, 0xa0, 0xbf)) || (in(at, 0xe1, 0xec) && tail(at + 1)) ||
                (in(at, 0xed, 0xed) && in(at + 1, 0x80, 0x9f)) || (in(at, 0xee, 0xef) && tail(at + 1))) &&
               tail(at + 2)) {
      at += 3;
    } else if (((in(at, 0xf0, 0xf0) && in(at + 1, 0x90, 0xbf)) || (in(at, 0xf1, 0xf3) && tail(at + 1)) ||
                (in(at, 0xf4, 0xf4) && in(at + 1, 0x80, 0x8f))) &&
               tail(at + 2) && tail(at + 3)) {
      at += 4;
    } else {
      return false;
    }
  }
  return true;
}

TEST(Utf8, EverySequenceOfThreeBytesBehindAnyOffset) {
  // The interesting bytes: the borders of every class.
  const unsigned borders[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
                              0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
  for (const unsigned a : borders) {
    for (const unsigned b : borders) {
      for (const unsigned c : borders) {
        for (const unsigned d : {0x41U, 0x80U, 0xbfU}) {
          for (const std::size_t offset : {0U, 5U, 8U, 15U}) {
            std::string text(offset, 'x');
            for (const unsigned byte : {a, b, c, d}) text.push_back(static_cast<char>(byte));
            ASSERT_EQ(is_utf8(text), plain_is_utf8(text))
                << std::hex << a << ' ' << b << ' ' << c << ' ' << d;
          }
        }
      }
    }
  }
}

TEST(Utf8, AppendIsTheInverse) {
  for (char32_t code_point = 0; code_point < 0x110000; ++code_point) {
    if (code_point >= 0xd800 && code_point < 0xe000) continue;
    char text[kMaxUtf8Length];
    const std::string_view written(text, static_cast<std::size_t>(append_utf8(text, code_point) - text));
    ASSERT_EQ(utf8_sequence_length(written), written.size()) << static_cast<unsigned>(code_point);
  }
}

TEST(Ascii, FindsTheOneByteThatIsNot) {
  for (std::size_t size = 0; size < 20; ++size) {
    EXPECT_TRUE(is_ascii(std::string(size, 'a')));
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      text[at] = '\x80';
      EXPECT_FALSE(is_ascii(text)) << size << ' ' << at;
    }
  }
}

}  // namespace
}  // namespace rowtide::types
