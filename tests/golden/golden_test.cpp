// Binlog files recorded from real servers -> the records of each format, through `rowtide-tracker decode`.
// scripts/golden.sh --update writes what is expected anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/golden/golden_files.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace rowtide::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

const std::vector<std::string> kFormats{"debezium-json", "canal-json", "dts-avro"};

RunResult decode(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {ROWTIDE_TRACKER_PROGRAM, "decode"});
  return run({.argv = std::move(arguments), .env = {}, .working_dir = {}}, 60s);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class Golden : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Golden, GivesTheRecordsExpected) {
  const auto& [name, format] = GetParam();
  const RunResult result = decode({(kGolden / "binlog" / name).string(), "--format", format});
  EXPECT_TRUE(result.status.ok()) << result.err;
  const auto path = kGolden / "expected" / (name + "." + format);
  EXPECT_EQ(difference(path, result.out), "") << kHowToUpdate;
}

std::string safe_name(const testing::TestParamInfo<Golden::ParamType>& info) {
  std::string text = std::get<0>(info.param) + "_" + std::get<1>(info.param);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}
INSTANTIATE_TEST_SUITE_P(Binlog, Golden,
                         testing::Combine(testing::ValuesIn(files_of("binlog")), testing::ValuesIn(kFormats)),
                         safe_name);

std::string golden_binlog(const std::string& name) {
  return (kGolden / "binlog" / name).string();
}

/// Cut off at every place: never a record that the whole file does not have.
TEST(DamagedBinlog, CutOffGivesTheRecordsBeforeAndAnError) {
  const TempDir folder;
  const std::string whole = read_file(golden_binlog("mysql-full"));
  const std::vector<std::string> all = lines_of(decode({golden_binlog("mysql-full")}).out);
  const std::string path = (folder.path() / "binlog.000001").string();
  std::size_t failures = 0;
  for (std::size_t size = 0; size < whole.size(); size += 293) {
    write_file(path, whole.substr(0, size));
    const RunResult result = decode({path});
    const std::vector<std::string> some = lines_of(result.out);
    ASSERT_LE(some.size(), all.size());
    for (std::size_t i = 0; i < some.size(); ++i) {
      // The file's name stands in the records.
      ASSERT_EQ(some[i].size(),
                all[i].size() + std::string("binlog.000001").size() - std::string("mysql-full").size());
    }
    ASSERT_EQ(result.status.signal, 0) << result.err;
    if (result.status.code == 0) continue;  // between two transactions
    ++failures;
    ASSERT_EQ(result.status.code, 1) << result.err;
    ASSERT_THAT(result.err, HasSubstr("binlog.000001"));
  }
  EXPECT_GT(failures, whole.size() / 293 / 2);
}

TEST(DamagedBinlog, AChangedByteIsFoundWhereItIs) {
  const TempDir folder;
  const std::string whole = read_file(golden_binlog("mysql-full"));
  const std::string path = (folder.path() / "binlog.000001").string();
  write_file(path, whole);
  const std::vector<std::string> all = lines_of(decode({path}).out);
  for (std::size_t at = 0; at < whole.size(); at += 271) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x04);
    write_file(path, damaged);
    const RunResult result = decode({path});
    ASSERT_EQ(result.status.code, 1) << "byte " << at << ": " << result.err;
    ASSERT_THAT(result.err, HasSubstr("binlog.000001"));
    const std::vector<std::string> some = lines_of(result.out);
    ASSERT_LE(some.size(), all.size());
    ASSERT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << "byte " << at;
  }
}

