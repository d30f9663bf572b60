// SPDX-License-Identifier: GPL-2.0-or-later
// What a realm does between its entry and its exit: calls of RSI and PSCI, accesses to memory, everything else that
// takes an exception to the monitor.
#include <algorithm>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/pmu.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "tests/fuzz/rmi/generator.h"

namespace fuzz {
namespace {

using namespace abi::v1_0;  // NOLINT: function ids and structures of the version under test
namespace esr = abi::esr;

constexpr std::uint64_t kPage = abi::kGranuleSize;

template <class... Args>
bare::RealmCall smc(std::uint32_t fid, Args... args) {
  bare::RealmCall call;
  call.x[0] = fid;
  ((call.x.at(call.count++) = static_cast<std::uint64_t>(args)), ...);
  return call;
}

bare::RealmException sync(esr::Ec ec, std::uint64_t iss) { return {{.esr = esr::make(ec, iss)}}; }

struct Weight {
  std::uint32_t fid;
  unsigned weight;
};
constexpr Weight kCalls[] = {{kRsiVersion, 6},
                             {kRsiFeatures, 2},
                             {kRsiMeasurementRead, 3},
                             {kRsiMeasurementExtend, 4},
                             {kRsiAttestationTokenInit, 2},
                             {kRsiAttestationTokenContinue, 18},
                             {kRsiRealmConfig, 10},
                             {kRsiIpaStateSet, 12},
                             {kRsiIpaStateGet, 10},
                             {kRsiHostCall, 14},
                             {kPsciVersion, 1},
                             {kPsciCpuSuspend, 2},
                             {kPsciCpuOff, 1},
                             {kPsciCpuOn, 14},
                             {kPsciAffinityInfo, 8},
                             {kPsciSystemOff, 2},
                             {kPsciSystemReset, 1},
                             {kPsciFeatures, 2},
                             {kSmcccVersion, 1},
                             {kSmcccArchFeatures, 1},
                             {0, 2}};

std::uint32_t draw_call(Choices& choose) {
  unsigned total = 0;
  for (const Weight& w : kCalls) total += w.weight;
  auto n = static_cast<unsigned>(choose.below(total));
  for (const Weight& w : kCalls) {
    if (n < w.weight) return w.fid;
    n -= w.weight;
  }
  return 0;
}

}  // namespace

bare::Act Generator::realm_act(unsigned pe) {
  const rmm::core::Rec* rec = machine_.rec_at(*machine_.runs(pe));
  const rmm::core::Realm* realm = rec == nullptr ? nullptr : machine_.realm_at(rec->owner.pa());
  if (realm == nullptr) return bare::RealmException{{.kind = abi::ExceptionKind::kIrq}};
  const std::uint64_t dice = choose_.below(100);
  if (dice < 60) return realm_call(*realm, *rec);
  if (dice < 82) {
    bare::RealmAccess access;
    const bool is_protected = choose_.percent(50);
    access.ipa = any_ipa(*realm, is_protected) + (choose_.below(512) * 8);
    if (choose_.one_in(16)) access.ipa = realm->ipa_end() + choose_.below(4) * kPage;
    access.way = choose_.one_of({bare::Way::kLoad, bare::Way::kLoad, bare::Way::kStore, bare::Way::kFetch});
    access.size = static_cast<std::uint8_t>(1U << choose_.below(4));
    access.reg = static_cast<std::uint8_t>(choose_.below(32));
    access.sign_extends = choose_.one_in(4);
    access.described = !choose_.one_in(6);
    return access;
  }
  if (dice < 85) {
    if (choose_.one_in(4))
      return bare::RealmRegister{choose_.one_of({abi::pmu::kPmcrEl0, abi::pmu::kPmovssetEl0, abi::pmu::kPmintensetEl1}),
                                 choose_.below(4)};
    const bool virtual_timer = choose_.one_in(2);
    return bare::RealmRegister{virtual_timer ? abi::SysReg::kCntvCtlEl0 : abi::SysReg::kCntpCtlEl0, choose_.below(8)};
  }
  if (dice < 88) {
    if (const auto ram = realm_ram(*realm)) {
      bare::RealmData data{*ram + choose_.below(16) * 0x100, {}};
      data.data.imm = static_cast<std::uint16_t>(choose_.below(65536));
      for (auto& gpr : data.data.gprs) gpr = choose_.below(1024);
      return data;
    }
  }
  return realm_exception();
}

bare::Act Generator::realm_exception() {
  switch (choose_.below(10)) {
    case 0:
    case 1: return sync(esr::Ec::kWfx, choose_.below(4));
    case 2: return sync(esr::Ec::kHvc64, choose_.below(4));
    case 3: return bare::RealmException{{.kind = abi::ExceptionKind::kFiq}};
    case 4: return bare::RealmException{{.kind = abi::ExceptionKind::kSerror, .esr = 0xbe00'0000 | choose_.below(64)}};
    case 5:
    case 6: {
      const auto key = static_cast<std::uint32_t>(choose_.one_of(
          {abi::SysReg::kIccSgi1rEl1, abi::SysReg::kIccDirEl1, abi::SysReg::kIccSgi0rEl1,
           static_cast<abi::SysReg>(abi::sysreg_key(3, 0, 0, static_cast<unsigned>(choose_.below(8)),
                                                    static_cast<unsigned>(choose_.below(8)))),
           static_cast<abi::SysReg>(abi::sysreg_key(2, 0, 0, static_cast<unsigned>(choose_.below(16)),
                                                    4 + static_cast<unsigned>(choose_.below(4)))),
           static_cast<abi::SysReg>(abi::sysreg_key(2, 0, 1, static_cast<unsigned>(choose_.below(4)), 4)),
           static_cast<abi::SysReg>(abi::sysreg_key(3, 3, 9, 12, 0))}));
      const esr::SysRegIss iss{.op0 = static_cast<std::uint8_t>(key >> 14),
                               .op1 = static_cast<std::uint8_t>((key >> 11) & 7),
                               .crn = static_cast<std::uint8_t>((key >> 7) & 15),
                               .crm = static_cast<std::uint8_t>((key >> 3) & 15),
                               .op2 = static_cast<std::uint8_t>(key & 7),
                               .rt = static_cast<std::uint8_t>(choose_.below(32)),
                               .is_read = choose_.one_in(2)};
      return sync(esr::Ec::kSysReg, esr::make_sysreg_iss(iss));
    }
    case 7: return sync(choose_.one_of({esr::Ec::kFpAccess, esr::Ec::kPac, esr::Ec::kSve, esr::Ec::kUnknown}), 0);
    case 8: {  // an abort that stage 2 does not explain
      const std::uint64_t fault = choose_.one_of<std::uint64_t>({esr::kFscGpf, esr::kFscExternal, esr::kFscAlignment});
      return bare::RealmException{{.esr = esr::make(esr::Ec::kDataAbortLower, fault), .far = choose_.below(1 << 20)}};
    }
    default: return bare::RealmException{{.kind = abi::ExceptionKind::kIrq}};
  }
}

bare::Act Generator::realm_call(const rmm::core::Realm& realm, const rmm::core::Rec& rec) {
  std::uint32_t fid = draw_call(choose_);
  const bool wrong = choose_.percent(fid == kRsiAttestationTokenContinue ? 20 : 30);
  const auto ram = [&]() -> std::uint64_t {
    const auto at = wrong && choose_.one_in(2) ? std::nullopt : realm_ram(realm);
    std::uint64_t ipa = at ? at->value : any_ipa(realm, true).value;
    if (wrong && choose_.one_in(2)) ipa = mutate_ipa(ipa);
    return ipa;
  };
  const auto window = [&](std::uint64_t& base, std::uint64_t& top) {
    base = any_ipa(realm, true).value;
    top = base + kPage * (1 + choose_.below(choose_.one_in(6) ? 1024 : 4));
    if (choose_.one_in(8)) {
      base &= ~((1ULL << 21) - 1);
      top = base + (1ULL << 21);
    }
    top = std::min(top, realm.unprotected_base().value);
    if (wrong) (choose_.one_in(2) ? base : top) = mutate_ipa(choose_.one_in(2) ? base : top);
    if (wrong && choose_.one_in(5)) std::swap(base, top);
  };
  // A REC of the realm, as PSCI names it.
  const auto mpidr = [&]() -> std::uint64_t {
    const std::uint64_t index = choose_.below(std::max<std::uint64_t>(realm.rec_index, 1) + (wrong ? 2 : 0));
    const std::uint64_t value = (index & 0xf) | ((index >> 4) << 8);
    if (!wrong && value == rec.mpidr.value && realm.rec_index > 1) return ((index + 1) % realm.rec_index) & 0xf;
    return wrong && choose_.one_in(4) ? value | (1ULL << choose_.below(64)) : value;
  };
  // Calls that need memory, of a realm that has none: seldom.
  const bool needs_ram = fid == kRsiAttestationTokenContinue || fid == kRsiRealmConfig || fid == kRsiHostCall;
  if (needs_ram && !wrong && !choose_.one_in(5) && !realm_ram(realm)) fid = kRsiIpaStateSet;
  switch (fid) {
    case kRsiVersion:
      return smc(fid, wrong ? choose_.one_of<std::uint64_t>({0, 0x10001, 0x20000, 0x1'0001'0000, choose_.bits()})
                            : kInterfaceVersion10);
    case kRsiFeatures: return smc(fid, choose_.below(3));
    case kRsiMeasurementRead: return smc(fid, wrong ? choose_.bits() >> choose_.below(64) : choose_.below(5));
    case kRsiMeasurementExtend: {
      auto call = smc(fid, wrong ? choose_.below(8) : 1 + choose_.below(4), choose_.below(wrong ? 200 : 65));
      for (; call.count <= 10; ++call.count) call.x.at(call.count) = choose_.below(4);
      return call;
    }
    case kRsiAttestationTokenInit: {
      auto call = smc(fid);
      for (; call.count <= 8; ++call.count) call.x.at(call.count) = choose_.below(4);
      return call;
    }
    case kRsiAttestationTokenContinue: {
      if (!rec.attestation.in_progress && !wrong) return smc(kRsiAttestationTokenInit, 1, 2, 3, 4, 5, 6, 7, 8);
      const std::uint64_t offset = choose_.one_in(2) ? 0 : choose_.below(kPage);
      std::uint64_t size = choose_.below(kPage - offset + 1);
      if (wrong) size = choose_.one_of<std::uint64_t>({kPage + 1, ~0ULL, ~0ULL - 16, size});
      return smc(fid, ram(), wrong && choose_.one_in(3) ? kPage + choose_.below(3) : offset, size);
    }
    case kRsiRealmConfig: return smc(fid, ram());
    case kRsiIpaStateSet: {
      std::uint64_t base = 0, top = 0;
      window(base, top);
      return smc(fid, base, top, wrong && choose_.one_in(3) ? 2 + choose_.below(255) : choose_.below(2),
                 choose_.below(2));
    }
    case kRsiIpaStateGet: {
      std::uint64_t base = 0, top = 0;
      window(base, top);
      return smc(fid, base, top);
    }
    case kRsiHostCall: return smc(fid, ram() + (wrong && choose_.one_in(4) ? 8 : choose_.below(16) * 0x100));
    case kPsciCpuSuspend:
      return smc(choose_.one_in(2) ? kPsciCpuSuspend : kPsciCpuSuspend32, choose_.below(4), choose_.bits(), 7);
    case kPsciCpuOn: {
      const std::uint64_t entry =
          wrong && choose_.one_in(3) ? mutate_ipa(realm.unprotected_base().value) : any_ipa(realm, true).value;
      return smc(choose_.one_in(6) ? kPsciCpuOn32 : kPsciCpuOn, mpidr(), entry, choose_.below(1000));
    }
    case kPsciAffinityInfo:
      return smc(choose_.one_in(6) ? kPsciAffinityInfo32 : kPsciAffinityInfo, mpidr(),
                 wrong && choose_.one_in(2) ? choose_.below(4) : 0);
    case kPsciFeatures:
      return smc(fid, choose_.one_of<std::uint64_t>({kPsciCpuOn, kPsciCpuOff, kPsciSystemOff, kSmcccVersion, 0x84000005,
                                                     kPsciVersion, kPsciCpuSuspend32, choose_.bits()}));
    case kPsciCpuOff: return choose_.one_in(3) ? smc(fid) : smc(kPsciVersion);
    case kPsciSystemOff:
    case kPsciSystemReset: return choose_.one_in(3) ? smc(fid) : smc(kPsciVersion);
    case kPsciVersion:
    case kSmcccVersion: return smc(fid);
    case kSmcccArchFeatures: return smc(fid, choose_.one_in(2) ? kSmcccVersion : 0x80008000);
    default: break;
  }
  return smc(
      static_cast<std::uint32_t>(choose_.one_of<std::uint64_t>(
          {0xC400019A, 0xC40001AF, kRmiVersion, 0x84000005, 0x84000006, 0xC4000190 ^ 0x40000000, choose_.bits()})),
      1, 2, 3);
}

}  // namespace fuzz
