#include "operator/inject/certificate.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

namespace rowtide::op::inject {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Extension = std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr std::size_t kMaxCommonName = 64;  // RFC 5280, ub-common-name
constexpr std::int64_t kClockSkew = 3600;
constexpr std::size_t kMostOfOthers = 256;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

absl::Status openssl_error(const char* what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  return absl::InternalError(
      fmt::format("making a certificate for the webhook: {}: {}", what, reason.data()));
}

/// The end of it: there names that are made differ.
std::string common_name(const std::string& owner) {
  return owner.size() > kMaxCommonName ? owner.substr(owner.size() - kMaxCommonName) : owner;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

bool add_extension(X509* certificate, int what, const std::string& value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str()), X509_EXTENSION_free);
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] &= 0x7f;  // positive
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr),
                                                           BN_free);
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool fill(X509* certificate, const std::string& host, const std::string& owner, std::int64_t from,
          std::int64_t to) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const std::string subject = common_name(owner);
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), from) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), to) != nullptr &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(subject.data()),
                                    static_cast<int>(subject.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_alt_name, (is_address(host) ? "IP:" : "DNS:") + host);
}

struct Trusted {
  std::string pem;
  std::string owner;
  std::int64_t expires = 0;
};

std::int64_t expiry_of(const X509* certificate) {
  std::tm time{};
  return ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) == 1 ? timegm(&time) : 0;
}

std::string pem_of(X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  return PEM_write_bio_X509(out.get(), certificate) == 1 ? text_of(out.get()) : "";
}

std::vector<Trusted> read_bundle(const std::string& pem) {
  std::vector<Trusted> all;
  const Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  while (true) {
    const Certificate certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
    if (!certificate) break;
    std::array<char, kMaxCommonName * 4 + 1> owner{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, owner.data(),
                              owner.size());
    all.push_back({pem_of(certificate.get()), owner.data(), expiry_of(certificate.get())});
  }
  ERR_clear_error();
  return all;
}

}  // namespace

absl::StatusOr<SelfSigned> make_certificate(const std::string& host, const std::string& owner,
                                            std::int64_t now, std::int64_t valid_seconds) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate(X509_new(), X509_free);
  if (!key || !certificate) return openssl_error("key");
  const std::int64_t expires = now + valid_seconds;
  if (!fill(certificate.get(), host, owner, now - kClockSkew, expires)) return openssl_error("fields");
  if (X509_set_pubkey(certificate.get(), key.get()) != 1 ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
    return openssl_error("signature");
  const Bio key_out(BIO_new(BIO_s_mem()), BIO_free);
  if (PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return openssl_error("key as text");
  return SelfSigned{{pem_of(certificate.get()), text_of(key_out.get())}, expires};
}

std::string merged_bundle(const std::string& live, const std::vector<std::string>& own,
                          const std::string& owner, std::int64_t now) {
  std::vector<Trusted> all = read_bundle(live);
  std::erase_if(all,
                [&](const Trusted& each) { return each.owner == common_name(owner) || each.expires <= now; });
  const auto lasts_longer = [](const Trusted& a, const Trusted& b) {
    return std::pair(a.expires, a.pem) > std::pair(b.expires, b.pem);
  };
  std::sort(all.begin(), all.end(), lasts_longer);
  if (all.size() > kMostOfOthers) all.resize(kMostOfOthers);
  for (const std::string& pem : own) {
    for (Trusted& each : read_bundle(pem)) all.push_back(std::move(each));
  }
  std::sort(all.begin(), all.end(), lasts_longer);
  std::string bundle;
  for (const Trusted& each : all) bundle += each.pem;
  return bundle;
}

}  // namespace rowtide::op::inject
