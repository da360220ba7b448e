#include "tracker/run/source_verifier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "tests/support/wait_until.h"

namespace rowtide::run {
namespace {

TEST(SourceVerifier, MakesANewConnectionEachTime) {
  std::atomic<int> calls = 0;
  std::atomic<int> let_ins = 0;
  std::atomic<bool> is_blocked = true;
  SourceVerifier verifier(
      [&]() -> absl::StatusOr<std::unique_ptr<sql::Session>> {
        ++calls;
        if (is_blocked) return failure(absl::StatusCode::kPermissionDenied, "HostNotPrivileged", "let it in");
        return nullptr;
      },
      [&](const std::stop_token&) { return ++let_ins, absl::OkStatus(); }, std::chrono::milliseconds{5});
  EXPECT_EQ(verifier.access().at_ms, 0) << "nothing is known before the first";
  const std::jthread thread([&](const std::stop_token& stop) { verifier.run(stop); });
  test::wait_until("it was refused",
                   [&] { return reason_of(verifier.access().status) == "HostNotPrivileged"; });
  EXPECT_GT(verifier.access().at_ms, 0);
  EXPECT_GT(let_ins, 0);
  is_blocked = false;
  test::wait_until("it was let in", [&] { return verifier.access().status.ok(); });
  const int before = calls;
  test::wait_until("it goes on", [&] { return calls > before; });
}

TEST(SourceVerifier, TakesTheOutcomeOfTheStreamsConnection) {
  SourceVerifier verifier([]() -> absl::StatusOr<std::unique_ptr<sql::Session>> { return nullptr; });
  verifier.note(failure(absl::StatusCode::kUnavailable, "HostBlocked", "FLUSH HOSTS"));
  EXPECT_EQ(text(verifier.access().status), "FLUSH HOSTS");
}

}  // namespace
}  // namespace rowtide::run
