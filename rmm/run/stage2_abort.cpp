// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/stage2_abort.h"

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/sysreg.h"
#include "rmm/run/exit.h"
#include "rmm/run/inject.h"
#include "rmm/run/realm_memory.h"

namespace rmm::run {
namespace {

namespace esr = abi::esr;

constexpr std::uint64_t kSctlrM = 1;
constexpr std::uint64_t kFscLevelMask = 3;

bool is_fetch(const abi::Exception& e) { return esr::ec(e.esr) == esr::Ec::kInstructionAbortLower; }

// Faults that say where stage 2 stopped. All others concern the realm alone.
bool is_stage2_fault(std::uint64_t syndrome) {
  return esr::fsc_is(syndrome, esr::kFscTranslation) || esr::fsc_is(syndrome, esr::kFscPermission) ||
         esr::fsc_is(syndrome, esr::kFscAddressSize) || esr::fsc_is(syndrome, esr::kFscAccessFlag);
}

Next inject(Context& c, const abi::Exception& e, std::uint64_t fsc) {
  inject_abort(c.cpu, e.esr, abi::Va{e.far}, fsc);
  return Next::kResume;
}

// A5.2.8: the realm sees a stage 1 Address Size Fault, at level 0 if its stage 1 is off, else at the level of the
// fault.
std::uint64_t address_size_fsc(const Context& c, const abi::Exception& e) {
  const bool stage1_on = (c.cpu.sysreg(abi::SysReg::kSctlrEl1) & kSctlrM) != 0;
  return esr::kFscAddressSize | (stage1_on ? e.esr & kFscLevelMask : 0);
}

Next protected_abort(Context& c, const abi::Exception& e, abi::Ipa ipa) {
  Reach reach{};
  {
    const RealmGranule granule(c, ipa, "stage2_abort");
    reach = granule.reach();
  }
  switch (reach) {
    case Reach::kEmpty: return inject(c, e, esr::kFscExternal);
    case Reach::kMissing: return is_fetch(e) ? exit_instruction_abort(c, e) : exit_protected_data_abort(c, e);
    case Reach::kMapped: break;
  }
  // Another PE has mapped the granule since the fault was taken: the access is made again.
  return Next::kResume;
}

}  // namespace

Next stage2_abort(Context& c, const abi::Exception& e) {
  const std::uint64_t fsc = esr::fsc(e.esr);
  // A granule protection fault (A5.2.6), an external abort, an alignment fault: the realm's to handle.
  if (!is_stage2_fault(e.esr)) return inject(c, e, fsc);

  const abi::Ipa ipa{esr::ipa_from_hpfar(e.hpfar)};
  if (ipa >= c.realm.ipa_end()) return inject(c, e, address_size_fsc(c, e));
  if (c.realm.is_protected(ipa)) return protected_abort(c, e, ipa);
  if (is_fetch(e)) return inject(c, e, esr::kFscExternal);
  // The kind of fault already says what the walk would: translation fault for UNASSIGNED_NS, permission fault for an
  // ASSIGNED_NS entry whose S2AP the host has chosen. No table is read, no lock taken: this is the path of every MMIO
  // access.
  return exit_unprotected_data_abort(c, e);
}

}  // namespace rmm::run
