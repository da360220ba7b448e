// A source that takes longer for one statement than a precheck waits for it.
#include <thread>

#include "tests/integration/precheck_fixture.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class PrecheckSlowSource : public PrecheckOwnServer {};

TEST_P(PrecheckSlowSource, OneStatementThatTakesTooLongSpoilsNoOtherCheck) {
  const auto server = start({});
  // Whoever asks for its row in information_schema waits for this table.
  std::jthread creator([&] { server->connect("d").exec("CREATE TABLE slow AS SELECT SLEEP(12)"); });
  wait_until("the table is being made", [&] {
    return !server->query("SELECT 1 FROM information_schema.processlist WHERE info LIKE 'CREATE TABLE slow%'")
                .empty();
  });
  const PrecheckReport report = check(task_of(*server));
  const CheckItem asked = item(report, "ObjectsExist");
  EXPECT_EQ(asked.reason, "ConnectionLost") << precheck::render_table(report);
  EXPECT_THAT(asked.message, AllOf(HasSubstr("information_schema.TABLES"), HasSubstr("5 s")));
  for (const char* other : {"GtidMode", "Charsets", "ServerIdUnique", "StartPositionAvailable"})
    EXPECT_EQ(item(report, other).result, CheckResult::Passed) << precheck::render_table(report);
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckSlowSource, testing::Values(SqlFlavor::Mariadb), name_of);

}  // namespace
}  // namespace rowtide::test
