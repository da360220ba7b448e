#pragma once

#include <map>
#include <string>
#include <string_view>

namespace rowtide::polardb {

/// A request's parameters, by name.
using Parameters = std::map<std::string, std::string>;

/// Bytes as RFC 3986 writes them: all but letters, digits and "-._~" as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// "Action=DescribeRegions&..." of all parameters.
[[nodiscard]] std::string query_of(const Parameters& parameters);

/// The parameter Signature of an RPC request: HMAC-SHA1 of the verb and the sorted parameters, base64.
/// Source: Alibaba Cloud, "Sign requests" of RPC-style APIs, SignatureVersion 1.0; as aliyunsdkcore's
/// rpc_signature_composer makes it.
[[nodiscard]] std::string signature_of(std::string_view method, const Parameters& parameters,
                                       const std::string& access_key_secret);

}  // namespace rowtide::polardb
