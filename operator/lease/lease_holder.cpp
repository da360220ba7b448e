#include "operator/lease/lease_holder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <utility>

#include "common/status/try.h"
#include "common/time/clock.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::lease {
namespace {

using nlohmann::json;

/// Kubernetes' MicroTime.
std::string micro_time(std::int64_t us) {
  const std::chrono::sys_time<std::chrono::seconds> seconds{std::chrono::seconds{us / 1'000'000}};
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", seconds, us % 1'000'000);
}

std::int64_t number_of(const json& spec, const char* field) {
  const json* value = kube::find_at(spec, {field});
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

}  // namespace

LeaseHolder::LeaseHolder(kube::Client& client, LeaseOptions options, Clock clock)
    : client_(client), options_(std::move(options)), clock_(std::move(clock)) {}

void LeaseHolder::observe(const json& lease) {
  const json* spec = kube::find_at(lease, {"spec"});
  json seen = spec == nullptr ? json::object() : *spec;
  resource_version_ = kube::string_at(lease, {"metadata", "resourceVersion"});
  if (seen == spec_) return;
  spec_ = std::move(seen);
  holder_ = kube::string_at(spec_, {"holderIdentity"});
  seen_at_ = clock_();
}

/// By the time since we saw it change, not by the times in it: clocks of machines differ.
bool LeaseHolder::has_run_out() const {
  return clock_() >= seen_at_ + std::chrono::seconds(number_of(spec_, "leaseDurationSeconds"));
}

absl::StatusOr<bool> LeaseHolder::hold() {
  const absl::StatusOr<json> lease = client_.get(kLease, options_.lease);
  if (absl::IsNotFound(lease.status())) return create();
  RETURN_IF_ERROR(lease.status());
  observe(*lease);
  const bool is_ours = holder_ == options_.identity;
  if (!is_ours && !holder_.empty() && !has_run_out()) return false;
  const std::string now = micro_time(now_us());
  const std::int64_t transitions = number_of(spec_, "leaseTransitions") + (is_ours ? 0 : 1);
  RETURN_IF_ERROR(write({{"holderIdentity", options_.identity},
                         {"leaseDurationSeconds", options_.duration.count()},
                         {"acquireTime", is_ours ? spec_.value("acquireTime", now) : now},
                         {"renewTime", now},
                         {"leaseTransitions", transitions}}));
  return true;
}

absl::StatusOr<bool> LeaseHolder::create() {
  const std::string now = micro_time(now_us());
  const absl::StatusOr<json> made = client_.create(
      kLease, {{"apiVersion", kube::api_version(kLease)},
               {"kind", std::string(kLease.kind)},
               {"metadata", {{"namespace", options_.lease.name_space}, {"name", options_.lease.name}}},
               {"spec",
                {{"holderIdentity", options_.identity},
                 {"leaseDurationSeconds", options_.duration.count()},
                 {"acquireTime", now},
                 {"renewTime", now},
                 {"leaseTransitions", 0}}}});
  if (absl::IsAlreadyExists(made.status()))
    return absl::AbortedError("another process has just made the Lease");
  RETURN_IF_ERROR(made.status());
  observe(*made);
  return true;
}

/// Only in the state in which it was seen.
absl::Status LeaseHolder::write(json spec) {
  ASSIGN_OR_RETURN(const json written, client_.apply(kLease, {{"apiVersion", kube::api_version(kLease)},
                                                              {"kind", std::string(kLease.kind)},
                                                              {"metadata",
                                                               {{"namespace", options_.lease.name_space},
                                                                {"name", options_.lease.name},
                                                                {"resourceVersion", resource_version_}}},
                                                              {"spec", std::move(spec)}}));
  observe(written);
  return absl::OkStatus();
}

absl::Status LeaseHolder::release() {
  if (holder_ != options_.identity) return absl::OkStatus();
  json spec = spec_;
  spec["holderIdentity"] = "";
  spec["leaseDurationSeconds"] = 1;
  spec["renewTime"] = micro_time(now_us());
  return write(std::move(spec));
}

}  // namespace rowtide::op::lease
