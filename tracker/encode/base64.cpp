#include "tracker/encode/base64.h"

#include <openssl/evp.h>

#include <algorithm>

namespace rowtide::encode {
namespace {

// EVP_EncodeBlock counts in int. A multiple of three, so that only the last block is padded.
constexpr std::size_t kBlock = std::size_t{3} * 1024 * 1024;

const unsigned char* as_unsigned(const char* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}
unsigned char* as_unsigned(char* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  std::size_t at = out.size();
  out.resize(at + (bytes.size() + 2) / 3 * 4 + 1);  // and the NUL that EVP_EncodeBlock writes
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), kBlock);
    at += static_cast<std::size_t>(
        EVP_EncodeBlock(as_unsigned(out.data() + at), as_unsigned(bytes.data()), static_cast<int>(size)));
    bytes.remove_prefix(size);
  }
  out.resize(at);
}

}  // namespace rowtide::encode
