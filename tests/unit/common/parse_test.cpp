#include "common/task/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "common/task/server_id.h"

namespace rowtide::task {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;

constexpr const char* kGood = R"(
apiVersion: rowtide.dev/v1alpha1
kind: ChangeTrackingTask
metadata: {name: orders, namespace: shop, uid: 0b1c}
spec:
  source: {type: MySQL, host: db, credentialsSecretRef: {name: orders-source}}
  objects: {include: [{database: shop}]}
  sink: {kafka: {bootstrapServers: ["kafka:9092"]}}
)";

/// kGood with `field` (a path of keys) set to `yaml`.
std::string with(const std::string& path, const std::string& yaml) {
  YAML::Node root = YAML::Load(kGood);
  std::vector<YAML::Node> nodes{root};
  std::istringstream keys(path);
  std::vector<std::string> parts;
  for (std::string key; std::getline(keys, key, '.');) parts.push_back(key);
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) nodes.push_back(nodes.back()[parts[i]]);
  // As text, because a node that is emitted again loses its quotes.
  const std::string marker = "MARKER";
  nodes.back()[parts.back()] = marker;
  YAML::Emitter out;
  out << root;
  std::string text = out.c_str();
  return text.replace(text.find(marker), marker.size(), yaml);
}

std::string read_file(const std::string& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(ParseTask, MinimalTaskGetsTheDefaults) {
  const ParseResult result = parse_task(kGood, Mode::Kubernetes);
  ASSERT_TRUE(result.ok()) << to_string(result.errors);
  const Task& task = result.task;
  EXPECT_EQ(task.name, "orders");
  EXPECT_EQ(task.qualified_name(), "shop.orders");
  EXPECT_EQ(task.identity(), "0b1c");
  EXPECT_EQ(task.spec.source.port, 3306);
  EXPECT_EQ(task.spec.source.tls.mode, TlsMode::Preferred);
  EXPECT_TRUE(task.spec.data_types.data_updates);
  EXPECT_TRUE(task.spec.data_types.schema_updates);
  EXPECT_EQ(task.spec.start_position.mode, StartMode::Latest);
  ASSERT_TRUE(task.spec.sink.kafka);
  EXPECT_EQ(task.spec.sink.kafka->partition_by, PartitionBy::PrimaryKey);
  EXPECT_EQ(task.spec.sink.kafka->compression, "lz4");
  EXPECT_EQ(task.spec.sink.kafka->delivery, "ExactlyOnce");
  EXPECT_EQ(task.spec.sink.kafka->topic.partitions, 1);
}

TEST(ParseTask, EveryErrorIsFoundAtOnce) {
  const ParseResult result = parse_task(R"(
apiVersion: rowtide.dev/v1alpha1
kind: ChangeTrackingTask
metadata: {name: orders}
spec:
  source: {type: Oracle, host: "", port: 99999, credentialsSecretRef: {name: s}}
  objects: {include: []}
  sink: {kafka: {bootstrapServers: ["kafka:9092"], topic: {partitons: 3}}}
)",
                                        Mode::Kubernetes);
  std::vector<std::string> paths;
  for (const FieldError& error : result.errors) paths.push_back(error.path);
  EXPECT_THAT(paths,
              testing::UnorderedElementsAre("spec.source.type", "spec.source.host", "spec.source.port",
                                            "spec.objects.include", "spec.sink.kafka.topic.partitons"));
}

TEST(ParseTask, AnErrorSaysFieldValueAllowedAndLine) {
  const ParseResult result = parse_task(with("spec.source.port", "99999"), Mode::Kubernetes);
  ASSERT_EQ(result.errors.size(), 1U) << to_string(result.errors);
  const std::string text = to_string(result.errors);
  EXPECT_THAT(text, HasSubstr("spec.source.port: 99999 is not allowed: a number from 1 to 65535 (line "));
}

struct BadCase {
  std::string path;
  std::string yaml;
  std::string error_path;
  std::string message;
};

class BadTask : public testing::TestWithParam<BadCase> {};

