// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/spec/rec_exit.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/layout.h"
#include "rmm/spec/describe.h"
#include "rmm/spec/ipa_map.h"

namespace rmm::spec {
namespace {

using abi::ExceptionKind;
using abi::v1_0::RecExit;
using abi::v1_0::RecExitReason;
namespace esr = abi::esr;

constexpr std::uint64_t kInstruction = 4;
constexpr std::uint64_t kEcMask = 0x3fULL << esr::kEcShift;
constexpr std::uint64_t kTiMask = 3;
// A4.3.4.2, A4.3.4.3, A4.3.10: what of the syndrome the host sees.
constexpr std::uint64_t kInstructionAbort = kEcMask | esr::kSetMask | esr::kEa | esr::kFscMask;
constexpr std::uint64_t kDataAbort = kEcMask | esr::kSetMask | esr::kFnv | esr::kEa | esr::kFscMask;
constexpr std::uint64_t kEmulatable = esr::kIsv | esr::kSasMask | esr::kSf | esr::kWnr;
constexpr std::uint64_t kIds = 1ULL << 24;
constexpr std::uint64_t kAetMask = 7ULL << 10;
constexpr std::uint64_t kSerror = kEcMask | kIds | kAetMask | esr::kEa | esr::kFscMask;

// A5.2.9: whether an access to `ipa` that met this fault leaves to the host; else the realm takes an abort of its own.
bool abort_leaves(const Realm& realm, const Entry& entry, Ipa ipa, std::uint64_t syndrome) {
  const bool fetch = esr::ec(syndrome) == esr::Ec::kInstructionAbortLower;
  if (!is_protected(ipa, realm)) {
    const bool permission = esr::fsc_is(syndrome, esr::kFscPermission);
    return !fetch &&
           (entry.state == EntryState::kUnassignedNs || (entry.state == EntryState::kAssignedNs && permission));
  }
  return entry.ripas == Ripas::kDestroyed || (entry.ripas == Ripas::kRam && entry.state == EntryState::kUnassigned);
}

// What the exit must show, and what follows for the REC.
struct Expected {
  RecExit exit;
  std::uint64_t esr_open = 0;  // bits that the text leaves open
  Rec rec;
  std::string wrong;
};

std::uint64_t register_value(const Gprs& gprs, std::uint64_t n) { return n < gprs.size() ? gprs[n] : 0; }

void data_abort(const State& state, const abi::Exception& exception, const ExitShown& shown, Expected& expected) {
  const Realm& realm = state.realms.at(expected.rec.owner);
  const Ipa ipa{esr::ipa_from_hpfar(exception.hpfar)};
  const bool unprotected = !is_protected(ipa, realm);
  const std::uint64_t kind = exception.esr & 0x3c;
  const bool emulatable =
      unprotected && (exception.esr & esr::kIsv) != 0 && (kind == esr::kFscTranslation || kind == esr::kFscPermission);
  std::uint64_t mask = kDataAbort;
  if (emulatable) {
    mask |= kEmulatable;
    expected.exit.far = exception.far & (abi::kGranuleSize - 1);
    if ((exception.esr & esr::kWnr) != 0) {
      expected.exit.gprs[0] = register_value(shown.gprs, (exception.esr & esr::kSrtMask) >> esr::kSrtShift);
    }
  } else if (unprotected) {
    mask |= esr::kIl;
  }
  expected.exit.esr = exception.esr & mask;
  expected.exit.hpfar = exception.hpfar;
  expected.rec.emulatable_abort = emulatable;
  expected.rec.pause = Pause::kDataAbort;
  expected.rec.abort_esr = exception.esr;
  expected.rec.abort_unprotected = unprotected;
}

void require_leaving(const State& state, const ExitCause& cause, Expected& expected) {
  if (!cause.map_is_of_fault) return;
  const Realm& realm = state.realms.at(expected.rec.owner);
  const Ipa ipa{esr::ipa_from_hpfar(cause.exception.hpfar)};
  if (ipa.value >= realm.ipa_limit()) {
    expected.wrong = fmt::format("A5.2.8: an access beyond the IPA space, 0x{:x}, makes no REC exit", ipa.value);
  } else if (const Entry entry = lookup(state, expected.rec.owner, ipa);
             !abort_leaves(realm, entry, ipa, cause.exception.esr)) {
    expected.wrong =
        fmt::format("A5.2.9: an abort at 0x{:x}, which is {}, makes no REC exit", ipa.value, describe(entry));
  }
}

void synchronous(const Platform& platform, const State& state, const ExitCause& cause, const ExitShown& shown,
                 Expected& expected) {
  const abi::Exception& exception = cause.exception;
  expected.exit.exit_reason = static_cast<std::uint8_t>(RecExitReason::kSync);
  switch (esr::ec(exception.esr)) {
    case esr::Ec::kWfx: {
      const auto trapped = static_cast<esr::Wfx>(exception.esr & kTiMask);
      expected.exit.esr = exception.esr & (kEcMask | kTiMask);
      if (trapped == esr::Wfx::kWfit || trapped == esr::Wfx::kWfet) {
        expected.exit.gprs[0] = exception.wfx_timeout;
      }
      expected.rec.pc += kInstruction;
      break;
    }
    case esr::Ec::kInstructionAbortLower:
      require_leaving(state, cause, expected);
      expected.exit.esr = exception.esr & kInstructionAbort;
      expected.exit.hpfar = exception.hpfar;
      break;
    case esr::Ec::kDataAbortLower:
      require_leaving(state, cause, expected);
      data_abort(state, exception, shown, expected);
      break;
    case esr::Ec::kSysReg: {  // D4
      const esr::SysRegIss iss = esr::sysreg_iss(exception.esr);
      expected.exit.esr = exception.esr;
      const unsigned gpr = platform.sysreg_gprs_rt ? iss.rt : 0;
      if (!iss.is_read && gpr < shown.gprs.size()) expected.exit.gprs.at(gpr) = register_value(shown.gprs, iss.rt);
      expected.rec.pause = Pause::kSysReg;
      expected.rec.abort_esr = exception.esr;
      expected.rec.pc += kInstruction;
      break;
    }
    default:
      expected.wrong = fmt::format("A4.3.4: an exception of class 0x{:x} makes no REC exit",
                                   static_cast<unsigned>(esr::ec(exception.esr)));
  }
}

// A Data Abort that the monitor makes up for an access of its own: the level of the fault is its business.
void own_access(Ipa access, Expected& expected) {
  expected.exit.exit_reason = static_cast<std::uint8_t>(RecExitReason::kSync);
  expected.exit.esr = (static_cast<std::uint64_t>(esr::Ec::kDataAbortLower) << esr::kEcShift) | esr::kFscTranslation;
  expected.esr_open = 3;  // level
  expected.exit.hpfar = esr::hpfar_from_ipa(access.value);
  expected.rec.pause = Pause::kDataAbort;
  expected.rec.abort_esr = 0;
  expected.rec.abort_unprotected = false;
}

Expected expect(const Platform& platform, const State& state, Pa rec, const ExitCause& cause, const ExitShown& shown) {
  Expected expected;
  expected.rec = state.recs.at(rec);
  Rec& next = expected.rec;
  next.running = false;
  next.emulatable_abort = false;
  if (cause.kind != ExitCause::Kind::kCall) next.pause = Pause::kNone;
  if (cause.kind != ExitCause::Kind::kEntryAccess) {
    const std::size_t psci = next.pause == Pause::kPsci ? 4 : 0;  // gprs[0..3] are the request and its answer
    std::copy(shown.gprs.begin() + static_cast<std::ptrdiff_t>(psci), shown.gprs.end(),
              next.gprs.begin() + static_cast<std::ptrdiff_t>(psci));
    next.pc = shown.pc;
  }
  switch (cause.kind) {
    case ExitCause::Kind::kCall:
      expected.exit.exit_reason = static_cast<std::uint8_t>(cause.call.reason);
      for (const auto& [n, value] : cause.call.gprs) expected.exit.gprs.at(n) = value;
      expected.exit.ripas_base = cause.call.ripas_base.value;
      expected.exit.ripas_top = cause.call.ripas_top.value;
      expected.exit.ripas_value = static_cast<std::uint8_t>(cause.call.ripas_value);
      expected.exit.imm = cause.call.imm;
      next.pc += kInstruction;
      break;
    case ExitCause::Kind::kRealmAccess:
    case ExitCause::Kind::kEntryAccess: own_access(cause.access, expected); break;
    case ExitCause::Kind::kException:
      switch (cause.exception.kind) {
        case ExceptionKind::kSync: synchronous(platform, state, cause, shown, expected); break;
        case ExceptionKind::kIrq: expected.exit.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq); break;
        case ExceptionKind::kFiq: expected.exit.exit_reason = static_cast<std::uint8_t>(RecExitReason::kFiq); break;
        case ExceptionKind::kSerror:
          expected.exit.exit_reason = static_cast<std::uint8_t>(RecExitReason::kSerror);
          expected.exit.esr = cause.exception.esr & kSerror;
          break;
      }
  }
  if (next.pause != Pause::kRipasChange) next.ripas_addr = next.ripas_top = {};  // A4.3.8
  return expected;
}

// Fields whose values the PE has, where it is known.
void take_pe(const std::optional<PeView>& pe, const abi::v1_0::FeatureRegister0& features, bool realm_has_pmu,
             const RecExit& exit, RecExit& expected) {
  constexpr std::uint64_t kHcrShown = abi::gic::kHcrRecEnterMask | abi::gic::kHcrEoiCountMask;
  const unsigned num_lrs = features.gicv3_num_lrs + 1U;
  // A8.1; B4.4.10: an enumeration of two values, of which a realm without a PMU has one.
  expected.pmu_ovf_status = realm_has_pmu && exit.pmu_ovf_status <= 1 ? exit.pmu_ovf_status : 0;
  expected.gicv3_lrs = exit.gicv3_lrs;
  if (!pe) {
    expected.gicv3_hcr = exit.gicv3_hcr & kHcrShown;
    expected.gicv3_misr = exit.gicv3_misr;
    expected.gicv3_vmcr = exit.gicv3_vmcr;
    expected.cntp_ctl = exit.cntp_ctl;
    expected.cntp_cval = exit.cntp_cval;
    expected.cntv_ctl = exit.cntv_ctl;
    expected.cntv_cval = exit.cntv_cval;
    return;
  }
  expected.pmu_ovf_status = realm_has_pmu && pe->pmu_overflow ? 1 : 0;
  expected.gicv3_hcr = pe->ich.hcr & kHcrShown;
  std::copy_n(pe->ich.lr.begin(), std::min<std::size_t>(num_lrs, pe->ich.lr.size()), expected.gicv3_lrs.begin());
  expected.gicv3_misr = pe->misr;
  expected.gicv3_vmcr = pe->ich.vmcr;
  expected.cntp_ctl = pe->cntp_ctl;
  expected.cntp_cval = pe->cntp_cval;
  expected.cntv_ctl = pe->cntv_ctl;
  expected.cntv_cval = pe->cntv_cval;
}

// Name of the field that begins at or before `offset`, and the bytes between.
std::string field_at(std::size_t offset) {
  std::string name = "reserved";
  abi::for_each_field(RecExit{}, [&](std::string_view field, std::size_t begin, const auto& member) {
    if (offset < begin || offset >= begin + sizeof member) return;
    using Member = std::remove_cvref_t<decltype(member)>;
    name = field;
    if constexpr (!std::is_integral_v<Member>) {
      name += fmt::format("[{}]", (offset - begin) / sizeof(typename Member::value_type));
    }
  });
  return name;
}

std::uint64_t word_at(const std::vector<std::byte>& page, std::size_t offset) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) word |= std::to_integer<std::uint64_t>(page[offset + i]) << (8 * i);
  return word;
}

}  // namespace