TEST(DamagedBinlog, AnOffsetBehindTheDamageStepsOverIt) {
  const TempDir folder;
  std::string whole = read_file(golden_binlog("mysql-full"));
  const std::string path = (folder.path() / "binlog.000001").string();
  write_file(path, whole);
  const std::vector<std::string> all = lines_of(decode({path}).out);
  constexpr char kGtidLog = 33;
  std::size_t at = 4;
  while (at < whole.size() / 2 || whole[at + 4] != kGtidLog) {
    std::uint32_t size = 0;
    std::memcpy(&size, whole.data() + at + 9, sizeof size);
    at += size;
  }
  whole[whole.size() / 4] = static_cast<char>(whole[whole.size() / 4] ^ 0x04);
  write_file(path, whole);
  const RunResult rest = decode({path, "--from", "binlog.000001:" + std::to_string(at)});
  EXPECT_TRUE(rest.status.ok()) << rest.err;
  const std::vector<std::string> some = lines_of(rest.out);
  ASSERT_GT(some.size(), 0U);
  ASSERT_LT(some.size(), all.size());
  EXPECT_TRUE(std::equal(some.rbegin(), some.rend(), all.rbegin()));
}

TEST(DecodeWindow, FromAndToByPositionGtidAndTime) {
  const std::string file = golden_binlog("mysql-full");
  const std::vector<std::string> all = lines_of(decode({file}).out);
  const auto field = [](const std::string& line, const std::string& name) {
    const std::size_t begin = line.find("\"" + name + "\":") + name.size() + 3;
    return line.substr(begin, line.find_first_of(",}", begin) - begin);
  };
  // Records of one transaction share their GTID.
  const auto first_of = [&](const std::string& gtid) {
    std::size_t i = 0;
    while (field(all[i], "gtid") != gtid) ++i;
    return i;
  };
  const auto behind = [&](const std::string& gtid) {
    std::size_t i = all.size();
    while (field(all[i - 1], "gtid") != gtid) --i;
    return i;
  };
  const auto slice = [&](std::size_t begin, std::size_t end) {
    return std::vector<std::string>(all.begin() + static_cast<std::ptrdiff_t>(begin),
                                    all.begin() + static_cast<std::ptrdiff_t>(end));
  };
  const std::string quoted = field(all[all.size() / 2], "gtid");
  const std::string gtid = quoted.substr(1, quoted.size() - 2);
  EXPECT_EQ(lines_of(decode({file, "--from", gtid}).out), slice(first_of(quoted), all.size()));
  EXPECT_EQ(lines_of(decode({file, "--to", gtid}).out), slice(0, behind(quoted)));
  EXPECT_EQ(lines_of(decode({file, "--from", gtid, "--to", gtid}).out),
            slice(first_of(quoted), behind(quoted)));

  const RunResult none = decode({file, "--from", gtid.substr(0, gtid.find(':')) + ":999999"});
  EXPECT_EQ(none.status.code, 1);
  EXPECT_THAT(none.err, HasSubstr("999999"));

  EXPECT_EQ(lines_of(decode({file, "--from", "mysql-full:4"}).out), all);
  EXPECT_EQ(decode({file, "--to", "mysql-full:4"}).out, "");
  EXPECT_EQ(lines_of(decode({file, "--from", "2000-01-01T00:00:00Z"}).out), all);
  EXPECT_EQ(decode({file, "--from", "2100-01-01T00:00:00Z"}).out, "");
  EXPECT_EQ(decode({file, "--to", "2000-01-01 00:00:00"}).out, "");
  const std::size_t size = read_file(file).size();
  EXPECT_EQ(decode({file, "--from", "mysql-full:" + std::to_string(size)}).out, "");
  // Not at the beginning of an event: with the next transaction.
  const std::string second = decode({file, "--from", "mysql-full:" + std::to_string(size / 2)}).out;
  EXPECT_GT(second.size(), 0U);
  EXPECT_EQ(lines_of(second), slice(all.size() - lines_of(second).size(), all.size()));
  const auto refusal = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments{file};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const RunResult refused = decode(arguments);
    EXPECT_EQ(refused.status.code, 2);
    return refused.err;
  };
  EXPECT_THAT(refusal({"--from", "2026-11-30"}), HasSubstr("such as 2026-11-30T00:00:00Z"));
  EXPECT_THAT(refusal({"--from", "mysql-full:99999999"}), HasSubstr(std::to_string(size) + " bytes only"));
  EXPECT_THAT(refusal({"--from", "mysql-full:900", "--to", "mysql-full:400"}), HasSubstr("is before --from"));
  const RunResult wrong = decode({file, "--from", "yesterday"});
  EXPECT_EQ(wrong.status.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("yesterday"));
}

