// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/id_registers.h"

#include <algorithm>
#include <initializer_list>

#include "rmm/abi/arch/sysreg.h"

namespace rmm::run {
namespace {

constexpr unsigned kFieldBits = 4;
constexpr std::uint64_t kFieldMask = 0xf;

// The four-bit fields whose lowest bits are listed.
constexpr std::uint64_t fields(std::initializer_list<unsigned> low_bits) {
  std::uint64_t mask = 0;
  for (const unsigned low : low_bits) mask |= kFieldMask << low;
  return mask;
}
constexpr std::uint64_t field(std::uint64_t value, unsigned low) { return (value >> low) & kFieldMask; }
constexpr std::uint64_t with_field(std::uint64_t value, unsigned low, std::uint64_t wanted) {
  return (value & ~(kFieldMask << low)) | (wanted << low);
}

struct Policy {
  const core::Realm& realm;
  const core::Limits& limits;
};

// Field positions (Arm ARM D24.2), low bit.
namespace pfr0 {
constexpr unsigned kEl0 = 0, kEl1 = 4, kEl2 = 8, kEl3 = 12, kFp = 16, kAdvSimd = 20, kGic = 24, kDit = 48, kCsv2 = 56,
                   kCsv3 = 60;
}
namespace dfr0 {
constexpr unsigned kDebugVer = 0, kPmuVer = 8, kBrps = 12, kWrps = 20, kDoubleLock = 36;
}

// Exception levels of a realm execute AArch64 only. The virtual GIC interface always has system registers. CSV2 and
// CSV3: the simulated PE speculates nothing, so a kernel needs neither branch predictor hardening nor KPTI.
std::uint64_t adjust_pfr0(std::uint64_t v, const Policy&) {
  v = with_field(v, pfr0::kEl0, 1);
  v = with_field(v, pfr0::kEl1, 1);
  v = with_field(v, pfr0::kGic, 1);
  v = with_field(v, pfr0::kCsv2, std::max<std::uint64_t>(field(v, pfr0::kCsv2), 1));
  return with_field(v, pfr0::kCsv3, 1);
}

// A3.1.4: the host's choice at REALM_CREATE, minus one as the register has it; the architecture knows no zero (D11).
// The OS Double Lock is not there. Context-aware breakpoints (bits 31:28): one, value 0.
std::uint64_t adjust_dfr0(std::uint64_t v, const Policy& p) {
  if (!p.realm.pmu) v = with_field(v, dfr0::kPmuVer, 0);  // A3.1.5
  v = with_field(v, dfr0::kBrps, std::clamp<std::uint64_t>(p.realm.num_bps, 1, kFieldMask));
  v = with_field(v, dfr0::kWrps, std::clamp<std::uint64_t>(p.realm.num_wps, 1, kFieldMask));
  return with_field(v, dfr0::kDoubleLock, kFieldMask);
}

constexpr std::uint64_t kIsar1Pauth = fields({4, 8, 24, 28});  // APA, API, GPA, GPI
constexpr std::uint64_t kIsar2Pauth = fields({8, 12});         // GPA3, APA3

std::uint64_t adjust_isar1(std::uint64_t v, const Policy& p) { return p.limits.pauth ? v : v & ~kIsar1Pauth; }
std::uint64_t adjust_isar2(std::uint64_t v, const Policy& p) { return p.limits.pauth ? v : v & ~kIsar2Pauth; }

struct Row {
  std::uint32_t key;
  std::string_view name;
  std::uint64_t shown;                                                    // fields that keep the hardware's value
  std::uint64_t (*adjust)(std::uint64_t value, const Policy&) = nullptr;  // applied to what is left
};

constexpr std::uint32_t id(unsigned crm, unsigned op2) { return abi::sysreg_key(3, 0, 0, crm, op2); }

// Every ID register that shows something. All others, AArch32's and those of SVE, SME and AFR included, read as zero.
constexpr Row kRows[] = {
    // Hidden: RAS, SVE (A3.1.3), SEL2, MPAM, AMU (A3.1.6), RME.
    {id(4, 0), "ID_AA64PFR0_EL1", fields({pfr0::kEl2, pfr0::kEl3, pfr0::kFp, pfr0::kAdvSimd, pfr0::kDit, pfr0::kCsv2}),
     adjust_pfr0},
    // Shown: BT, SSBS, CSV2_frac. Hidden: MTE, RAS_frac, MPAM_frac, SME, RNDR_trap, NMI, GCS and later.
    {id(4, 1), "ID_AA64PFR1_EL1", fields({0, 4, 32})},
    // Hidden: trace, SPE (A3.1.7), trace filter, TRBE (A3.1.8), BRBE, context-aware breakpoints beyond one.
    {id(5, 0), "ID_AA64DFR0_EL1", fields({dfr0::kDebugVer, dfr0::kPmuVer}), adjust_dfr0},
    // Hidden: TME (24), RNDR (60): its values would come from outside the machine's seed.
    {id(6, 0), "ID_AA64ISAR0_EL1", fields({4, 8, 12, 16, 20, 28, 32, 36, 40, 44, 48, 52, 56})},
    // Hidden: LS64 (60).
    {id(6, 1), "ID_AA64ISAR1_EL1", fields({0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56}), adjust_isar1},
    // Shown: WFxT, RPRES, GPA3, APA3, MOPS, BC, PAC_frac, CLRBHB and the rest that needs no help of the monitor.
    {id(6, 2), "ID_AA64ISAR2_EL1", fields({0, 4, 8, 12, 16, 20, 24, 28}), adjust_isar2},
    // Hidden: FGT (56), ECV (60).
    {id(7, 0), "ID_AA64MMFR0_EL1", fields({0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44})},
    // Shown: HAFDBS, VMIDBits, HPDS, PAN, SpecSEI, XNX, ETS. Hidden: VH, LO, TWED, HCX and later.
    {id(7, 1), "ID_AA64MMFR1_EL1", fields({0, 4, 12, 20, 24, 28, 36})},
    // Hidden: IESB (12, part of RAS), NV (24), EVT (56).
    {id(7, 2), "ID_AA64MMFR2_EL1", fields({0, 4, 8, 16, 20, 28, 32, 36, 40, 48, 52, 60})},
};

const Row* find(std::uint32_t key) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [key](const Row& r) { return r.key == key; });
  return row == std::end(kRows) ? nullptr : row;
}

static_assert(kFieldBits == 4 && fields({0, 8}) == 0xf0f);

}  // namespace

std::string_view id_register_name(std::uint32_t key) {
  const Row* row = find(key);
  return row == nullptr ? std::string_view{} : row->name;
}

std::uint64_t realm_id_register(std::uint32_t key, const port::RealmCpu& cpu, const core::Realm& realm,
                                const core::Limits& limits) {
  const Row* row = find(key);
  if (row == nullptr) return 0;
  const std::uint64_t shown = cpu.id_register(key) & row->shown;
  return row->adjust == nullptr ? shown : row->adjust(shown, {.realm = realm, .limits = limits});
}

}  // namespace rmm::run
