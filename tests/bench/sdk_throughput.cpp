// Reads a topic to its end and prints how fast: sdk_throughput BOOTSTRAP TOPIC RECORDS
#include <rowtide/consumer.h>

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

/// Of this thread; librdkafka's own are not in it.
double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  rowtide::Options options;
  options.bootstrap_servers = arguments[1];
  options.group_id = "bench-" + std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  options.topics = {arguments[2]};
  const std::uint64_t wanted = std::strtoull(arguments[3], nullptr, 10);
  rowtide::Consumer consumer(options);
  std::uint64_t read = 0;
  std::size_t columns = 0;
  std::chrono::steady_clock::time_point begin;
  double used = 0;
  while (read < wanted) {
    const auto batch = consumer.poll_batch(1000, std::chrono::seconds(1));
    if (read == 0) {  // joining the group takes seconds
      begin = std::chrono::steady_clock::now();
      used = processor_seconds();
    }
    for (const rowtide::Change& change : batch) columns += change.after.size();
    consumer.acknowledge(batch);
    read += batch.size();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const auto number = static_cast<double>(read);
  std::printf(
      "%.0f records, %zu columns, %.2f s: %.0f records/s; %.0f per second of the reading thread's processor time\n",
      number, columns, took.count(), number / took.count(), number / (processor_seconds() - used));
}