TEST_P(BadTask, IsRefusedWithItsField) {
  const BadCase& bad = GetParam();
  const ParseResult result = parse_task(with(bad.path, bad.yaml), Mode::Kubernetes);
  EXPECT_THAT(result.errors, Contains(AllOf(Field(&FieldError::path, bad.error_path),
                                            Field(&FieldError::message, HasSubstr(bad.message)))))
      << to_string(result.errors);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, BadTask,
    testing::Values(
        BadCase{"apiVersion", "rowtide.dev/v1", "apiVersion", "rowtide.dev/v1alpha1"},
        BadCase{"metadata.name", "Orders", "metadata.name", "lower-case"},
        BadCase{"metadata.name", "2fa-events", "metadata.name", "a lower-case letter, then"},
        BadCase{"spec.suspended", "true", "spec.suspended", "unknown field; known here"},
        BadCase{"spec.suspend", "\"true\"", "spec.suspend", "true or false"},
        BadCase{"spec.suspend", "yes", "spec.suspend", "true or false"},
        BadCase{"spec.source", "[]", "spec.source", "a map of fields"},
        BadCase{"spec.source.port", "\"3306\"", "spec.source.port", "to 65535, without quotes"},
        BadCase{"spec.source.host", "\"db:3306\"", "spec.source.host", "the port goes into source.port"},
        BadCase{"spec.source.host", "\"mysql://db\"", "spec.source.host", "without scheme"},
        BadCase{"spec.source.host", "\"[::1]\"", "spec.source.host", "brackets"},
        BadCase{"spec.source.<<", "{port: 1}", "spec.source.<<", "merge is not read"},
        BadCase{"spec.sink.kafka.bootstrapServers", "[\"kafka://k:9092\"]",
                "spec.sink.kafka.bootstrapServers[0]", "a protocol goes into"},
        BadCase{"spec.source.tls", "{mode: Sometimes}", "spec.source.tls.mode", "VerifyIdentity"},
        BadCase{"spec.source.tls", "{mode: VerifyCA}", "spec.source.tls.caSecretRef",
                "required with mode VerifyCA"},
        BadCase{"spec.source.tls", "{mode: Required, caSecretRef: {name: x}}", "spec.source.tls.caSecretRef",
                "only with mode VerifyCA"},
        BadCase{"spec.source.tls", "{mode: Disabled, clientCertificateSecretRef: {name: x}}",
                "spec.source.tls.clientCertificateSecretRef", "only with TLS"},
        BadCase{"spec.source.credentialsSecretRef", "{}", "spec.source.credentialsSecretRef.name",
                "required"},
        BadCase{"spec.source.credentials", "{username: u, password: \"${env:P}\"}", "spec.source.credentials",
                "credentialsSecretRef"},
        BadCase{"spec.objects.include", "[{database: a, databasePattern: b}]", "spec.objects.include[0]",
                "exactly one"},
        BadCase{"spec.objects.include", "[{tables: [t]}]", "spec.objects.include[0]", "exactly one"},
        BadCase{"spec.objects.include", "[{database: a, tables: [t], tablePattern: x}]",
                "spec.objects.include[0]", "not both"},
        BadCase{"spec.objects.include", "[{databasePattern: \"a[\"}]",
                "spec.objects.include[0].databasePattern", "RE2"},
        BadCase{"spec.objects.include", "[{database: a, tables: []}]", "spec.objects.include[0].tables",
                "at least one"},
        BadCase{"spec.dataTypes", "[]", "spec.dataTypes", "at least one"},
        BadCase{"spec.dataTypes", "[Rows]", "spec.dataTypes[0]", "DataUpdates, SchemaUpdates"},
        BadCase{"spec.startPosition", "{mode: GTIDSet}", "spec.startPosition.gtidSet", "required"},
        BadCase{"spec.startPosition", "{mode: Timestamp}", "spec.startPosition.timestamp", "with its offset"},
        BadCase{"spec.startPosition", "{mode: Timestamp, timestamp: 2026-01-31 12:00:00}",
                "spec.startPosition.timestamp", "with its offset"},
        BadCase{"spec.startPosition", "{timestamp: \"2026-01-31T12:00:00Z\"}", "spec.startPosition.timestamp",
                "only with mode"},
        BadCase{"spec.startPosition", "{mode: BinlogFile}", "spec.startPosition.file", "required"},
        BadCase{"spec.startPosition", "{gtidSet: \"a:1\"}", "spec.startPosition.gtidSet", "only with mode"},
        BadCase{"spec.startPosition", "{mode: BinlogFile, file: f, offset: 3}", "spec.startPosition.offset",
                "from 4"},
        BadCase{"spec.sink", "{}", "spec.sink", "exactly one of kafka, stream"},
        BadCase{"spec.sink", "{kafka: {bootstrapServers: [k]}, stream: {}}", "spec.sink",
                "exactly one of kafka, stream"},
        BadCase{"spec.sink", "{stdout: {}}", "spec.sink.stdout", "without Kubernetes"},
        BadCase{"spec.sink.kafka.delivery", "AtMostOnce", "spec.sink.kafka.delivery", "AtLeastOnce"},
        BadCase{"spec.onUnprocessable", "Skip", "spec.onUnprocessable", "SkipAndCount"},
        BadCase{"spec.sink.kafka.oversizedRecord", "Cut", "spec.sink.kafka.oversizedRecord", "KeysOnly"},
        BadCase{"spec.sink.kafka",
                "{bootstrapServers: [k], oversizedRecord: KeysOnly, debezium: {transactionMetadata: true}}",
                "spec.sink.kafka.oversizedRecord", "transactionMetadata"},
        BadCase{"spec.sink.kafka",
                "{bootstrapServers: [k], oversizedRecord: KeysOnly, debezium: {schemas: true}}",
                "spec.sink.kafka.oversizedRecord", "debezium.schemas"},
        BadCase{
            "spec",
            "{source: {host: db, port: 3306}, rowImages: AsLogged, sink: {kafka: {debezium: {schemas: true}}}}",
            "spec.rowImages", "debezium.schemas"},
        BadCase{"spec.sink.kafka", "{bootstrapServers: [k], format: canal-json, debezium: {schemas: true}}",
                "spec.sink.kafka.debezium", "only with format debezium-json"},
        BadCase{"spec.sink.kafka.format", "xml", "spec.sink.kafka.format", "debezium-json"},
        BadCase{"spec.sink.kafka",
                "{bootstrapServers: [k], format: dts-avro, delivery: AtLeastOnce, topic: {partitions: 2}}",
                "spec.sink.kafka.topic.partitions", "1 with format dts-avro"},
        BadCase{
            "spec.sink.kafka",
            "{bootstrapServers: [k], format: dts-avro, delivery: AtLeastOnce, topic: {name: \"{table}\"}}",
            "spec.sink.kafka.topic.name", "one topic"},
        BadCase{"spec.sink.kafka", "{bootstrapServers: [k], format: dts-avro}", "spec.sink.kafka.delivery",
                "AtLeastOnce with format dts-avro"},
        BadCase{"spec.sink.kafka",
                "{bootstrapServers: [k], format: canal-json, debezium: {decimals: double}}",
                "spec.sink.kafka.debezium", "only with format debezium-json"},
        BadCase{"spec.sink.kafka.debezium", "{decimals: float}", "spec.sink.kafka.debezium.decimals",
                "string, precise, double"},
        BadCase{"spec.objects.columns", "[{table: orders, exclude: [a]}]", "spec.objects.columns[0].table",
                "one dot"},
        BadCase{"spec.objects.columns", "[{table: s.o, mask: [a]}, {table: s.o, hash: [a]}]",
                "spec.objects.columns[1]", "in one of"},
        BadCase{"spec.objects.columns", "[{table: shop.orders}]", "spec.objects.columns[0]",
                "at least one of exclude, mask, hash"},
        BadCase{"spec.sink.kafka.topic", "{name: \"a b\"}", "spec.sink.kafka.topic.name", "letters"},
        BadCase{"spec.sink.kafka.topic", "{replicationFactor: 0}", "spec.sink.kafka.topic.replicationFactor",
                "-1"},
        BadCase{"spec.sink.kafka.security", "{protocol: SASL_SSL}", "spec.sink.kafka.security.mechanism",
                "required"},
        BadCase{"spec.sink.kafka.security", "{mechanism: PLAIN}", "spec.sink.kafka.security.mechanism",
                "only with"},
        BadCase{"spec.sink.kafka.security", "{caSecretRef: {name: x}}",
                "spec.sink.kafka.security.caSecretRef", "only with"},
        BadCase{"spec.sink.kafka.security", "{clientCertificateSecretRef: {name: x}}",
                "spec.sink.kafka.security.clientCertificateSecretRef", "only with"}));

