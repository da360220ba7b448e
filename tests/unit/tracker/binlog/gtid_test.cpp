#include "tracker/binlog/gtid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "common/bytes/byte_reader.h"

namespace rowtide::binlog {
namespace {

constexpr const char* kA = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr const char* kB = "eca8dd73-e6f2-11f1-97fe-02fc00000001";

std::string canonical(const std::string& text) {
  const auto set = MysqlGtidSet::parse(text);
  return set.ok() ? set->to_string() : "(" + std::string(set.status().message()) + ")";
}

Uuid uuid_a() {
  return {0x3e, 0x11, 0xfa, 0x47, 0x71, 0xca, 0x11, 0xe1, 0x9e, 0x33, 0xc8, 0x0a, 0xa9, 0x42, 0x95, 0x62};
}

TEST(MysqlGtidSets, TextForms) {
  const std::string a = kA;
  EXPECT_EQ(canonical(""), "");
  EXPECT_EQ(canonical(" \n"), "");
  EXPECT_EQ(canonical(a + ":1"), a + ":1");
  EXPECT_EQ(canonical(a + ":1-1"), a + ":1");
  EXPECT_EQ(canonical(a + ":1-5:7-9"), a + ":1-5:7-9");
  EXPECT_EQ(canonical(a + ":6-9:1-5"), a + ":1-9");
  EXPECT_EQ(canonical(a + ":1-3:2-8:8"), a + ":1-8");
  EXPECT_EQ(canonical("3E11FA47-71CA-11E1-9E33-C80AA9429562:1"), a + ":1");
  EXPECT_EQ(canonical(a + ":1-5,\n" + kB + " : 2 - 3 ,"), a + ":1-5," + kB + ":2-3");
  EXPECT_EQ(canonical(std::string(kB) + ":1," + a + ":2," + kB + ":2"), a + ":2," + kB + ":1-2");
  EXPECT_EQ(canonical(a + ":9223372036854775806"), a + ":9223372036854775806");
  EXPECT_EQ(canonical(a + ":5-8:117:AAA:1-5:bbb:3"), a + ":5-8:117:aaa:1-5:bbb:3");
}

TEST(MysqlGtidSets, BadText) {
  const std::string a = kA;
  for (const std::string& bad : {std::string("x"), a, a + ":", a + ":0", a + ":5-3", a + ":1-", a + ":-1",
                                 a + ":1-5x", a + ":9223372036854775807", a + ":tag", a + ":1:tag", a + "0:1",
                                 a.substr(1) + ":1", a + ":1-2-3", a + ":" + std::string(33, 'a') + ":1"}) {
    const auto set = MysqlGtidSet::parse(bad);
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument) << bad << " -> " << canonical(bad);
  }
  EXPECT_THAT(canonical(a + ":1-5,nonsense:1"), testing::HasSubstr("'nonsense' is not a server UUID"));
}

TEST(MysqlGtidSets, NeighboursBecomeOneIntervalAndGapsStay) {
  MysqlGtidSet set;
  for (const std::uint64_t number : {1U, 3U, 5U, 4U, 2U, 7U}) set.add({uuid_a(), "", number});
  EXPECT_EQ(set.to_string(), std::string(kA) + ":1-5:7");
  set.add({uuid_a(), "", 0});  // anonymous: not a number of the set
  EXPECT_EQ(set.to_string(), std::string(kA) + ":1-5:7");
  EXPECT_FALSE(set.contains(MysqlGtid{uuid_a(), "", 6}));
  EXPECT_TRUE(set.contains(MysqlGtid{uuid_a(), "", 7}));
  EXPECT_FALSE(set.contains(MysqlGtid{uuid_a(), "", 8}));
  EXPECT_FALSE(set.contains(MysqlGtid{uuid_a(), "tag", 1}));
}

/// The same set as plain numbers.
using Numbers = std::set<std::uint64_t>;

std::string text_of(const Numbers& numbers) {
  std::string text;
  for (auto at = numbers.begin(); at != numbers.end();) {
    const std::uint64_t first = *at;
    std::uint64_t last = first;
    while (++at != numbers.end() && *at == last + 1) last = *at;
    text += ":" + std::to_string(first) + (last > first ? "-" + std::to_string(last) : "");
  }
  return text.empty() ? text : kA + text;
}

TEST(MysqlGtidSets, ArithmeticIsThatOfNumbers) {
  std::mt19937 random(11);
  const auto below = [&random](std::uint64_t limit) { return random() % limit; };
  for (int round = 0; round < 300; ++round) {
    MysqlGtidSet sets[2];
    Numbers numbers[2];
    for (int which = 0; which < 2; ++which) {
      for (std::uint64_t i = below(12); i > 0; --i) {
        const std::uint64_t start = 1 + below(60);
        const std::uint64_t end = start + below(8);
        sets[which].add({uuid_a(), ""}, {start, end});
        for (std::uint64_t number = start; number < end; ++number) numbers[which].insert(number);
      }
      ASSERT_EQ(sets[which].to_string(), text_of(numbers[which]));
      ASSERT_EQ(*MysqlGtidSet::parse(sets[which].to_string()) == sets[which], true)
          << sets[which].to_string();
      for (std::uint64_t number = 0; number < 70; ++number)
        ASSERT_EQ(sets[which].contains(MysqlGtid{uuid_a(), "", number}), numbers[which].contains(number))
            << number;
    }
    ASSERT_EQ(sets[0].contains(sets[1]),
              std::includes(numbers[0].begin(), numbers[0].end(), numbers[1].begin(), numbers[1].end()))
        << sets[0].to_string() << " / " << sets[1].to_string();
    MysqlGtidSet united = sets[0];
    united.unite(sets[1]);
    numbers[0].insert(numbers[1].begin(), numbers[1].end());
    ASSERT_EQ(united.to_string(), text_of(numbers[0]));
    ASSERT_TRUE(united.contains(sets[0]) && united.contains(sets[1]));
  }
}

TEST(MysqlGtidSets, AnEmptyIntervalLeavesNoTrace) {
  MysqlGtidSet set;
  set.add({uuid_a(), ""}, {5, 5});
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set, MysqlGtidSet());
}

