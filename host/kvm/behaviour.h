// SPDX-License-Identifier: GPL-2.0-or-later
// Named seams: where versions of "arm64: Support for Arm CCA in KVM" differ, or where the real code leaves a choice
// that one can observe. Each field is read in exactly one place. The defaults are v12 (RMM 1.0).
#pragma once

#include <tuple>

namespace host::kvm {

struct KvmBehaviour {
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
    return std::tie(rec_block_arms_timer, shutdown_needs_system_off_index, serror_exit_resumes, rec_error_is_eagain);
  }
};

}  // namespace host::kvm