TEST(ParseTask, ReadsColumnRulesAndDebeziumOptions) {
  const ParseResult columns = parse_task(
      with("spec.objects.columns", "[{table: crm.customers, exclude: [ssn], mask: [phone], hash: [email]}]"),
      Mode::Kubernetes);
  ASSERT_TRUE(columns.ok()) << to_string(columns.errors);
  ASSERT_EQ(columns.task.spec.objects.columns.size(), 1U);
  const ColumnRule& rule = columns.task.spec.objects.columns[0];
  EXPECT_EQ(rule.database + "/" + rule.table, "crm/customers");
  EXPECT_EQ(rule.exclude, std::vector<std::string>{"ssn"});
  EXPECT_EQ(rule.mask, std::vector<std::string>{"phone"});
  EXPECT_EQ(rule.hash, std::vector<std::string>{"email"});

  const ParseResult options =
      parse_task(with("spec.sink.kafka.debezium",
                      "{decimals: precise, time: connect, binary: base64-url-safe, unsignedBigint: precise, "
                      "tombstones: false, truncates: true, transactionMetadata: true, schemas: true}"),
                 Mode::Kubernetes);
  ASSERT_TRUE(options.ok()) << to_string(options.errors);
  const DebeziumOptions& debezium = options.task.spec.sink.kafka->debezium;
  EXPECT_EQ(debezium.decimals, DebeziumDecimals::Precise);
  EXPECT_EQ(debezium.time, DebeziumTime::Connect);
  EXPECT_EQ(debezium.binary, DebeziumBinary::Base64UrlSafe);
  EXPECT_EQ(debezium.unsigned_bigint, DebeziumUnsignedBigint::Precise);
  EXPECT_FALSE(debezium.tombstones);
  EXPECT_TRUE(debezium.truncates);
  EXPECT_TRUE(debezium.transaction_metadata);
  EXPECT_TRUE(debezium.schemas);
}

