// Endpoints that answer every statement and do not send the binlog: proxies, nodes for reading only. A proxy
// on loopback stands for them (tests/support/stream_refusing_proxy.py), as no server here refuses it.
#include <fstream>

#include "tests/integration/precheck_fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using testing::HasSubstr;

class PrecheckStream : public Precheck {
 protected:
  void SetUp() override {
    Precheck::SetUp();
    for (int i = 0; i < 2; ++i) {
      const PrecheckReport direct = check(task);
      EXPECT_EQ(item(direct, "BinlogStream").result, CheckResult::Passed) << precheck::render_table(direct);
    }
  }
  /// The task's source is then what `mode` says.
  void go_through(const std::string& mode) {
    const std::filesystem::path file = folder_.path() / mode;
    proxy_.emplace(
        ProcessOptions{.argv = {"python3", source_root() / "tests" / "support" / "stream_refusing_proxy.py",
                                std::to_string(server.port()), file, mode},
                       .env = {},
                       .working_dir = {}});
    wait_until(
        "the proxy listens", [&] { return std::filesystem::exists(file); }, std::chrono::seconds{30},
        [&] { return proxy_->err(); });
    std::ifstream(file) >> task.spec.source.port;
    task.spec.source.tls.mode = task::TlsMode::Disabled;
  }

 private:
  TempDir folder_;
  std::optional<Process> proxy_;
};

TEST_P(PrecheckStream, AnEndpointThatRefusesIt) {
  for (const char* mode : {"register", "dump"}) {
    SCOPED_TRACE(mode);
    go_through(mode);
    const PrecheckReport report = check(task);
    const CheckItem found = item(report, "BinlogStream");
    EXPECT_EQ(found.result, CheckResult::Failed);
    EXPECT_EQ(found.reason, "StreamRefused");
    EXPECT_THAT(found.message, HasSubstr("Unknown command"));
    EXPECT_THAT(found.repair, HasSubstr("spec.source.host"));
    expect_all_others_pass(report, {"BinlogStream"});
  }
}

TEST_P(PrecheckStream, AnEndpointThatSendsNothing) {
  go_through("silent");
  const auto begin = std::chrono::steady_clock::now();
  const CheckItem found = item(check(task), "BinlogStream");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "Timeout");
  EXPECT_THAT(found.message, HasSubstr("did not begin to send its binlog"));
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckStream,
                         testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mysql57, SqlFlavor::Mariadb), name_of);

}  // namespace
}  // namespace rowtide::test
