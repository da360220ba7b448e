#pragma once

#include <yaml-cpp/yaml.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/task/parse.h"

namespace rowtide::task {

// Of both kinds.
inline constexpr std::string_view kApiVersion = "rowtide.dev/v1alpha1";
inline constexpr std::array<std::pair<std::string_view, DeletionPolicy>, 2> kDeletionPolicies{
    {{"Retain", DeletionPolicy::Retain}, {"Delete", DeletionPolicy::Delete}}};

/// What the fields of one document share while it is read. Internal to common/task.
struct DocumentContext {
  Mode mode = Mode::Standalone;
  std::vector<FieldError> errors;
  std::vector<std::string> defaults;  ///< paths of fields that say what their absence says
  std::vector<std::string> ignored;   ///< paths of fields that have no effect in this mode
};

/// A node of the document with its path. Every reader takes the default for a field that is absent or null,
/// and notes an error (and takes the default) for one that is not what is asked for: so reading goes on and
/// all errors are found in one go.
class Field {
 public:
  Field(const YAML::Node& node, std::string path, DocumentContext& context)
      : node_(node), path_(std::move(path)), context_(&context) {}

  [[nodiscard]] bool present() const { return node_.IsDefined() && !node_.IsNull(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Mode mode() const { return context_->mode; }

  /// The field must be a map with these keys only. Absent is fine. False if it is present and is not a map.
  bool is_map_of(std::initializer_list<std::string_view> keys) const;
  [[nodiscard]] Field operator[](std::string_view key) const;
  [[nodiscard]] std::vector<Field> items(std::size_t most) const;
  /// Of a map whose keys are not fields but data.
  [[nodiscard]] std::map<std::string, Field> entries(std::size_t most) const;

  [[nodiscard]] std::string text(std::string fallback = {}) const;
  /// As text(), but absent or empty is an error that says `what` is wanted.
  [[nodiscard]] std::string required_text(std::string_view what) const;
  [[nodiscard]] std::vector<std::string> texts(std::size_t most) const;
  [[nodiscard]] bool boolean(bool fallback) const;
  [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most, std::int64_t fallback) const;
  /// RFC 3339, as microseconds since 1970; 0 with an error noted otherwise.
  [[nodiscard]] std::int64_t time_us() const;
  /// A subtree as JSON text, for what is passed through; "" if absent.
  [[nodiscard]] std::string json() const;

  /// The field's text as written, before ${env:NAME} is replaced.
  [[nodiscard]] std::string raw_text() const { return present() && node_.IsScalar() ? node_.Scalar() : ""; }

  template <typename Enum, std::size_t N>
  [[nodiscard]] Enum choice(const std::array<std::pair<std::string_view, Enum>, N>& choices,
                            Enum fallback) const {
    const Enum chosen = required_choice(choices, fallback);
    if (chosen == fallback) note_default();
    return chosen;
  }
  /// Of a field whose absence is refused elsewhere: the fallback is none that anybody may leave out.
  template <typename Enum, std::size_t N>
  [[nodiscard]] Enum required_choice(const std::array<std::pair<std::string_view, Enum>, N>& choices,
                                     Enum fallback) const {
    if (!present()) return fallback;
    const std::string value = text();
    std::string allowed;
    for (const auto& [name, choice] : choices) {
      if (name == value) return choice;
      allowed += (allowed.empty() ? "" : ", ") + std::string(name);
    }
    refuse("one of " + allowed);
    return fallback;
  }

  /// Notes that the field could as well be absent; without effect if it is. Readers with a fallback do so
  /// themselves.
  void note_default() const;
  /// Notes that the field has no effect in this mode; without effect itself if it is absent.
  void note_ignored() const;
  /// Notes an error on this field, with the value that stands there.
  void refuse(std::string message) const;
  /// The same, for fields whose value may be a secret.
  void refuse_without_value(std::string message) const;

 private:
  [[nodiscard]] bool is_scalar_or_refuse(std::string_view wanted) const;

  YAML::Node node_;
  std::string path_;
  DocumentContext* context_;
};

}  // namespace rowtide::task
