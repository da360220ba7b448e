#include "operator/kube/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"

namespace rowtide::op::kube {
namespace {

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rowtide-kube-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ConfigTest() override {
    std::filesystem::remove_all(folder_);
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
  }
  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }
  std::string kubeconfig_with(const std::string& user, const std::string& cluster = "") {
    return write(
        "config",
        "current-context: here\ncontexts:\n- {name: here, context: {cluster: c, user: u, namespace: shop}}\n"
        "clusters:\n- name: c\n  cluster: {server: 'https://127.0.0.1:6443/'" +
            cluster + "}\nusers:\n- name: u\n  user: " + user + "\n");
  }
  std::filesystem::path folder_;
};

TEST_F(ConfigTest, ReadsTheCurrentContextWithDataAndRelativeFiles) {
  write("client.key", "KEY");
  const auto config = kubeconfig(kubeconfig_with(
      "{client-certificate-data: Q0VSVA==, client-key: client.key}", ", certificate-authority-data: Q0E="));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server, "https://127.0.0.1:6443");
  EXPECT_EQ(config->ca_pem, "CA");
  EXPECT_EQ(config->client_certificate_pem, "CERT");
  EXPECT_EQ(config->client_key_pem, "KEY");
  EXPECT_EQ(config->default_namespace, "shop");
}

TEST_F(ConfigTest, TakesTokensAndTokenFiles) {
  EXPECT_EQ(kubeconfig(kubeconfig_with("{token: abc}"))->token, "abc");
  EXPECT_EQ(kubeconfig(kubeconfig_with("{tokenFile: t}"))->token_file, (folder_ / "t").string());
}

TEST_F(ConfigTest, RefusesByNameWhatItDoesNotDo) {
  for (const char* field :
       {"exec: {command: aws}", "auth-provider: {name: gcp}", "username: me, password: secret"}) {
    const auto config = kubeconfig(kubeconfig_with(std::string("{") + field + "}"));
    EXPECT_TRUE(absl::IsInvalidArgument(config.status())) << field;
    const std::string name(field, std::string(field).find(':'));
    EXPECT_TRUE(absl::StrContains(config.status().message(), "user \"u\": " + name)) << config.status();
    EXPECT_FALSE(absl::StrContains(config.status().message(), "secret"));
  }
  const auto insecure = kubeconfig(kubeconfig_with("{token: t}", ", insecure-skip-tls-verify: true"));
  EXPECT_TRUE(absl::StrContains(insecure.status().message(), "insecure-skip-tls-verify"))
      << insecure.status();
}

TEST_F(ConfigTest, SaysWhatIsWrongWithoutQuotingSecrets) {
  EXPECT_TRUE(absl::StrContains(kubeconfig(kubeconfig_with("{}")).status().message(), "no credentials"));
  EXPECT_TRUE(absl::StrContains(kubeconfig(kubeconfig_with("{client-key-data: '*'}")).status().message(),
                                "client-key-data is not valid base64"));
  EXPECT_TRUE(absl::StrContains(kubeconfig(kubeconfig_with("{client-key-data: Q0E=}")).status().message(),
                                "go together"));
  EXPECT_TRUE(absl::IsNotFound(kubeconfig((folder_ / "none").string()).status()));
  const auto broken = kubeconfig(write("broken", "users: [{token: hunter2}\n: ]"));
  EXPECT_TRUE(absl::IsInvalidArgument(broken.status()));
  EXPECT_FALSE(absl::StrContains(broken.status().message(), "hunter2")) << broken.status();
}

TEST_F(ConfigTest, InAPodTakesTheServiceAccountAndBracketsIpv6) {
  EXPECT_TRUE(absl::IsFailedPrecondition(in_cluster_config(folder_).status()));
  setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  EXPECT_TRUE(absl::IsNotFound(in_cluster_config(folder_).status()));
  write("ca.crt", "CA");
  write("token", "abc\n");
  write("namespace", "rowtide-system");
  const auto config = in_cluster_config(folder_);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server, "https://[fd00::1]:443");
  EXPECT_EQ(config->token_file, (folder_ / "token").string());
  EXPECT_EQ(config->default_namespace, "rowtide-system");
  setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
  EXPECT_EQ(in_cluster_config(folder_)->server, "https://10.0.0.1:443");
}

}  // namespace
}  // namespace rowtide::op::kube
