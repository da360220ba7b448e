#include "common/task/parse_sections.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "common/task/cidr.h"

namespace rowtide::task {
namespace {

constexpr std::size_t kMaxCidrs = 64;

constexpr Choices<SourceType, 3> kSourceTypes{{{"PolarDBMySQL", SourceType::PolarDbMySql},
                                               {"MySQL", SourceType::MySql},
                                               {"MariaDB", SourceType::MariaDb}}};
constexpr Choices<TlsMode, 5> kTlsModes{{{"Disabled", TlsMode::Disabled},
                                         {"Preferred", TlsMode::Preferred},
                                         {"Required", TlsMode::Required},
                                         {"VerifyCA", TlsMode::VerifyCa},
                                         {"VerifyIdentity", TlsMode::VerifyIdentity}}};
constexpr Choices<WhitelistMode, 3> kWhitelistModes{{{"Report", WhitelistMode::Report},
                                                     {"Ignore", WhitelistMode::Ignore},
                                                     {"Manage", WhitelistMode::Manage}}};
constexpr Choices<NetworkType, 3> kNetworkTypes{
    {{"VPC", NetworkType::Vpc}, {"Classic", NetworkType::Classic}, {"Public", NetworkType::Public}}};

Tls read_tls(const Field& field) {
  Tls tls;
  if (!field.is_map_of({"mode", "caSecretRef", "clientCertificateSecretRef"})) return tls;
  tls.mode = field["mode"].choice(kTlsModes, tls.mode);
  tls.ca_secret_ref = read_secret_key_ref(field["caSecretRef"]);
  const bool verifies = tls.mode == TlsMode::VerifyCa || tls.mode == TlsMode::VerifyIdentity;
  if (verifies && !field["caSecretRef"].present()) {
    field["caSecretRef"].refuse("required with mode VerifyCA and VerifyIdentity: {name: ..., key: ca.crt}");
  }
  if (!verifies && field["caSecretRef"].present()) {
    field["caSecretRef"].refuse_without_value(
        "only with mode VerifyCA or VerifyIdentity, which verify against it");
  }
  tls.client_certificate_secret_ref = read_secret_ref(field["clientCertificateSecretRef"]);
  if (tls.mode == TlsMode::Disabled && field["clientCertificateSecretRef"].present()) {
    field["clientCertificateSecretRef"].refuse_without_value("only with TLS: another mode than Disabled");
  }
  return tls;
}

PolarDb read_polardb(const Field& field, SourceType type) {
  PolarDb polardb;
  if (type != SourceType::PolarDbMySql) field.refuse("only with type PolarDBMySQL");
  if (!field.is_map_of({"regionId", "dbClusterId", "openApiSecretRef", "endpoint"})) return polardb;
  polardb.region_id = field["regionId"].required_text("the cluster's region, e.g. cn-hangzhou");
  polardb.cluster_id = field["dbClusterId"].required_text("the cluster's id, e.g. pc-bp1...");
  const Field secret = field["openApiSecretRef"];
  if (!secret.present()) secret.refuse("required: a Secret with the keys accessKeyId and accessKeySecret");
  if (const auto ref = read_secret_ref(secret)) polardb.open_api_secret_ref = *ref;
  polardb.endpoint = field["endpoint"].text("https://polardb.aliyuncs.com");
  static const re2::RE2 kUrl(R"(https?://[a-zA-Z0-9.-]+(:[0-9]+)?)");
  if (!re2::RE2::FullMatch(polardb.endpoint, kUrl))
    field["endpoint"].refuse("the API's address without a path, e.g. https://polardb.aliyuncs.com");
  return polardb;
}

/// An IPv6 address has at least two colons; what has one has a port behind it.
void refuse_address(const Field& field, const std::string& host) {
  const bool is_more = host.find_first_of("/[] \t") != std::string::npos;
  if (is_more || std::count(host.begin(), host.end(), ':') == 1)
    field.refuse(
        "a host name or address alone, without scheme, brackets or port; the port goes into source.port");
}

/// Which address of the cluster: only where that is looked up.
void read_network_type(const Field& field, const Source& source, Network& network) {
  const bool is_looked_up = source.polardb && source.host.empty();
  const Field vpc = field["vpc"];
  if (!is_looked_up) {
    for (const Field& choice : {field["type"], vpc})
      if (choice.present())
        choice.refuse("only where source.polardb looks the endpoint up, without source.host");
    return;
  }
  network.type = field["type"].choice(kNetworkTypes, network.type);
  if (network.type != NetworkType::Vpc) {
    if (vpc.present()) vpc.refuse("only with type VPC");
    return;
  }
  if (!vpc.present()) vpc.refuse("required with type VPC: vpcId");
  if (!vpc.is_map_of({"vpcId", "vSwitchId"})) return;
  if (vpc.present()) network.vpc_id = vpc["vpcId"].required_text("the VPC that the cluster's endpoint is in");
  network.v_switch_id = vpc["vSwitchId"].text();
}

}  // namespace

Source read_source(const Field& field) {
  Source source;
  if (!field.present()) {
    field.refuse("required: type, host, credentialsSecretRef");
    return source;
  }
  if (!field.is_map_of(
          {"type", "host", "port", "credentialsSecretRef", "credentials", "tls", "serverId", "polardb"})) {
    return source;
  }
  if (!field["type"].present()) field["type"].refuse("required: one of PolarDBMySQL, MySQL, MariaDB");
  source.type = field["type"].required_choice(kSourceTypes, source.type);
  if (field["polardb"].present()) source.polardb = read_polardb(field["polardb"], source.type);
  source.host = source.polardb ? field["host"].text()
                               : field["host"].required_text("the source's host name or address, or polardb");
  refuse_address(field["host"], source.host);
  source.port = static_cast<std::uint16_t>(field["port"].integer(1, 65535, source.port));
  source.credentials_secret_ref = read_secret_ref(field["credentialsSecretRef"]);
  source.credentials = read_inline_credentials(field["credentials"]);
  require_credentials(field, field["credentialsSecretRef"].present(), field["credentials"].present());
  source.tls = read_tls(field["tls"]);
  source.server_id = static_cast<std::uint32_t>(field["serverId"].integer(0, 4294967295, 0));
  return source;
}

Network read_network(const Field& field, const Source& source) {
  Network network;
  if (field.mode() == Mode::Standalone && !source.polardb) field.note_ignored();
  if (!field.is_map_of({"type", "vpc", "whitelist"})) return network;
  read_network_type(field, source, network);
  const Field whitelist = field["whitelist"];
  if (!whitelist.is_map_of({"mode", "egressCIDRs"})) return network;
  network.whitelist.mode = whitelist["mode"].choice(kWhitelistModes, network.whitelist.mode);
  for (const Field& item : whitelist["egressCIDRs"].items(kMaxCidrs)) {
    const std::string cidr = item.required_text("a network, e.g. 10.0.3.0/24");
    if (!is_cidr(cidr)) item.refuse("a network in CIDR notation, e.g. 10.0.3.0/24 or 2001:db8::/64");
    if (network.whitelist.mode == WhitelistMode::Manage && cidr.find(':') != std::string::npos)
      item.refuse("IPv4 where mode is Manage: a whitelist of PolarDB takes no IPv6");
    network.whitelist.egress_cidrs.push_back(cidr);
  }
  if (network.whitelist.mode == WhitelistMode::Manage && !source.polardb)
    whitelist["mode"].refuse("Manage only with source.polardb, whose API does it");
  return network;
}

}  // namespace rowtide::task