TEST(ParseTask, AColumnIsTheSameWhateverItsCase) {
  const ParseResult result =
      parse_task(with("spec.objects.columns", "[{table: crm.customers, exclude: [Ärzte], mask: [äRZTE]}]"),
                 Mode::Kubernetes);
  EXPECT_FALSE(result.ok());
  EXPECT_NE(to_string(result.errors).find("takes a column in one of exclude, mask, hash"), std::string::npos);
}

TEST(ParseTask, NotYamlIsSaidWithItsLine) {
  const ParseResult result = parse_task("a: [1, 2\nb: }", Mode::Standalone);
  ASSERT_EQ(result.errors.size(), 1U);
  EXPECT_THAT(result.errors[0].message, HasSubstr("not YAML"));
  EXPECT_GT(result.errors[0].line, 0);
}

TEST(ParseTask, AFileThatHoldsNoTaskIsSaidToHoldWhat) {
  const auto said = [](const char* file) { return to_string(parse_task(file, Mode::Standalone).errors); };
  EXPECT_THAT(said(""), HasSubstr("the file is empty"));
  EXPECT_THAT(said("# nothing\n"), HasSubstr("the file is empty"));
  EXPECT_THAT(said("kind: Secret\n---\n- a\n"), HasSubstr("there is one of kind Secret, one without a kind"));
}

TEST(ParseTask, AnAddressOfIPv6IsAHost) {
  EXPECT_TRUE(
      parse_task(with("spec.sink.kafka.bootstrapServers", "[\"PLAINTEXT://k:9092\"]"), Mode::Kubernetes)
          .ok());
  EXPECT_TRUE(parse_task(with("spec.source.host", "\"2001:db8::1\""), Mode::Kubernetes).ok());
}

TEST(ParseTask, ADuplicateFieldIsRefused) {
  const std::string twice = std::string(kGood) + "  suspend: false\n  suspend: true\n";
  EXPECT_THAT(parse_task(twice, Mode::Kubernetes).errors, Contains(Field(&FieldError::path, "spec.suspend")));
}

TEST(ParseTask, FindsTheTaskAmongOtherDocuments) {
  const std::string file = "kind: Secret\n---" + std::string(kGood);
  EXPECT_TRUE(parse_task(file, Mode::Standalone).ok());
  EXPECT_FALSE(parse_task("kind: Secret\n", Mode::Standalone).ok());
  EXPECT_FALSE(parse_task(std::string(kGood) + "---" + kGood, Mode::Standalone).ok()) << "two tasks";
}

