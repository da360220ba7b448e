#include "tracker/encode/column_rules.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "common/bytes/hex.h"
#include "common/names/name_case.h"
#include "common/status/try.h"
#include "tracker/encode/value_text.h"
#include "tracker/types/families.h"
#include "tracker/types/scratch.h"

namespace rowtide::encode {
namespace {

using names::holds_name;
using types::Column;
using types::Value;
using types::ValueKind;
using types::WireType;

enum class Treatment { Keep, Mask, Hash };

struct OutputColumn {
  std::uint32_t index = 0;  ///< in the table's row image
  Treatment treatment = Treatment::Keep;
};

constexpr std::string_view kMask = "****";  // tells neither the value nor its length
constexpr std::uint32_t kHashLength = 2 * SHA256_DIGEST_LENGTH;

/// What a masked or hashed column is to a format.
Column as_text(const Column& column, std::uint32_t length) {
  Column text;
  text.name = column.name;
  text.kind = ValueKind::Text;
  text.is_nullable = column.is_nullable;
  text.length = length;
  text.wire_type = static_cast<std::uint8_t>(WireType::String);
  text.declared_type = fmt::format("char({})", length);
  return text;
}

absl::Status check_names(const binlog::TablePlan& plan, const task::ColumnRule& rule) {
  for (const auto* names : {&rule.exclude, &rule.mask, &rule.hash}) {
    for (const std::string& name : *names) {
      const bool is_there = std::any_of(plan.columns.begin(), plan.columns.end(), [&](const Column& column) {
        return names::is_same_name(column.name, name);
      });
      if (is_there) continue;
      return absl::FailedPreconditionError(
          fmt::format("spec.objects.columns names column {} of {}.{}, which the table does not have at this "
                      "point; correct the name, or take it out",
                      name, plan.database, plan.table));
    }
  }
  return absl::OkStatus();
}

absl::Status check_key(const binlog::TablePlan& plan, const task::ColumnRule& rule) {
  for (const std::uint32_t index : plan.key_columns) {
    const std::string& name = plan.columns[index].name;
    const bool is_excluded = holds_name(rule.exclude, name);
    if (!is_excluded && !holds_name(rule.mask, name)) continue;
    return absl::FailedPreconditionError(fmt::format(
        "spec.objects.columns {} column {} of {}.{}, which belongs to the table's key: records of different "
        "rows could not be told apart; hash it instead, or leave the table out of spec.objects",
        is_excluded ? "excludes" : "masks", name, plan.database, plan.table));
  }
  return absl::OkStatus();
}

class RuledTableEncoder final : public TableEncoder {
 public:
  RuledTableEncoder(std::vector<Column> columns, std::vector<OutputColumn> output_columns)
      : columns_(std::move(columns)), output_columns_(std::move(output_columns)) {}

  void set_inner(std::unique_ptr<TableEncoder> inner) { inner_ = std::move(inner); }

  void encode(const RowChange& change, const ChangeOrigin& origin, record::RecordBatch& out) override {
    scratch_.reset();
    apply_rules(change.before, before_);
    apply_rules(change.after, after_);
    inner_->encode({change.operation, before_, after_}, origin, out);
  }

 private:
  void apply_rules(std::span<const Value> row, std::vector<Value>& out) {
    out.clear();
    if (row.empty()) return;
    for (const OutputColumn& column : output_columns_) {
      const Value& value = row[column.index];
      const bool is_kept = column.treatment == Treatment::Keep || value.kind == ValueKind::Null ||
                           value.kind == ValueKind::Absent;
      out.push_back(is_kept ? value : hidden(column, value));
    }
  }

  Value hidden(const OutputColumn& column, const Value& value) {
    Value shown;
    shown.kind = ValueKind::Text;
    shown.text = column.treatment == Treatment::Mask ? kMask : hash_of(columns_[column.index], value);
    return shown;
  }

  std::string_view hash_of(const Column& column, const Value& value) {
    text_.clear();
    append_value_text(text_, column, value);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    SHA256(reinterpret_cast<const unsigned char*>(text_.data()), text_.size(), digest.data());
    const std::span<char> room = scratch_.allocate(kHashLength);
    char* at = room.data();
    for (const unsigned char byte : digest) at = write_hex(at, byte);
    return {room.data(), room.size()};
  }

  std::unique_ptr<TableEncoder> inner_;
  std::vector<Column> columns_;  ///< of the table
  std::vector<OutputColumn> output_columns_;
  std::vector<Value> before_;
  std::vector<Value> after_;
  types::Scratch scratch_;
  std::string text_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TableEncoder>> bind_with_rule(Encoder& encoder, const binlog::TablePlan& plan,
                                                             const task::ColumnRule& rule,
                                                             std::string topic) {
  RETURN_IF_ERROR(check_names(plan, rule));
  RETURN_IF_ERROR(check_key(plan, rule));

  binlog::TablePlan output_plan{
      .database = plan.database, .table = plan.table, .columns = {}, .key_columns = {}};
  std::vector<OutputColumn> output_columns;
  std::vector<std::uint32_t> new_index(plan.columns.size());
  for (std::uint32_t i = 0; i < plan.columns.size(); ++i) {
    const Column& column = plan.columns[i];
    if (holds_name(rule.exclude, column.name)) continue;
    new_index[i] = static_cast<std::uint32_t>(output_columns.size());
    if (holds_name(rule.mask, column.name)) {
      output_columns.push_back({i, Treatment::Mask});
      output_plan.columns.push_back(as_text(column, static_cast<std::uint32_t>(kMask.size())));
    } else if (holds_name(rule.hash, column.name)) {
      output_columns.push_back({i, Treatment::Hash});
      output_plan.columns.push_back(as_text(column, kHashLength));
    } else {
      output_columns.push_back({i, Treatment::Keep});
      output_plan.columns.push_back(column);
    }
  }
  for (const std::uint32_t index : plan.key_columns) output_plan.key_columns.push_back(new_index[index]);

  auto ruled = std::make_unique<RuledTableEncoder>(plan.columns, std::move(output_columns));
  ASSIGN_OR_RETURN(std::unique_ptr<TableEncoder> inner, encoder.bind(output_plan, std::move(topic)));
  ruled->set_inner(std::move(inner));
  return ruled;
}

}  // namespace rowtide::encode
