#include "tracker/encode/column_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/status/text.h"
#include "tracker/types/families.h"

namespace rowtide::encode {
namespace {

using testing::HasSubstr;
using types::Column;
using types::Value;
using types::ValueKind;
using types::WireType;

Column column(std::string name, ValueKind kind, WireType type) {
  Column column;
  column.name = std::move(name);
  column.kind = kind;
  column.wire_type = static_cast<std::uint8_t>(type);
  return column;
}

Value number(std::int64_t content) {
  Value value;
  value.kind = ValueKind::Int;
  value.integer = content;
  return value;
}

Value text(std::string_view content) {
  Value value;
  value.kind = ValueKind::Text;
  value.text = content;
  return value;
}

Value null() {
  Value value;
  value.kind = ValueKind::Null;
  return value;
}

using Names = std::vector<std::string>;

task::ColumnRule rule_of(Names exclude, Names mask, Names hash) {
  return {.database = "crm",
          .table = "customers",
          .exclude = std::move(exclude),
          .mask = std::move(mask),
          .hash = std::move(hash)};
}

class ColumnRules : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<TableEncoder>> bind(const task::ColumnRule& rule) {
    return bind_with_rule(*encoder_, plan_, rule, "topic");
  }
  std::string insert(const task::ColumnRule& rule, const std::vector<Value>& row) {
    auto bound = bind(rule);
    EXPECT_TRUE(bound.ok()) << bound.status();
    if (!bound.ok()) return "";
    batch_.clear();
    (*bound)->encode({binlog::RowOperation::Insert, {}, row}, ChangeOrigin{}, batch_);
    return std::string(*batch_.record(0).value);
  }

  std::unique_ptr<Encoder> encoder_ = *make_encoder("canal-json", EncoderContext{});
  binlog::TablePlan plan_{.database = "crm",
                          .table = "customers",
                          .columns = {column("ssn", ValueKind::Text, WireType::Varchar),
                                      column("id", ValueKind::Int, WireType::Long),
                                      column("phone", ValueKind::Text, WireType::Varchar),
                                      column("age", ValueKind::Int, WireType::Long)},
                          .key_columns = {1}};
  record::RecordBatch batch_;
};

TEST_F(ColumnRules, ExcludeMaskAndHash) {
  const std::string value =
      insert(rule_of({"ssn"}, {"phone"}, {"age"}), {text("123"), number(7), text("555-1234"), number(42)});
  // printf 42 | sha256sum
  EXPECT_THAT(value, HasSubstr(R"({"data":[{"id":"7","phone":"****","age":)"
                               R"("73475cb40a568e8da8a045ced110137e159f890ac4da883b6b17dc651b3a8049"}])"));
  EXPECT_THAT(value, HasSubstr(R"x("mysqlType":{"id":"int","phone":"char(4)","age":"char(64)"})x"));
  EXPECT_THAT(value, testing::Not(HasSubstr("ssn")));
  EXPECT_THAT(value, testing::Not(HasSubstr("555")));
  EXPECT_EQ(batch_.record(0).key, R"({"id":"7"})") << "the key's place has moved";
}

TEST_F(ColumnRules, NullAndAbsentStayWhatTheyAre) {
  const std::string value = insert(rule_of({}, {"phone"}, {"age"}), {Value{}, number(7), null(), null()});
  EXPECT_THAT(value, HasSubstr(R"({"data":[{"id":"7","phone":null,"age":null}])"));
}

TEST_F(ColumnRules, AKeyMayBeHashedAndNothingElse) {
  EXPECT_TRUE(bind(rule_of({}, {}, {"id"})).ok());
  for (const task::ColumnRule& rule : {rule_of({"id"}, {}, {}), rule_of({}, {"id"}, {})}) {
    const auto bound = bind(rule);
    EXPECT_TRUE(absl::IsFailedPrecondition(bound.status()));
    EXPECT_THAT(rowtide::text(bound.status()),
                HasSubstr("column id of crm.customers, which belongs to the table's key"));
  }
}

TEST_F(ColumnRules, NamesOfColumnsHaveNoCase) {
  plan_.columns[3].name = "Ärzte";
  const std::string value =
      insert(rule_of({"SSN"}, {"Phone"}, {"äRZTE"}), {text("123"), number(7), text("555-1234"), number(42)});
  EXPECT_THAT(value, HasSubstr(R"({"data":[{"id":"7","phone":"****","Ärzte":"73475cb4)"));
  EXPECT_TRUE(absl::IsFailedPrecondition(bind(rule_of({"ID"}, {}, {})).status())) << "the key";
}

TEST_F(ColumnRules, AColumnThatIsNotThereIsAnError) {
  const auto bound = bind(rule_of({}, {"telephone"}, {}));
  EXPECT_TRUE(absl::IsFailedPrecondition(bound.status()));
  EXPECT_THAT(rowtide::text(bound.status()), HasSubstr("column telephone of crm.customers"));
}

}  // namespace
}  // namespace rowtide::encode