TEST(MysqlGtidSets, EncodedAsTheDumpCommandWantsIt) {
  const std::string encoded = MysqlGtidSet::parse(std::string(kA) + ":1-5:7," + kB + ":2")->encode();
  ByteReader reader(as_bytes(encoded));
  EXPECT_EQ(reader.u64(), 2U);
  EXPECT_EQ(reader.big_endian(8), 0x3e11fa4771ca11e1U);
  EXPECT_EQ(reader.big_endian(8), 0x9e33c80aa9429562U);
  EXPECT_EQ(reader.u64(), 2U);
  EXPECT_EQ(reader.u64(), 1U);
  EXPECT_EQ(reader.u64(), 6U);  // the end is exclusive
  EXPECT_EQ(reader.u64(), 7U);
  EXPECT_EQ(reader.u64(), 8U);
  reader.skip(16);
  EXPECT_EQ(reader.u64(), 1U);
  EXPECT_EQ(reader.u64(), 2U);
  EXPECT_EQ(reader.u64(), 3U);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(MysqlGtidSet().encode(), std::string(8, '\0'));
}

TEST(MysqlGtidSets, EncodesTags) {
  const std::string bytes = MysqlGtidSet::parse(std::string(kA) + ":1:blue:2-3")->encode();
  ByteReader reader(as_bytes(bytes));
  EXPECT_EQ(reader.u64(), 0x0100000000000201U);  // two sources, tagged
  reader.skip(16);
  EXPECT_EQ(reader.u8(), 0U);  // no tag
  EXPECT_EQ(reader.u64(), 1U);
  EXPECT_EQ(reader.u64(), 1U);
  EXPECT_EQ(reader.u64(), 2U);
  reader.skip(16);
  EXPECT_EQ(reader.u8(), 4U << 1U);
  EXPECT_EQ(reader.text(4), "blue");
  EXPECT_EQ(reader.u64(), 1U);
  EXPECT_EQ(reader.u64(), 2U);
  EXPECT_EQ(reader.u64(), 4U);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
}

TEST(MariadbGtidSets, TheLastOfEachDomain) {
  auto set = MariadbGtidSet::parse("1-7-9, 0-1-42");
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->to_string(), "0-1-42,1-7-9");
  set->add({0, 2, 43});
  set->add({0, 1, 40});
  set->add({5, 1, 1});
  EXPECT_EQ(set->to_string(), "0-1-40,1-7-9,5-1-1") << "in the order of the binlog, not of the sequences";
  EXPECT_TRUE(set->has_reached({0, 1, 40}));
  EXPECT_FALSE(set->has_reached({0, 1, 41}));
  EXPECT_FALSE(set->has_reached({0, 2, 39})) << "of another server it is not known";
  EXPECT_FALSE(set->has_reached({2, 1, 1}));
  const auto beyond = [&](const char* gtids) {
    return MariadbGtidSet::parse(gtids)->beyond(*set).to_string();
  };
  EXPECT_EQ(beyond("0-1-41,1-7-9,5-1-2"), "0-1-41,5-1-2");
  EXPECT_EQ(beyond("0-2-99,9-1-1"), "9-1-1") << "of two servers in one domain it is not known";
  EXPECT_TRUE(MariadbGtidSet::parse("")->empty());
}

TEST(MariadbGtidSets, BadText) {
  for (const std::string_view bad :
       {"0", "0-1", "0-1-", "0-1-2-3", "a-1-2", "0-1-2,,", "4294967296-1-1", "0-1-2,0-1-3"})
    EXPECT_EQ(MariadbGtidSet::parse(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
}

TEST(Gtids, Text) {
  EXPECT_EQ(to_string(Gtid()), "");
  EXPECT_EQ(to_string(Gtid(MysqlGtid{uuid_a(), "", 23})), std::string(kA) + ":23");
  EXPECT_EQ(to_string(Gtid(MysqlGtid{uuid_a(), "tag", 23})), std::string(kA) + ":tag:23");
  EXPECT_EQ(to_string(Gtid(MariadbGtid{0, 1, 42})), "0-1-42");
  EXPECT_EQ(to_string(GtidSet()), "");
}

TEST(ShortenedGtids, KeepTheHeadAndCountTheRest) {
  const std::string uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
  EXPECT_EQ(shortened(uuid + ":1-5,\n" + uuid + ":7"), uuid + ":1-5," + uuid + ":7");
  std::string grown = uuid;
  for (int i = 0; i < 1000; ++i)
    grown += ":" + std::to_string(10 * i + 1000) + "-" + std::to_string(10 * i + 1001);
  const std::string told = shortened(grown + ",\n00000000-0000-0000-0000-000000000000:tag:1-3");
  EXPECT_LT(told.size(), 230U);
  EXPECT_TRUE(told.starts_with(uuid + ":1000-1001:1010-1011")) << told;
  EXPECT_TRUE(told.ends_with(":1150-1151 and 985 more intervals")) << told;
}

}  // namespace
}  // namespace rowtide::binlog
