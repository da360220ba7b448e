#include "tracker/polardb/open_api.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/temp_dir.h"

namespace rowtide::polardb {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

/// Takes connections and does not answer.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_, any, size) != 0 || listen(socket_, 4) != 0 || getsockname(socket_, any, &size) != 0)
      throw std::runtime_error("no socket on loopback");
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// Returns when a client is connected and has sent something.
  void wait_for_request() {
    client_ = accept(socket_, nullptr, nullptr);
    char byte = 0;
    EXPECT_EQ(recv(client_, &byte, 1, 0), 1);
  }
  void hang_up() const { close(client_); }

 private:
  int socket_ = socket(AF_INET, SOCK_STREAM, 0);
  int port_ = 0;
  int client_ = -1;
};

class OpenApis : public testing::Test {
 protected:
  OpenApis() {
    std::filesystem::create_directories(folder_.path() / "aliyun");
    for (const char* key : {"accessKeyId", "accessKeySecret"})
      std::ofstream(folder_.path() / "aliyun" / key) << "k";
    cluster_.endpoint = server_.url();
    cluster_.cluster_id = "pc-1";
    cluster_.region_id = "r";
    cluster_.open_api_secret_ref = {"aliyun"};
  }
  test::TempDir folder_;
  SilentServer server_;
  task::PolarDb cluster_;
  task::SecretReader secrets_{folder_.path()};
  OpenApi api_{cluster_, secrets_};
};

TEST_F(OpenApis, ACallIsStoppedInTheMiddle) {
  const auto begin = steady_clock::now();
  absl::StatusOr<nlohmann::json> answer;
  {
    std::jthread caller([&](const std::stop_token& stop) {
      answer = api_.call("DescribeDBClusterEndpoints", {}, {.deadline = begin + seconds{60}, .stop = stop});
    });
    server_.wait_for_request();
  }
  server_.hang_up();
  EXPECT_TRUE(absl::IsCancelled(answer.status())) << answer.status();
  EXPECT_LT(steady_clock::now() - begin, seconds{4});
}

TEST_F(OpenApis, APauseBetweenCallsIsStoppedToo) {
  const auto begin = steady_clock::now();
  absl::StatusOr<nlohmann::json> answer;
  {
    const std::jthread caller([&](const std::stop_token& stop) {
      answer = api_.call("DescribeDBClusterEndpoints", {}, {.deadline = begin + seconds{60}, .stop = stop});
    });
    server_.wait_for_request();
    server_.hang_up();
  }
  EXPECT_TRUE(absl::IsCancelled(answer.status())) << answer.status();
  EXPECT_LT(steady_clock::now() - begin, seconds{4});
}

}  // namespace
}  // namespace rowtide::polardb
