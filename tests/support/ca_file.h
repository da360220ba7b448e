#pragma once

namespace rowtide::test {

/// The variable that names OpenSSL's file of CAs. A test program and its children have an empty file
/// (process.cpp says why); what may download is run with {kCaFileVariable, ""}, which is the system's.
inline constexpr const char* kCaFileVariable = "SSL_CERT_FILE";

}  // namespace rowtide::test
