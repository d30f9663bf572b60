// SPDX-License-Identifier: GPL-2.0-or-later
// Named seams: where versions of "arm64: Support for Arm CCA in KVM" differ, or where the real code leaves a choice
// that one can observe. Each field is read in exactly one place. The defaults are v12 (RMM 1.0).
// Whether kernel or user space answers PSCI is no field here: user space chooses it for each VM (smccc_filter.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>

#include "host/kvm/uapi.h"

namespace host::kvm {

enum class GprWriteBack : std::uint8_t { kEntry, kExit };
enum class SysregGprs : std::uint8_t { kFirst, kRt };
enum class IrqWindow : std::uint8_t { kNone, kEveryExit, kIrqExits };

struct KvmBehaviour {
  // Who brings a realm to life (uapi.h). Decides which of the ioctls there are, too. Read by explicit_life_cycle.
  LifeCycle life_cycle = LifeCycle::kImplicit;
  // Activation makes all guest memory RAM by RTT_INIT_RIPAS (v12 on). Off: only what was populated is RAM, and a realm
  // that touches other memory before it set its RIPAS takes an abort. The explicit life cycle leaves the choice to the
  // VMM (INIT_RIPAS_REALM). Read by kvm_activate_realm.
  bool init_ripas_at_activation = true;
  // When the answer to a host call or a PSCI call goes to the enter page: at the next entry (v5 on), or as soon as the
  // kernel has answered (up to v4), so that what user space changes afterwards is lost (R53). Read by rec_call_answer.
  GprWriteBack gpr_write_back = GprWriteBack::kEntry;
  // Which of the run page's gprs holds the value of a trapped system register: gprs[0] (up to v13), or gprs[rt] with
  // rt the instruction's register (v14 on). The monitor has to do the same: rmm::core::Limits::sysreg_gprs_rt, which
  // follows this field when a machine is built (D4). Read by rec_exit_sys_reg.
  SysregGprs sysreg_gprs = SysregGprs::kFirst;
  // When the host takes the interrupts that are pending as a REC exits. Without a window (up to v12) they are taken
  // after guest time has ended, so that a timer tick counts as the host's. From v13 on IRQs are enabled for a moment
  // before that: at every successful exit (v13, v14: a REC_ENTER status of 0 looks like an IRQ exit, R52), or at IRQ
  // exits alone (v15 on, as for a plain VM). Read by irq_window.
  IrqWindow irq_window = IrqWindow::kNone;
  // A vCPU of a realm that blocks in the host (PSCI CPU_SUSPEND) is woken by its own timer. v12 never enables the
  // in-kernel timer of a REC, so nothing arms a background timer for it: only an interrupt or a signal ends the wait.
  // Read by kvm_vcpu_block.
  bool rec_block_arms_timer = false;
  // The index that REC_ENTER's ERROR_REALM must carry to become KVM_EXIT_SHUTDOWN: v9 to v13 want SYSTEM_OFF's index
  // and answer -ENXIO otherwise, v14 accepts any. Read by handle_rec_exit.
  bool shutdown_needs_system_off_index = true;
  // RMI_EXIT_SERROR resumes the realm (v14) instead of KVM_EXIT_INTERNAL_ERROR (up to v12). Read by handle_rec_exit.
  bool serror_exit_resumes = false;
  // REC_ENTER's ERROR_REC becomes -EAGAIN (v14) instead of -ENXIO. Read by handle_rec_exit.
  bool rec_error_is_eagain = false;

  auto members() {
    return std::tie(life_cycle, init_ripas_at_activation, gpr_write_back, sysreg_gprs, irq_window, rec_block_arms_timer,
                    shutdown_needs_system_off_index, serror_exit_resumes, rec_error_is_eagain);
  }
};

// One row per field, for configurations and for tests that go through all of them. A value is its index in `values`;
// those of a truth value are "false" and "true".
struct BehaviourField {
  std::string_view name;
  std::span<const std::string_view> values;
  unsigned (*get)(const KvmBehaviour&) = nullptr;
  void (*set)(KvmBehaviour&, unsigned value) = nullptr;
  bool is_flag() const;
};
std::span<const BehaviourField> behaviour_fields();

}  // namespace host::kvm