TEST(ParseTask, AStreamIsOneOfThreeSinks) {
  const auto parsed = [](const std::string& sink) {
    return parse_task(with("spec.sink", sink), Mode::Standalone);
  };
  const ParseResult stream = parsed("{stream: {format: canal-json, bufferMiB: 256, maxReaders: 8}}");
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ(stream.task.spec.sink.format(), "canal-json");
  EXPECT_EQ(stream.task.spec.sink.stream->buffer_mib, 256);
  EXPECT_FALSE(parsed("{stream: {}, stdout: {}}").ok());
  EXPECT_FALSE(parsed("{stream: {format: dts-avro}}").ok()) << "no text";
  EXPECT_FALSE(parsed("{stream: {bufferMiB: 0}}").ok());
  EXPECT_FALSE(parsed("{stream: {maxReaders: 9}}").ok());
  const auto with_server_id = [&](const std::string& id) {
    return parse_task(
        "apiVersion: rowtide.dev/v1alpha1\nkind: ChangeTrackingTask\nmetadata: {name: orders}\nspec:\n"
        "  source: {type: MySQL, host: db, credentialsSecretRef: {name: s}, serverId: " +
            id +
            "}\n"
            "  objects: {include: [{database: shop}]}\n  sink: {stream: {maxReaders: 4}}\n",
        Mode::Standalone);
  };
  EXPECT_TRUE(with_server_id("4294967292").ok());
  EXPECT_FALSE(with_server_id("4294967293").ok()) << "the fourth reader would have none";
}

TEST(ParseTask, OfAStreamOnKubernetesNothingIsTakenThatHasNoMeaningThere) {
  const auto errors_of = [](const std::string& settings, Mode mode) {
    return to_string(parse_task("apiVersion: rowtide.dev/v1alpha1\nkind: ChangeTrackingTask\n"
                                "metadata: {name: orders}\nspec:\n  objects: {include: [{database: shop}]}\n"
                                "  sink: {stream: {}}\n" +
                                    settings,
                                mode)
                         .errors);
  };
  const std::string plain = "  source: {type: MySQL, host: db, credentialsSecretRef: {name: s}}\n";
  EXPECT_EQ(errors_of(plain, Mode::Kubernetes), "");
  const std::string polardb =
      "  source: {type: PolarDBMySQL, host: db, credentialsSecretRef: {name: s},\n"
      "           polardb: {regionId: r, dbClusterId: c, openApiSecretRef: {name: a}}}\n";
  for (const auto& [settings, path] : std::vector<std::pair<std::string, std::string>>{
           {plain + "  suspend: true\n", "spec.suspend"},
           {plain + "  alerts: {lagSeconds: 5}\n", "spec.alerts"},
           {plain + "  deletionPolicy: Delete\n", "spec.deletionPolicy"},
           {plain + "  tracker: {upgradePolicy: Manual}\n", "spec.tracker.upgradePolicy"},
           {polardb + "  network: {whitelist: {mode: Manage}}\n", "spec.network.whitelist.mode"},
           {"  source: {type: MySQL, host: db, credentialsSecretRef: {name: s}, serverId: 7}\n",
            "spec.source.serverId"}}) {
    EXPECT_THAT(errors_of(settings, Mode::Kubernetes), testing::StartsWith(path + ": ")) << settings;
    EXPECT_EQ(errors_of(settings, Mode::Standalone), "") << settings;
  }
}

TEST(ParseTask, StandaloneTakesPasswordsFromTheEnvironmentOnly) {
  const std::string path = "spec.source";
  const std::string head = "{type: MySQL, host: db, credentials: {username: u, password: ";
  ASSERT_EQ(::setenv("ROWTIDE_TEST_PASSWORD", "s3cret", 1), 0);
  const ParseResult good =
      parse_task(with(path, head + "\"${env:ROWTIDE_TEST_PASSWORD}\"}}"), Mode::Standalone);
  ASSERT_TRUE(good.ok()) << to_string(good.errors);
  EXPECT_EQ(good.task.spec.source.credentials->password, "s3cret");

  const std::string open = "{type: MySQL, host: db, ";
  for (const std::string& source :
       {head + "hunter2}}", head + "\"${env:ROWTIDE_TEST_PASSWORD}\", password: hunter2}}",
        open + "credentials: hunter2}", open + "credentialsSecretRef: hunter2}",
        open + "credentials: {username: u, password: {plain: hunter2}}}"}) {
    const ParseResult literal = parse_task(with(path, source), Mode::Standalone);
    ASSERT_FALSE(literal.ok()) << source;
    EXPECT_THAT(to_string(literal.errors), testing::Not(HasSubstr("hunter2")))
        << "a password must not be shown: " << source;
  }

  const ParseResult unset =
      parse_task(with(path, head + "\"${env:ROWTIDE_TEST_UNSET}\"}}"), Mode::Standalone);
  EXPECT_THAT(to_string(unset.errors), HasSubstr("ROWTIDE_TEST_UNSET is not set"));
}

