// Prints the changes of topics until SIGINT or SIGTERM: cache BOOTSTRAP GROUP TOPIC...
#include <rowtide/consumer.h>

#include <csignal>
#include <iostream>

namespace {

rowtide::Consumer* running = nullptr;

class Printer final : public rowtide::Listener {
 public:
  void on_change(const rowtide::Change& change) override {
    std::cout << name_of(change.operation) << ' ' << change.database << '.' << change.table;
    if (change.operation == rowtide::Operation::SchemaChange) std::cout << ' ' << change.ddl;
    print(" -", change.before);
    print(" +", change.after);
    std::cout << std::endl;
  }

 private:
  static void print(const char* sign, const rowtide::Row& row) {
    for (const auto& [name, value] : row)
      std::cout << sign << name << '=' << (value.is_null() ? "NULL" : value.to_string());
  }
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    std::cerr << "usage: cache BOOTSTRAP GROUP TOPIC...\n";
    return 2;
  }
  try {
    rowtide::Options options;
    options.bootstrap_servers = arguments[1];
    options.group_id = arguments[2];
    options.topics.assign(arguments + 3, arguments + count);
    rowtide::Consumer consumer(options);
    running = &consumer;
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { running->stop(); });
    Printer printer;
    consumer.run(printer);
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
    consumer.close();
  } catch (const rowtide::Error& error) {
    std::cerr << name_of(error.code()) << ": " << error.what() << '\n';
    return 1;
  }
}
