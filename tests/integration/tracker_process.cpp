#include "tests/integration/tracker_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "tests/support/free_port.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string write_task(const TempDir& folder, const json& task) {
  std::string path = folder.path() / "task.yaml";
  std::ofstream(path) << task.dump(2);
  return path;
}

int connect_loopback(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

HttpAnswer http_get(int port, const std::string& path) {
  return http_send(port, "GET", path, "");
}

HttpAnswer http_send(int port, const std::string& method, const std::string& path, const std::string& body) {
  const int fd = connect_loopback(port);
  if (fd < 0) return {};
  std::string request = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  if (method != "GET") request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  request += "\r\n" + body;
  std::string answer;
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    std::array<char, 8192> buffer;
    for (ssize_t got = 0; (got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      answer.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  ::close(fd);
  const std::size_t head = answer.find("\r\n\r\n");
  if (head == std::string::npos || !answer.starts_with("HTTP/1.1 ")) return {};
  return {.status = std::stoi(answer.substr(9, 3)), .body = answer.substr(head + 4)};
}

MysqlServer& tracked_server(SqlFlavor flavor) {
  static std::set<SqlFlavor> prepared;
  MysqlServer& server = MysqlServer::shared(flavor);
  if (prepared.insert(flavor).second) server.create_user(kTrackerUser, kTrackerPassword);
  return server;
}

json task_document(const MysqlServer& server, const std::string& database) {
  static int count = 0;
  return {{"apiVersion", "rowtide.dev/v1alpha1"},
          {"kind", "ChangeTrackingTask"},
          {"metadata", {{"name", "t" + std::to_string(::getpid()) + "-" + std::to_string(++count)}}},
          {"spec",
           {{"source",
             {{"type", is_mariadb(server.flavor()) ? "MariaDB" : "MySQL"},
              {"host", server.host()},
              {"port", server.port()},
              {"credentials", {{"username", kTrackerUser}, {"password", "${env:ROWTIDE_TEST_PASSWORD}"}}}}},
            {"objects", {{"include", json::array({{{"database", database}}})}}}}}};
}

json kafka_task(const MysqlServer& server, const std::string& database, const std::string& bootstrap) {
  json task = task_document(server, database);
  task["spec"]["sink"] = {{"kafka", {{"bootstrapServers", json::array({bootstrap})}}}};
  return task;
}

json stdout_task(const MysqlServer& server, const std::string& database) {
  json task = task_document(server, database);
  task["spec"]["sink"] = {{"stdout", json::object()}};
  return task;
}

json stream_task(const MysqlServer& server, const std::string& database) {
  json task = task_document(server, database);
  task["spec"]["sink"] = {{"stream", json::object()}};
  return task;
}

std::string topic_of(const json& task) {
  return "default." + task.at("metadata").at("name").get<std::string>();
}

const char* tracker_program() {
  return ROWTIDE_TRACKER_PROGRAM;
}

TrackerProcess::TrackerProcess(const json& task, std::vector<std::string> more_arguments)
    : port_(free_port()) {
  arguments_ = {tracker_program(),
                "run",
                write_task(folder_, task),
                "--listen",
                "127.0.0.1:" + std::to_string(port_),
                "--failure-file",
                folder_.path() / "failure"};
  arguments_.insert(arguments_.end(), more_arguments.begin(), more_arguments.end());
}

void TrackerProcess::start() {
  process_.reset();
  process_.emplace(ProcessOptions{
      .argv = arguments_, .env = {{"ROWTIDE_TEST_PASSWORD", kTrackerPassword}}, .working_dir = {}});
}

void TrackerProcess::wait_streaming(std::chrono::milliseconds deadline) {
  wait_until(
      "the tracker streams",
      [&] {
        if (!process_->running()) throw std::runtime_error("the tracker ended:\n" + process_->err());
        return get("/readyz").status == 200;
      },
      deadline, [&] { return process_->err(); });
}

ExitStatus TrackerProcess::wait_exit() {
  const std::optional<ExitStatus> status = process_->wait(std::chrono::seconds{60});
  if (!status) throw std::runtime_error("the tracker still runs:\n" + process_->err());
  return *status;
}

json TrackerProcess::status() const {
  return json::parse(get("/status").body);
}

double TrackerProcess::metric(const std::string& name, const std::string& label) const {
  std::istringstream lines(get("/metrics").body);
  double sum = 0;
  bool found = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name + "{") || line.find(label) == std::string::npos) continue;
    sum += std::stod(line.substr(line.rfind(' ') + 1));
    found = true;
  }
  if (!found) throw std::runtime_error("no metric " + name + " with " + label);
  return sum;
}

std::string TrackerProcess::failure() const {
  return read_file(folder_.path() / "failure");
}

RunResult run_tracker(const std::string& command, const json& task,
                      const std::vector<std::string>& more_arguments, const std::string& password) {
  const TempDir folder;
  std::vector<std::string> arguments{tracker_program(), command, write_task(folder, task)};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  return run({.argv = arguments, .env = {{"ROWTIDE_TEST_PASSWORD", password}}, .working_dir = {}},
             std::chrono::seconds{60});
}

std::vector<json> row_changes(const std::vector<KafkaRecord>& records) {
  std::vector<json> found;
  for (const KafkaRecord& record : records) {
    if (!record.value) continue;
    json value = json::parse(*record.value);
    if (value.contains("op")) found.push_back(std::move(value));
  }
  return found;
}

std::vector<json> wait_for_rows(KafkaReader& reader, std::size_t count) {
  // The records are looked at after every single one: not before there can be enough of them.
  reader.wait_for_count(count);
  const auto is_change = [](const KafkaRecord& record) {
    return record.value && record.value->find(",\"op\":\"") != std::string::npos;
  };
  return row_changes(reader.wait_for(std::to_string(count) + " row changes", [&](const auto& records) {
    return static_cast<std::size_t>(std::count_if(records.begin(), records.end(), is_change)) >= count;
  }));
}

}  // namespace rowtide::test