TEST(ParseTask, PodSettingsAreNotedWhereTheyHaveNoEffect) {
  const std::string file = with("spec.tracker", "{image: own}");
  const ParseResult standalone = parse_task(file, Mode::Standalone);
  EXPECT_TRUE(standalone.ok()) << to_string(standalone.errors);
  EXPECT_EQ(standalone.ignored, std::vector<std::string>{"spec.tracker"});
  EXPECT_TRUE(parse_task(file, Mode::Kubernetes).ignored.empty());
  EXPECT_TRUE(parse_task(kGood, Mode::Standalone).ignored.empty());
}

TEST(ParseTask, AlertsAreThereWhenTheyAreGiven) {
  EXPECT_FALSE(parse_task(kGood, Mode::Kubernetes).task.spec.alerts.has_value());
  const auto alerts = [](const char* text) {
    return parse_task(with("spec.alerts", text), Mode::Kubernetes).task.spec.alerts;
  };
  EXPECT_EQ(alerts("{}").value().lag_seconds, 60);
  EXPECT_EQ(alerts("{}").value().for_seconds, 120);
  EXPECT_EQ(alerts("{lagSeconds: 5, forSeconds: 0}").value().lag_seconds, 5);
  EXPECT_EQ(alerts("{lagSeconds: 5, forSeconds: 0}").value().for_seconds, 0);
  EXPECT_FALSE(parse_task(with("spec.alerts", "{lagSeconds: 0}"), Mode::Kubernetes).ok());
  EXPECT_EQ(parse_task(with("spec.alerts", "{lagSeconds: 5}"), Mode::Standalone).ignored,
            std::vector<std::string>{"spec.alerts"});
}

TEST(ParseTask, NetworksThatTheSourceMustLetInAreChecked) {
  const auto read = [](const std::string& cidr) {
    return parse_task(with("spec.network", "{whitelist: {egressCIDRs: ['" + cidr + "']}}"), Mode::Kubernetes);
  };
  for (const char* good : {"10.0.3.0/24", "10.0.3.7/32", "0.0.0.0/0", "2001:db8::/64", "::1/128"})
    EXPECT_TRUE(read(good).ok()) << good;
  for (const char* bad : {"10.0.3.7", "10.0.3.7/24", "10.0.3.0/33", "10.0.3.0/", "10.0.3.0/x", "db/24",
                          "10.0.3/24", "2001:db8::1/64", "10.0.3.0/-1", "10.0.3.0/24 "})
    EXPECT_FALSE(read(bad).ok()) << bad;
  EXPECT_EQ(parse_task(with("spec.network", "{whitelist: {}}"), Mode::Standalone).ignored,
            std::vector<std::string>{"spec.network"});
}

TEST(ParseTask, AManagedWhitelistTakesNoIPv6) {
  const auto read = [](const std::string& mode, const std::string& cidr) {
    return parse_task(with("spec", R"({source: {type: PolarDBMySQL, host: db, credentialsSecretRef: {name: a},
        polardb: {regionId: r, dbClusterId: c, openApiSecretRef: {name: a}}},
      objects: {include: [{database: shop}]}, sink: {kafka: {bootstrapServers: ['k:9092']}},
      network: {whitelist: {mode: )" + mode +
                                       ", egressCIDRs: ['" + cidr + "']}}}"),
                      Mode::Kubernetes);
  };
  EXPECT_TRUE(read("Manage", "10.0.3.0/24").ok()) << to_string(read("Manage", "10.0.3.0/24").errors);
  EXPECT_TRUE(read("Report", "2001:db8::/64").ok());
  EXPECT_NE(to_string(read("Manage", "2001:db8::/64").errors).find("takes no IPv6"), std::string::npos);
}