bool has_pmu(const State& state, Pa rec) {
  const auto found = state.recs.find(rec);
  if (found == state.recs.end()) return false;
  const auto realm = state.realms.find(found->second.owner);
  return realm != state.realms.end() && realm->second.pmu;
}

ExitJudgement judge_exit(const Platform& platform, const State& state, Pa rec, const ExitCause& cause,
                         const ExitShown& shown) {
  ExitJudgement judgement;
  Expected expected = expect(platform, state, rec, cause, shown);
  if (!expected.wrong.empty()) judgement.wrong.push_back(expected.wrong);
  if (shown.page.size() != abi::Layout<RecExit>::kSize) {
    judgement.wrong.emplace_back("RmiRecExit is not a page of 0x800 bytes");
  } else {
    const auto exit = abi::decode<RecExit>(shown.page);
    take_pe(shown.pe, platform.features, has_pmu(state, rec), exit, expected.exit);
    expected.exit.esr |= exit.esr & expected.esr_open;
    std::vector<std::byte> page(shown.page.size());  // B4.4.16: unused bits MBZ
    abi::encode(expected.exit, page);
    for (std::size_t offset = 0; offset < page.size(); offset += 8) {
      if (word_at(page, offset) == word_at(shown.page, offset)) continue;
      judgement.wrong.push_back(fmt::format("exit.{} (0x{:x}): model 0x{:x}, monitor 0x{:x}", field_at(offset), offset,
                                            word_at(page, offset), word_at(shown.page, offset)));
    }
  }
  judgement.next.recs.emplace_back(rec, expected.rec);
  return judgement;
}

}  // namespace rmm::spec
