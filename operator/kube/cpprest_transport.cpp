#include "operator/kube/cpprest_transport.h"

// cpprestsdk has a macro U(), which breaks other libraries' templates.
#define _TURN_OFF_PLATFORM_STRING  // NOLINT(bugprone-reserved-identifier)
#include <cpprest/http_client.h>
#include <fmt/format.h>
#include <pplx/threadpool.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "common/status/try.h"
#include "common/version.h"
#include "operator/kube/errors.h"
#include "operator/kube/file.h"
#include "operator/kube/line_splitter.h"
#include "operator/kube/request_deadline.h"
#include "operator/kube/token_source.h"

namespace rowtide::op::kube {
namespace {

namespace http = web::http;
using http::client::http_client;
using http::client::http_client_config;
using SslContext = boost::asio::ssl::context;

constexpr std::size_t kIoThreads = 4;  // they only move bytes; the library's own default is 40
constexpr std::size_t kReadBytes = std::size_t{64} << 10;

void start_io_threads() {
  static std::once_flag once;
  std::call_once(once, [] {
    try {
      crossplat::threadpool::initialize_with_threads(kIoThreads);
    } catch (const std::exception& error) {
      spdlog::debug("cpprestsdk's threads run already: {}", error.what());
    }
  });
}

/// Instead of what cpprestsdk put there, the system's CAs. Throws boost::system::system_error; the context
/// then trusts nobody.
void trust_only(SslContext& context, const std::string& ca_pem) {
  SSL_CTX_set_cert_store(context.native_handle(), X509_STORE_new());  // frees the one before
  context.add_certificate_authority(boost::asio::buffer(ca_pem.data(), ca_pem.size()));
}

/// Throws boost::system::system_error.
void set_up_tls(SslContext& context, const ClusterConfig& config) {
  const auto buffer = [](const std::string& pem) { return boost::asio::buffer(pem.data(), pem.size()); };
  context.set_options(SslContext::default_workarounds | SslContext::no_sslv2 | SslContext::no_sslv3 |
                      SslContext::no_tlsv1 | SslContext::no_tlsv1_1);
  if (config.ca_pem.empty()) {
    context.set_default_verify_paths();
  } else {
    trust_only(context, config.ca_pem);
  }
  if (config.client_key_pem.empty()) return;
  context.use_certificate_chain(buffer(config.client_certificate_pem));
  context.use_private_key(buffer(config.client_key_pem), SslContext::pem);
}

/// cpprestsdk hands the host as it stands in the URI to the resolver and to the certificate check: an IPv6
/// address has to go in without its brackets, which only a URI made of parts may have.
web::uri base_uri(const std::string& server) {
  web::uri uri(server);
  const std::string& host = uri.host();
  if (!host.starts_with('[') || !host.ends_with(']')) return uri;
  return web::uri_builder(uri).set_host(host.substr(1, host.size() - 2)).to_uri();
}

/// The current exception, which is one of cpprestsdk's, as a Status. cpprestsdk's timeout counts the time
/// without bytes.
absl::Status status_of_exception(const std::string& server, std::chrono::milliseconds timeout) {
  try {
    throw;
  } catch (const http::http_exception& error) {
    if (error.error_code() == std::errc::timed_out) {
      return absl::DeadlineExceededError(fmt::format("no byte from {} for {} ms", server, timeout.count()));
    }
    return absl::UnavailableError(fmt::format("{}: {}", server, error.what()));
  } catch (const std::exception& error) {
    return absl::UnavailableError(fmt::format("{}: {}", server, error.what()));
  }
}

std::optional<std::chrono::seconds> retry_after_of(const http::http_headers& headers) {
  int seconds = 0;
  if (!headers.match("Retry-After", seconds) || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

/// Cancels what runs when the time is up, if it still lives then.
class CancelAt {
 public:
  CancelAt(RequestDeadline::TimePoint at, const pplx::cancellation_token_source& cancel)
      : thread_([at, cancel](const std::stop_token& stop) {
          std::mutex mutex;
          std::condition_variable_any ended;
          std::unique_lock lock(mutex);
          ended.wait_until(lock, stop, at, [] { return false; });
          if (!stop.stop_requested()) cancel.cancel();
        }) {}

 private:
  std::jthread thread_;
};

/// Waits until the library is done with a response, so that nothing of it outlives the call.
void drain(const http::http_response& response) {
  try {
    response.content_ready().wait();
  } catch (const std::exception&) {
    // Expected: the stream was cancelled or failed, which the reader has reported.
  }
}

}  // namespace

struct CpprestTransport::Impl {
  Impl(ClusterConfig cluster, const TransportOptions& transport_options)
      : config(std::move(cluster)),
        options(transport_options),
        tokens(config.token, config.token_file, options.token_reread),
        client(base_uri(config.server), client_config(options.request_timeout)) {}

  http_client_config client_config(std::chrono::milliseconds timeout) const {
    http_client_config result;
    result.set_timeout(timeout);
    result.set_validate_certificates(true);
    result.set_max_redirects(0);  // a redirect must not carry the token elsewhere
    result.set_ssl_context_callback([this](SslContext& context) {
      set_up_tls(context, config);
      trust_current_ca(context);
    });
    return result;
  }

  /// For each connection: the file's CA may be another one by now. One that cannot be used changes nothing.
  void trust_current_ca(SslContext& context) const {
    if (config.ca_file.empty()) return;
    const auto pem = read_file(config.ca_file);
    if (!pem.ok() || *pem == config.ca_pem) return;
    try {
      trust_only(context, *pem);
    } catch (const std::exception& error) {
      spdlog::warn("{}: not a CA that can be used ({}); the one of the start is used", config.ca_file,
                   error.what());
      trust_only(context, config.ca_pem);
    }
  }

  http::http_request make_request(const std::string& method, const std::string& path,
                                  const std::string& token) const {
    http::http_request request(method);
    request.set_request_uri(path);
    request.headers().add("Accept", "application/json");
    request.headers().add("User-Agent", fmt::format("rowtide-operator/{}", kVersion));
    if (!token.empty()) request.headers().add("Authorization", "Bearer " + token);
    return request;
  }

  Response send(const Request& what, const std::string& token, const pplx::cancellation_token& cancel);
  absl::StatusOr<http::http_response> open(http_client& stream_client, const std::string& path,
                                           const pplx::cancellation_token& cancel);
  absl::Status read_lines(const http::http_response& response, const LineHandler& on_line) const;

  const ClusterConfig config;
  const TransportOptions options;
  TokenSource tokens;
  http_client client;
};

Response CpprestTransport::Impl::send(const Request& what, const std::string& token,
                                      const pplx::cancellation_token& cancel) {
  auto request = make_request(what.method, what.path_and_query, token);
  if (!what.content_type.empty()) {
    request.set_body(std::vector<unsigned char>(what.body.begin(), what.body.end()));
    request.headers().set_content_type(what.content_type);
  }
  request.set_progress_handler([limit = options.max_response_bytes](
                                   http::message_direction::direction direction, utility::size64_t bytes) {
    if (direction != http::message_direction::download || bytes <= limit) return;
    throw http::http_exception(fmt::format("the answer is larger than {} bytes", limit));
  });
  const auto answer = client.request(request, cancel).get();
  const auto body = answer.extract_vector().get();
  Response response;
  response.status = answer.status_code();
  response.body.assign(body.begin(), body.end());
  response.retry_after = retry_after_of(answer.headers());
  return response;
}

absl::StatusOr<http::http_response> CpprestTransport::Impl::open(http_client& stream_client,
                                                                 const std::string& path,
                                                                 const pplx::cancellation_token& cancel) {
  const std::string token = tokens.token();
  auto answer = stream_client.request(make_request("GET", path, token), cancel).get();
  if (answer.status_code() == http::status_codes::Unauthorized && tokens.refresh(token)) {
    drain(answer);
    answer = stream_client.request(make_request("GET", path, tokens.token()), cancel).get();
  }
  if (answer.status_code() == http::status_codes::OK) return answer;
  Response response;
  response.status = answer.status_code();
  response.retry_after = retry_after_of(answer.headers());
  const auto body = answer.extract_vector().get();
  response.body.assign(body.begin(), body.end());
  RETURN_IF_ERROR(status_from_response(response, "stream"));
  return absl::InternalError(fmt::format("stream: HTTP {} where 200 was expected", response.status));
}

absl::Status CpprestTransport::Impl::read_lines(const http::http_response& response,
                                                const LineHandler& on_line) const {
  LineSplitter splitter(options.max_line_bytes);
  auto buffer = response.body().streambuf();
  std::vector<unsigned char> bytes(kReadBytes);
  bool go_on = true;
  while (go_on) {
    // getn() alone would wait until all of `bytes` is filled; getc() waits for one byte and leaves it there.
    if (buffer.getc().get() == Concurrency::streams::char_traits<unsigned char>::eof()) {
      return splitter.in_line() ? absl::UnavailableError(config.server + ": the stream ended within a line")
                                : absl::OkStatus();
    }
    const std::size_t ready = std::clamp<std::size_t>(buffer.in_avail(), 1, bytes.size());
    const std::size_t got = buffer.getn(bytes.data(), ready).get();
    const std::string_view piece(reinterpret_cast<const char*>(bytes.data()), got);
    if (auto status = splitter.feed(piece, on_line, go_on); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<CpprestTransport>> CpprestTransport::create(const ClusterConfig& config,
                                                                           const TransportOptions& options) {
  try {
    SslContext context(SslContext::tls_client);
    set_up_tls(context, config);  // here, where it can be refused clearly, and not within a request
    start_io_threads();
    return std::unique_ptr<CpprestTransport>(new CpprestTransport(std::make_unique<Impl>(config, options)));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(
        fmt::format("{}: the CA, client certificate or key cannot be used: {}", config.server, error.what()));
  }
}

CpprestTransport::CpprestTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CpprestTransport::~CpprestTransport() = default;

absl::StatusOr<Response> CpprestTransport::request(const Request& request) {
  const std::string& server = impl_->config.server;
  if (RequestDeadline::has_passed())
    return absl::DeadlineExceededError(server + ": not asked any more, the time is up");
  const pplx::cancellation_token_source cancel;
  std::optional<CancelAt> timer;
  if (const auto deadline = RequestDeadline::current()) timer.emplace(*deadline, cancel);
  try {
    const std::string token = impl_->tokens.token();
    Response response = impl_->send(request, token, cancel.get_token());
    if (response.status == http::status_codes::Unauthorized && impl_->tokens.refresh(token)) {
      response = impl_->send(request, impl_->tokens.token(), cancel.get_token());
    }
    return response;
  } catch (const std::exception&) {
    if (RequestDeadline::has_passed())
      return absl::DeadlineExceededError(server + ": no whole answer before the time was up");
    const auto status = status_of_exception(impl_->config.server, impl_->options.request_timeout);
    return absl::UnavailableError(status.message());
  }
}

absl::Status CpprestTransport::stream(const std::string& path_and_query, const LineHandler& on_line,
                                      std::chrono::milliseconds idle_timeout, std::stop_token stop) {
  pplx::cancellation_token_source cancel;
  const std::stop_callback on_stop(stop, [&cancel] { cancel.cancel(); });
  absl::Status result;
  try {
    http_client client(base_uri(impl_->config.server), impl_->client_config(idle_timeout));
    ASSIGN_OR_RETURN(auto response, impl_->open(client, path_and_query, cancel.get_token()));
    try {
      result = impl_->read_lines(response, on_line);
    } catch (const std::exception&) {
      result = status_of_exception(impl_->config.server, idle_timeout);
    }
    cancel.cancel();  // closes the connection if the body has not ended
    drain(response);
  } catch (const std::exception&) {
    result = status_of_exception(impl_->config.server, idle_timeout);
  }
  return stop.stop_requested() && !result.ok() ? absl::CancelledError("the stream was stopped") : result;
}

}  // namespace rowtide::op::kube