TEST(DecodeWindow, TheWrongWayRoundIsRefused) {
  const TempDir folder;
  const std::string whole = read_file(golden_binlog("mysql-full"));
  std::vector<std::string> files;
  for (const char* name : {"binlog.000001", "binlog.000002"})
    write_file(files.emplace_back((folder.path() / name).string()), whole);
  std::vector<std::string> gtids;
  for (const std::string& line : lines_of(decode({files[0]}).out)) {
    const std::size_t begin = line.find("\"gtid\":\"") + 8;
    const std::string gtid = line.substr(begin, line.find('"', begin) - begin);
    if (gtids.empty() || gtids.back() != gtid) gtids.push_back(gtid);
  }
  ASSERT_GT(gtids.size(), 3U);
  const std::string middle = "binlog.000001:" + std::to_string(whole.size() / 2);
  struct Case {
    std::string from;
    std::string to;
    int code;
  };
  const std::vector<Case> cases{
      {"binlog.000002:4", "binlog.000001:900", 2},
      {gtids.back(), gtids.front(), 1},
      {gtids[2], gtids[1], 1},
      {"2100-01-01T00:00:00Z", gtids.front(), 1},
      {"2100-01-01T00:00:00Z", middle, 1},
      {gtids.back(), "2000-01-01T00:00:00Z", 1},
      {gtids.back(), "binlog.000001:4", 1},
      {"binlog.000001:" + std::to_string(whole.size() / 2 + 1), gtids.front(), 1},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE("--from " + each.from + " --to " + each.to);
    const RunResult result = decode({files[0], files[1], "--from", each.from, "--to", each.to});
    EXPECT_EQ(result.status.code, each.code);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("--to " + each.to + " is before --from " + each.from));
  }
  const RunResult none = decode({files[0], files[1], "--from", middle, "--to", middle});
  EXPECT_EQ(none.status.code, 0) << "nothing is between them: " << none.err;
  EXPECT_GT(decode({files[0], files[1], "--from", "binlog.000001:4", "--to", "binlog.000002:900"}).out.size(),
            0U);
}

TEST(DecodeObjects, OnlyTheOnesNamed) {
  const std::string file = golden_binlog("mysql-full");
  for (const std::string& line : lines_of(decode({file, "--objects", "shop.cust*"}).out))
    EXPECT_THAT(line, testing::Not(HasSubstr("\"table\":\"orders\"")));
  const RunResult none = decode({file, "--objects", "elsewhere"});
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, HasSubstr("no row of these files is of --objects elsewhere"));
  EXPECT_EQ(decode({file, "--objects", "SHOP.Cust*"}).out, decode({file, "--objects", "shop.cust*"}).out)
      << "whether case counts at its server is not in a file";
  const std::string both = decode({file, "--objects", "shop.customers", "--objects", "shop.orders"}).out;
  EXPECT_THAT(both, HasSubstr("\"table\":\"orders\""));
  EXPECT_THAT(both, HasSubstr("\"table\":\"customers\""));
}

TEST(DecodeFiles, OneAfterTheOtherAndWhatIsNoBinlogIsSaid) {
  const std::string one = golden_binlog("mysql-full");
  const std::string other = golden_binlog("mariadb-full");
  EXPECT_EQ(decode({one, other}).out, decode({one}).out + decode({other}).out);
  const RunResult sql = decode({(kGolden / "sql" / "shop.sql").string()});
  EXPECT_EQ(sql.status.code, 1);
  EXPECT_THAT(sql.err, HasSubstr("not a binlog file"));
  const RunResult format = decode({one, "--format", "xml"});
  EXPECT_EQ(format.status.code, 2);
  EXPECT_THAT(format.err, HasSubstr("debezium-json"));
}

}  // namespace
}  // namespace rowtide::test
