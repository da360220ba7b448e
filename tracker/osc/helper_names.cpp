#include "tracker/osc/helper_names.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <utility>

#include "common/status/try.h"

namespace rowtide::osc {

namespace {

constexpr const char* kGhosts = "_+(.+)_(?:gho|new)";
constexpr const char* kOthers = "_+(.+?)(?:_[0-9]{14})?_(?:ghc|del|old)";

std::optional<std::string> group_of(const re2::RE2& expression, std::string_view table) {
  std::string real;
  if (!re2::RE2::FullMatch(re2::StringPiece(table.data(), table.size()), expression, &real))
    return std::nullopt;
  return real;
}

absl::Status check(const re2::RE2& expression, std::string_view field) {
  if (expression.ok() && expression.NumberOfCapturingGroups() == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("spec.onlineSchemaChangeTables.{}: '{}' must be a regular expression in RE2 syntax with "
                  "one group, which is the "
                  "name of the table that is changed, such as _(.+)_shadow{}",
                  field, expression.pattern(), expression.ok() ? "" : ": " + expression.error()));
}

}  // namespace

struct HelperNames::Expressions {
  Expressions(const std::string& ghosts_text, const std::string& others_text,
              const re2::RE2::Options& options)
      : ghosts(ghosts_text, options), others(others_text, options) {}
  re2::RE2 ghosts;
  re2::RE2 others;
};

HelperNames::HelperNames() = default;
HelperNames::~HelperNames() = default;
HelperNames::HelperNames(const HelperNames&) = default;
HelperNames& HelperNames::operator=(const HelperNames&) = default;
HelperNames::HelperNames(HelperNames&&) noexcept = default;
HelperNames& HelperNames::operator=(HelperNames&&) noexcept = default;

absl::StatusOr<HelperNames> HelperNames::create(const task::OnlineSchemaChanges& settings,
                                                bool lower_case_names) {
  HelperNames names;
  if (settings.mode == task::OnlineSchemaChangeMode::PassThrough) return names;
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_case_sensitive(!lower_case_names);
  auto expressions =
      std::make_shared<Expressions>(settings.ghost.empty() ? kGhosts : settings.ghost,
                                    settings.other.empty() ? kOthers : settings.other, options);
  RETURN_IF_ERROR(check(expressions->ghosts, "ghost"));
  RETURN_IF_ERROR(check(expressions->others, "other"));
  names.expressions_ = std::move(expressions);
  return names;
}

std::optional<std::string> HelperNames::real_of_ghost(std::string_view table) const {
  return expressions_ == nullptr ? std::nullopt : group_of(expressions_->ghosts, table);
}

std::optional<std::string> HelperNames::real_of_helper(std::string_view table) const {
  if (expressions_ == nullptr) return std::nullopt;
  if (std::optional<std::string> real = group_of(expressions_->ghosts, table)) return real;
  return group_of(expressions_->others, table);
}

}  // namespace rowtide::osc
