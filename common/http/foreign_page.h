#pragma once

#include <functional>
#include <string>

namespace rowtide::http {

/// What a request says of where it comes from; absent headers are "".
using Header = std::function<std::string(const char* name)>;

/// Whether a page of another origin may be what asks: one that a browser on this host, or beside it, has
/// open. It needs no answer to change something (a simple request is sent without asking), and reads all
/// where its own name is made to lead here (DNS rebinding).
///
/// Let in are browsers that say in Sec-Fetch-Site that the page is ours (pages cannot set it), and what is no
/// browser: that sends neither Origin nor a browser's User-Agent. A page whose name leads here may choose its
/// User-Agent, but not leave out Accept-Language; so who sends that must ask for an address or localhost.
/// Node does, and may have any Host: Sec-Fetch-Mode without Sec-Fetch-Site is of no browser.
[[nodiscard]] bool is_foreign_page(const Header& header);

/// Whether the Host of a request is an IP address, localhost or absent: what no name of somebody else is.
[[nodiscard]] bool is_address_or_localhost(std::string host);

}  // namespace rowtide::http
