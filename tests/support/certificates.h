#pragma once

#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace rowtide::test {

/// A CA (ca.crt) and certificates of it, made by openssl, and another CA (other.crt, other.key), which is
/// nobody's. Functions throw on failure.
class Certificates {
 public:
  Certificates();
  /// Makes NAME.key, NAME.crt for /CN=NAME, and both in one file, as Kafka reads them, whose path it returns;
  /// valid to: YYMMDDHHMMSSZ.
  std::string keystore(const std::string& name, const std::string& alternative_name,
                       const std::string& to = "401231235959Z");
  [[nodiscard]] std::string read(const std::string& name) const;
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path() / name; }

 private:
  void openssl(const std::string& arguments);
  TempDir folder_;
};

inline Certificates::Certificates() {
  openssl(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=ca -keyout ca.key "
      "-out ca.crt");
  openssl(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=other -keyout "
      "other.key -out other.crt");
  std::ofstream(path("index.txt"));
  std::ofstream(path("ca.cnf")) << "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\n"
                                   "rand_serial=yes\npolicy=p\ncopy_extensions=copy\n"
                                   "unique_subject=no\n[p]\ncommonName=supplied\n";
}

inline std::string Certificates::keystore(const std::string& name, const std::string& alternative_name,
                                          const std::string& to) {
  openssl("req -newkey rsa:2048 -nodes -subj /CN=" + name + " -addext subjectAltName=" + alternative_name +
          " -keyout " + name + ".key -out " + name + ".csr");
  openssl(
      "ca -batch -config ca.cnf -md sha256 -cert ca.crt -keyfile ca.key -startdate 200101000000Z -enddate " +
      to + " -in " + name + ".csr -out " + name + ".crt -notext");
  std::ofstream(path(name + ".pem")) << read(name + ".key") << read(name + ".crt");
  return path(name + ".pem");
}

inline std::string Certificates::read(const std::string& name) const {
  std::ifstream stream(path(name));
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void Certificates::openssl(const std::string& arguments) {
  std::istringstream words("openssl " + arguments);
  const RunResult result =
      run({{std::istream_iterator<std::string>(words), {}}, {}, folder_.path()}, std::chrono::seconds{60});
  if (!result.status.ok()) throw std::runtime_error(arguments + ": " + result.err);
}

}  // namespace rowtide::test
