#include "common/task/parse_sections.h"

namespace rowtide::task {

std::optional<SecretRef> read_secret_ref(const Field& field) {
  if (!field.present() || !field.is_map_of({"name"})) return std::nullopt;
  return SecretRef{field["name"].required_text("the Secret's name")};
}

std::optional<SecretKeyRef> read_secret_key_ref(const Field& field) {
  if (!field.present() || !field.is_map_of({"name", "key"})) return std::nullopt;
  return SecretKeyRef{field["name"].required_text("the Secret's name"), field["key"].text("ca.crt")};
}

std::optional<InlineCredentials> read_inline_credentials(const Field& field) {
  if (!field.present()) return std::nullopt;
  if (field.mode() == Mode::Kubernetes) {
    field.refuse_without_value("only for rowtide-tracker run without Kubernetes; use credentialsSecretRef");
    return std::nullopt;
  }
  if (!field.is_map_of({"username", "password"})) return std::nullopt;
  const Field password = field["password"];
  const std::string raw = password.raw_text();
  if (!raw.starts_with("${env:") || !raw.ends_with("}")) {
    password.refuse_without_value(
        "must be ${env:NAME}, the name of an environment variable: a password does not belong in a file like "
        "this");
    return std::nullopt;
  }
  return InlineCredentials{field["username"].required_text("the account's name"), password.text()};
}

void require_credentials(const Field& parent, bool has_reference, bool has_inline) {
  if (has_reference && has_inline) {
    parent["credentials"].refuse_without_value("give either credentials or credentialsSecretRef");
  } else if (!has_reference && !has_inline) {
    parent["credentialsSecretRef"].refuse(
        "required: {name: ...}, a Secret with the keys username and password");
  }
}

}  // namespace rowtide::task
