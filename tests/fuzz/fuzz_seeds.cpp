// fuzz_seeds BINLOG CORPUS: what a recorded binlog file gives the targets events, table_map and rows.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include "tracker/binlog/stream_state.h"
#include "tracker/source/file_source.h"

namespace {

using namespace rowtide;

void write(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: fuzz_seeds BINLOG CORPUS\n";
    return 2;
  }
  const std::filesystem::path file(argv[1]);
  const std::filesystem::path corpus(argv[2]);
  const std::string name = file.filename().string();
  std::ifstream stream(file, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(stream), {}};
  constexpr std::size_t kMagicSize = 4;
  write(corpus / "events" / name, whole.substr(kMagicSize));

  source::FileSource source({file});
  if (!source.open({}).ok()) return 1;
  binlog::StreamState state;
  state.reset({.gtids = {}, .file = name, .offset = kMagicSize});
  std::string table_map;
  while (true) {
    const auto bytes = source.next();
    if (!bytes.ok()) break;
    const auto event = state.accept(*bytes);
    if (!event.ok()) return 1;
    const std::string number = name + "-" + std::to_string(event->start_offset);
    const std::string body(as_text(event->body));
    if (event->header.type == binlog::EventType::TableMap) {
      table_map = body;
      write(corpus / "table_map" / number, body);
    } else if (binlog::is_rows(event->header.type)) {
      std::string seed;
      seed.push_back(static_cast<char>(table_map.size() & 0xffU));
      seed.push_back(static_cast<char>(table_map.size() >> 8U));
      seed += table_map;
      seed.push_back(static_cast<char>(event->header.type));
      write(corpus / "rows" / number, seed + body);
    }
  }
  return 0;
}
