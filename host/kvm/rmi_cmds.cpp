// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/rmi_cmds.h"

#include "rmm/abi/v1_0/function_ids.h"

namespace host::kvm {
namespace {

using namespace abi::v1_0;

std::uint64_t u(abi::GranulePa g) { return g.pa().value; }
std::uint64_t u(int level) { return static_cast<std::uint64_t>(static_cast<std::int64_t>(level)); }
RmiReturn status(const abi::SmcRegs& r) { return RmiReturn::from_raw(r.x[0]); }
abi::GranulePa granule(std::uint64_t pa) { return abi::GranulePa::containing({pa}); }

// A destroying command that failed without an RTT error reports no top: stay where we are.
abi::Ipa top_of(const abi::SmcRegs& r, std::uint64_t top, abi::Ipa base) {
  const auto s = status(r);
  if (!ok(s) && !is_rtt_error(s)) return base;
  return abi::Ipa{top} < base ? base : abi::Ipa{top};
}

}  // namespace

abi::SmcRegs RmiCmds::invoke(std::uint32_t fid, std::uint64_t a1, std::uint64_t a2, std::uint64_t a3, std::uint64_t a4,
                             std::uint64_t a5) {
  abi::SmcRegs in;
  in.x[0] = fid;
  in.x[1] = a1;
  in.x[2] = a2;
  in.x[3] = a3;
  in.x[4] = a4;
  in.x[5] = a5;
  if (failure_) {
    if (const auto injected = failure_(in)) return *injected;
  }
  return smc_.smc(in);
}

RmiCmds::Version RmiCmds::rmi_version(std::uint64_t requested) {
  const auto r = invoke(kRmiVersion, requested);
  if (r.x[0] == abi::kSmcNotSupported) return {{RmiStatus::kErrorInput, 0}, 0, 0};
  return {status(r), r.x[1], r.x[2]};
}
RmiCmds::Value RmiCmds::rmi_features(std::uint64_t index) {
  const auto r = invoke(kRmiFeatures, index);
  return {status(r), r.x[1]};
}
RmiReturn RmiCmds::rmi_granule_delegate(abi::GranulePa g) { return status(invoke(kRmiGranuleDelegate, u(g))); }
RmiReturn RmiCmds::rmi_granule_undelegate(abi::GranulePa g) { return status(invoke(kRmiGranuleUndelegate, u(g))); }
RmiReturn RmiCmds::rmi_data_create(abi::GranulePa rd, abi::GranulePa data, abi::Ipa ipa, abi::GranulePa src,
                                   std::uint64_t flags) {
  return status(invoke(kRmiDataCreate, u(rd), u(data), ipa.value, u(src), flags));
}
RmiReturn RmiCmds::rmi_data_create_unknown(abi::GranulePa rd, abi::GranulePa data, abi::Ipa ipa) {
  return status(invoke(kRmiDataCreateUnknown, u(rd), u(data), ipa.value));
}
RmiCmds::Destroyed RmiCmds::rmi_data_destroy(abi::GranulePa rd, abi::Ipa ipa) {
  const auto r = invoke(kRmiDataDestroy, u(rd), ipa.value);
  return {status(r), granule(r.x[1]), top_of(r, r.x[2], ipa)};
}
RmiReturn RmiCmds::rmi_realm_activate(abi::GranulePa rd) { return status(invoke(kRmiRealmActivate, u(rd))); }
RmiReturn RmiCmds::rmi_realm_create(abi::GranulePa rd, abi::GranulePa params) {
  return status(invoke(kRmiRealmCreate, u(rd), u(params)));
}
RmiReturn RmiCmds::rmi_realm_destroy(abi::GranulePa rd) { return status(invoke(kRmiRealmDestroy, u(rd))); }
RmiCmds::Value RmiCmds::rmi_rec_aux_count(abi::GranulePa rd) {
  const auto r = invoke(kRmiRecAuxCount, u(rd));
  return {status(r), ok(status(r)) ? r.x[1] : 0};
}
RmiReturn RmiCmds::rmi_rec_create(abi::GranulePa rd, abi::GranulePa rec, abi::GranulePa params) {
  return status(invoke(kRmiRecCreate, u(rd), u(rec), u(params)));
}
RmiReturn RmiCmds::rmi_rec_destroy(abi::GranulePa rec) { return status(invoke(kRmiRecDestroy, u(rec))); }
RmiReturn RmiCmds::rmi_rec_enter(abi::GranulePa rec, abi::GranulePa run) {
  return status(invoke(kRmiRecEnter, u(rec), u(run)));
}
RmiReturn RmiCmds::rmi_rtt_create(abi::GranulePa rd, abi::GranulePa rtt, abi::Ipa ipa, int level) {
  return status(invoke(kRmiRttCreate, u(rd), u(rtt), ipa.value, u(level)));
}
RmiCmds::Destroyed RmiCmds::rmi_rtt_destroy(abi::GranulePa rd, abi::Ipa ipa, int level) {
  const auto r = invoke(kRmiRttDestroy, u(rd), ipa.value, u(level));
  return {status(r), granule(r.x[1]), top_of(r, r.x[2], ipa)};
}
RmiCmds::Destroyed RmiCmds::rmi_rtt_fold(abi::GranulePa rd, abi::Ipa ipa, int level) {
  const auto r = invoke(kRmiRttFold, u(rd), ipa.value, u(level));
  return {status(r), granule(r.x[1]), ipa};
}
RmiReturn RmiCmds::rmi_rtt_map_unprotected(abi::GranulePa rd, abi::Ipa ipa, int level, std::uint64_t desc) {
  return status(invoke(kRmiRttMapUnprotected, u(rd), ipa.value, u(level), desc));
}
RmiCmds::Progress RmiCmds::rmi_rtt_unmap_unprotected(abi::GranulePa rd, abi::Ipa ipa, int level) {
  const auto r = invoke(kRmiRttUnmapUnprotected, u(rd), ipa.value, u(level));
  return {status(r), top_of(r, r.x[1], ipa)};
}
RmiCmds::Progress RmiCmds::rmi_rtt_init_ripas(abi::GranulePa rd, abi::Ipa base, abi::Ipa top) {
  const auto r = invoke(kRmiRttInitRipas, u(rd), base.value, top.value);
  return {status(r), ok(status(r)) ? abi::Ipa{r.x[1]} : base};
}
RmiCmds::Progress RmiCmds::rmi_rtt_set_ripas(abi::GranulePa rd, abi::GranulePa rec, abi::Ipa base, abi::Ipa top) {
  const auto r = invoke(kRmiRttSetRipas, u(rd), u(rec), base.value, top.value);
  return {status(r), ok(status(r)) ? abi::Ipa{r.x[1]} : base};
}
RmiCmds::Entry RmiCmds::rmi_rtt_read_entry(abi::GranulePa rd, abi::Ipa ipa, int level) {
  const auto r = invoke(kRmiRttReadEntry, u(rd), ipa.value, u(level));
  return {status(r), r.x[1], r.x[2] & 0xff, r.x[3], r.x[4] & 0xff};
}
RmiReturn RmiCmds::rmi_psci_complete(abi::GranulePa calling_rec, abi::GranulePa target_rec, PsciStatus result) {
  return status(invoke(kRmiPsciComplete, u(calling_rec), u(target_rec), static_cast<std::uint64_t>(result)));
}

}  // namespace host::kvm