TEST(ParseTask, ReservedNamesOfPodSettingsAreRefused) {
  const ParseResult result = parse_task(with("spec.tracker", R"({
    podLabels: {rowtide.dev/task: other, app.kubernetes.io/component: x, team: cdc},
    podAnnotations: {rowtide.dev/tracker-hash: x, "prometheus.io/scrape": "false"},
    env: [{name: ROWTIDE_X, value: "1"}, {name: A, value: "1", valueFrom: {}}, {value: "1"}]})"),
                                        Mode::Kubernetes);
  std::vector<std::string> refused;
  for (const FieldError& error : result.errors) refused.push_back(error.path);
  EXPECT_EQ(refused, (std::vector<std::string>{"spec.tracker.podLabels.app.kubernetes.io/component",
                                               "spec.tracker.podLabels.rowtide.dev/task",
                                               "spec.tracker.podAnnotations.rowtide.dev/tracker-hash",
                                               "spec.tracker.env[0].name", "spec.tracker.env[1]",
                                               "spec.tracker.env[2].name"}));
}

TEST(ParseTask, EnvironmentIsNotReadForKubernetes) {
  ASSERT_EQ(::setenv("ROWTIDE_TEST_HOST", "inside", 1), 0);
  const std::string document = with("spec.source.host", "\"${env:ROWTIDE_TEST_HOST}\"");
  EXPECT_EQ(parse_task(document, Mode::Standalone).task.spec.source.host, "inside");
  EXPECT_EQ(parse_task(document, Mode::Kubernetes).task.spec.source.host, "${env:ROWTIDE_TEST_HOST}");
}

TEST(ParseTask, TheExamplesAreValid) {
  ASSERT_EQ(::setenv("ROWTIDE_QUICKSTART_PASSWORD", "x", 1), 0);
  ASSERT_EQ(::setenv("ROWTIDE_QUICKSTART_PORT", "3306", 1), 0);
  const std::string folder = std::string(ROWTIDE_SOURCE_DIR) + "/examples/";
  const ParseResult orders = parse_task(read_file(folder + "orders.yaml"), Mode::Kubernetes);
  EXPECT_TRUE(orders.ok()) << to_string(orders.errors);
  const ParseResult quickstart = parse_task(read_file(folder + "quickstart.yaml"), Mode::Standalone);
  EXPECT_TRUE(quickstart.ok()) << to_string(quickstart.errors);
}

TEST(ServerId, IsStableAndLeavesLowIdsToPeople) {
  Task task;
  task.uid = "3f2c8a52-95a7-44b1-a5a8-6a0c7e6f4c11";
  const std::uint32_t id = effective_server_id(task);
  EXPECT_EQ(id, effective_server_id(task));
  EXPECT_GE(id, 1U << 30U);
  Task other = task;
  other.uid.back() = '2';
  EXPECT_NE(id, effective_server_id(other));
  task.spec.source.server_id = 77;
  EXPECT_EQ(effective_server_id(task), 77U);
}

TEST(ParseTask, OnlineSchemaChangesAreTranslatedUnlessToldOtherwise) {
  EXPECT_EQ(parse_task(kGood, Mode::Kubernetes).task.spec.online_schema_changes.mode,
            OnlineSchemaChangeMode::Translate);
  const ParseResult off = parse_task(with("spec.onlineSchemaChanges", "PassThrough"), Mode::Kubernetes);
  ASSERT_TRUE(off.ok()) << to_string(off.errors);
  EXPECT_EQ(off.task.spec.online_schema_changes.mode, OnlineSchemaChangeMode::PassThrough);
  const ParseResult named = parse_task(
      with("spec.onlineSchemaChangeTables", "{ghost: 'shadow_(.+)', other: 'trash_(.+)'}"), Mode::Kubernetes);
  ASSERT_TRUE(named.ok()) << to_string(named.errors);
  EXPECT_EQ(named.task.spec.online_schema_changes.ghost, "shadow_(.+)");
  EXPECT_EQ(named.task.spec.online_schema_changes.other, "trash_(.+)");
  EXPECT_THAT(
      to_string(
          parse_task(with("spec.onlineSchemaChangeTables", "{ghost: shadow}"), Mode::Kubernetes).errors),
      HasSubstr("onlineSchemaChangeTables.ghost"));
}

}  // namespace
}  // namespace rowtide::task
