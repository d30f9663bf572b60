// SPDX-License-Identifier: GPL-2.0-or-later
// A Realm Execution Context (DEN0137 A2.3, C1.x RmmRec). Architectural registers live in the CPU context `cpu`.
#pragma once

#include <array>
#include <cstdint>
#include <tuple>

#include "rmm/abi/addr.h"
#include "rmm/abi/arch/gic.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/core/attestation_state.h"
#include "rmm/port/realm_cpu.h"
#include "rmm/port/sync.h"

namespace rmm::core {

enum class RecState : std::uint8_t { kReady, kRunning };

// A PSCI request that waits for RMI_PSCI_COMPLETE (A4.3.7).
struct PsciRequest {
  bool pending = false;
  std::uint32_t fid = 0;
  std::array<std::uint64_t, 3> args{};
  auto members() { return std::tie(pending, fid, args); }
};

// An RSI_IPA_STATE_SET in progress: the window inside which RTT_SET_RIPAS may act (A4.3.8, A5.4).
struct RipasRequest {
  abi::Ipa base;  // as requested by the realm (exit.ripas_base)
  abi::Ipa addr;  // next address to be processed; both 0 when the window is closed
  abi::Ipa top;
  abi::v1_0::Ripas value = abi::v1_0::Ripas::kEmpty;
  bool change_destroyed = false;
  bool awaits_entry = false;  // the RSI call is answered at the next REC entry
  auto members() { return std::tie(base, addr, top, value, change_destroyed, awaits_entry); }
};

// The last REC exit, as far as the next entry needs it.
struct LastExit {
  bool emulatable_abort = false;        // C1 RmmRec.emulatable_abort
  bool unprotected_data_abort = false;  // inject_sea has an effect only then (D9)
  std::uint64_t esr = 0;                // unsanitised: SRT, SSE and SF complete the access at the next entry
  std::uint64_t far = 0;
  bool sysreg_read = false;  // D4: an emulated read takes enter.gprs[0] into Xt
  std::uint8_t sysreg_rt = 0;
  std::uint32_t psci_fid = 0;  // the exit was for this PSCI call, whose end the observer hears of at the next entry
  auto members() {
    return std::tie(emulatable_abort, unprotected_data_abort, esr, far, sysreg_read, sysreg_rt, psci_fid);
  }
};

struct Rec {
  abi::GranulePa granule;
  abi::GranulePa owner;     // RD
  std::uint32_t realm = 0;  // index of the owner
  abi::Mpidr mpidr;
  port::Shared<RecState> state{RecState::kReady};
  port::Shared<bool> runnable{false};
  port::CpuId cpu;
  std::array<abi::GranulePa, 16> aux{};
  std::uint8_t num_aux = 0;
  PsciRequest psci;
  RipasRequest ripas;
  bool host_call_pending = false;
  abi::Ipa host_call_ipa;  // where the realm's RsiHostCall structure is
  LastExit last_exit;
  // Virtual CPU interface state that the monitor keeps between runs: VMCR and active priorities.
  std::uint64_t vmcr = 0, ap0r = 0, ap1r = 0;
  // Timer outputs as shown to the host at the last REC exit (D9).
  bool vtimer_shown = false, ptimer_shown = false;
  bool pmu_shown = false;  // the PMU's overflow, likewise (A8.1)
  AttestationState attestation;

  auto members() {
    return std::tie(granule, owner, realm, mpidr, state, runnable, cpu.value, aux, num_aux, psci, ripas,
                    host_call_pending, host_call_ipa, last_exit, vmcr, ap0r, ap1r, vtimer_shown, ptimer_shown,
                    pmu_shown, attestation);
  }
};

}  // namespace rmm::core
