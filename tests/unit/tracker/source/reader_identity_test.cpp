#include "tracker/source/reader_identity.h"

#include <gtest/gtest.h>

namespace rowtide::source {
namespace {

task::Task task_named(const std::string& name, std::uint32_t server_id = 0) {
  task::Task task;
  task.name = name;
  task.spec.source.server_id = server_id;
  return task;
}

TEST(ReaderIdentity, IsStableAndThatOfTheTask) {
  EXPECT_EQ(reader_identity(task_named("a")).uuid, reader_identity(task_named("a")).uuid);
  EXPECT_NE(reader_identity(task_named("a")).server_id, reader_identity(task_named("b")).server_id);
  EXPECT_NE(reader_identity(task_named("a")).label, reader_identity(task_named("b")).label);
}

TEST(ReaderIdentity, TheUuidFollowsTheServerIdAndTheLabelDoesNot) {
  const ReaderIdentity a = reader_identity(task_named("a", 7));
  const ReaderIdentity b = reader_identity(task_named("b", 7));
  EXPECT_EQ(a.server_id, 7U);
  EXPECT_EQ(a.uuid, "726f7774-6964-4000-8000-000000000007");
  EXPECT_EQ(a.uuid, b.uuid) << "or the server would let two readers with one server id be";
  EXPECT_NE(a.label, b.label) << "or a precheck could not tell them apart";
}

TEST(ReaderIdentity, TheLabelFitsWhereOldServersKeepAHostName) {
  EXPECT_LE(reader_identity(task_named(std::string(200, 'x'))).label.size(), 60U);
}

}  // namespace
}  // namespace rowtide::source
