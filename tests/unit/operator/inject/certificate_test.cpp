#include "operator/inject/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <fstream>

#include "common/time/clock.h"
#include "tests/support/temp_dir.h"

namespace rowtide::op::inject {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kDay = 86'400;

std::int64_t now() {
  return rowtide::now_ms() / 1000;
}

SelfSigned certificate(const std::string& owner, std::int64_t from = now(), std::int64_t valid = kDay) {
  absl::StatusOr<SelfSigned> made = make_certificate("localhost", owner, from, valid);
  EXPECT_TRUE(made.ok()) << made.status();
  return *std::move(made);
}

TEST(Bundle, HoldsOnesOwnAndThoseOfOthersThatHaveNotExpired) {
  const std::string mine = certificate("me").pair.certificate_pem;
  const std::string mine_before = certificate("me").pair.certificate_pem;
  const std::string other = certificate("other").pair.certificate_pem;
  const std::string expired = certificate("gone", now() - 2 * kDay).pair.certificate_pem;
  const std::string bundle = merged_bundle(mine_before + expired + other, {mine}, "me", now());
  EXPECT_THAT(bundle, HasSubstr(mine));
  EXPECT_THAT(bundle, HasSubstr(other));
  EXPECT_THAT(bundle, Not(HasSubstr(mine_before)));
  EXPECT_THAT(bundle, Not(HasSubstr(expired)));
}

TEST(Bundle, IsTheSameForEachOfThemSoThatNobodyWritesWhatIsThere) {
  const std::string one = certificate("one").pair.certificate_pem;
  const std::string other = certificate("other").pair.certificate_pem;
  const std::string bundle = merged_bundle("", {one}, "one", now());
  const std::string of_both = merged_bundle(bundle, {other}, "other", now());
  EXPECT_EQ(merged_bundle(of_both, {one}, "one", now()), of_both);
  EXPECT_EQ(merged_bundle(of_both, {other}, "other", now()), of_both);
}

TEST(Bundle, WhatIsNoCertificateIsReplacedAndItDoesNotGrowForEver) {
  const std::string one = certificate("one").pair.certificate_pem;
  EXPECT_EQ(merged_bundle("no certificate", {one}, "one", now()), one);
  std::string many;
  for (int i = 0; i < 260; ++i)
    many += certificate("pod-" + std::to_string(i), now(), kDay + i).pair.certificate_pem;
  const std::string bundle = merged_bundle(many, {one}, "one", now());
  std::size_t count = 0;
  for (std::size_t at = 0; (at = bundle.find("BEGIN", at)) != std::string::npos; ++at) ++count;
  EXPECT_EQ(count, 257U);
  EXPECT_THAT(bundle, HasSubstr(one)) << "one's own stays, whichever lasts longest";
}

TEST(Certificate, AnOwnersNameThatIsTooLongIsToldByItsEnd) {
  const std::string base(80, 'a');
  const std::string one = certificate(base + "-1").pair.certificate_pem;
  const std::string other = certificate(base + "-2").pair.certificate_pem;
  EXPECT_THAT(merged_bundle(one, {other}, base + "-2", now()), HasSubstr(one));
}

/// What a client that trusts `pem` gets; 0: no connection.
int get(const http::Server& server, const std::string& pem, const std::string& host) {
  const test::TempDir folder;
  const std::string file = folder.path() / "ca.pem";
  std::ofstream(file) << pem;
  httplib::SSLClient client(host, server.port());
  client.set_ca_cert_path(file.c_str());
  client.enable_server_certificate_verification(true);
  const auto result = client.Get("/here");
  return result ? result->status : 0;
}

TEST(Certificate, IsShownToEachConnectionAsItIsThen) {
  const SelfSigned first = certificate("me");
  const SelfSigned second = certificate("me");
  http::KeyPair shown = first.pair;
  const auto server = http::Server::start("127.0.0.1:0", {{"/here", [] { return http::Response{}; }}}, {},
                                          {.certificate = [&shown] { return shown; }});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(get(**server, first.pair.certificate_pem, "localhost"), 200);
  EXPECT_EQ(get(**server, second.pair.certificate_pem, "localhost"), 0) << "not trusted";
  shown = second.pair;
  EXPECT_EQ(get(**server, first.pair.certificate_pem, "localhost"), 0);
  EXPECT_EQ(get(**server, second.pair.certificate_pem, "localhost"), 200);
  EXPECT_EQ(get(**server, second.pair.certificate_pem, "127.0.0.1"), 0) << "it is of another host";
  shown = {"nonsense", "nonsense"};
  EXPECT_EQ(get(**server, second.pair.certificate_pem, "localhost"), 0);
}

}  // namespace
}  // namespace rowtide::op::inject
