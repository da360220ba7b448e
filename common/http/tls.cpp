#include "common/http/tls.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace rowtide::http {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio reader_of(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

bool use_key_pair(SSL* connection, const KeyPair& pair) {
  const Certificate own(PEM_read_bio_X509(reader_of(pair.certificate_pem).get(), nullptr, nullptr, nullptr),
                        X509_free);
  const Key key(PEM_read_bio_PrivateKey(reader_of(pair.key_pem).get(), nullptr, nullptr, nullptr),
                EVP_PKEY_free);
  if (!own || !key || SSL_use_certificate(connection, own.get()) != 1) return false;
  return SSL_use_PrivateKey(connection, key.get()) == 1;
}

int show_certificate(SSL* connection, void* source) {
  try {
    return use_key_pair(connection, (*static_cast<const std::function<KeyPair()>*>(source))()) ? 1 : 0;
  } catch (...) {
    return 0;
  }
}

}  // namespace

bool serve_certificates(SSL_CTX& context, const std::function<KeyPair()>& certificate) {
  // OpenSSL takes its argument without const and gives it back only.
  SSL_CTX_set_cert_cb(&context, show_certificate, const_cast<std::function<KeyPair()>*>(&certificate));
  return SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION) == 1;
}

}  // namespace rowtide::http
