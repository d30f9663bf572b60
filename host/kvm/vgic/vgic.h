// SPDX-License-Identifier: GPL-2.0-or-later
// An emulated GICv3 without ITS, as KVM's vgic: a distributor and redistributors behind MMIO exits, and list registers
// filled before each guest entry (flush) and read back after it (sync). vCPUs are named by index; this folder knows
// nothing else of them. Start reading at kvm_vgic_flush_hwstate (vgic_v3.cpp).
#pragma once

#include <cstdint>
#include <string_view>

#include "host/kvm/vgic/vgic_state.h"
#include "rmm/abi/arch/sysreg.h"

namespace host::kvm {

// What the vgic asks of the vCPUs. Called without the vgic's lock.
class VgicHost {
 public:
  virtual ~VgicHost() = default;
  // kvm_make_request(KVM_REQ_IRQ_PENDING) and then kvm_vcpu_kick: the vCPU leaves guest code or its block, or refuses
  // an entry it is about to make, and looks at its interrupts again. Harmless when the vCPU is the caller itself.
  virtual void vgic_kick(unsigned vcpu) = 0;
  // For traces: "queued" (became pending for vcpu), "acknowledged", "deactivated", "dropped" (no longer pending).
  // Called with the vgic's lock held: must not call back.
  virtual void vgic_irq_event(unsigned /*vcpu*/, std::uint32_t /*intid*/, std::string_view /*what*/) {}
};

class Vgic {
 public:
  // `object` names this vgic's lock in Steps; stable over runs, distinct per VM.
  Vgic(VgicState& state, rmm::port::Sync& sync, VgicHost& host, std::uint64_t object)
      : state_(state), sync_(sync), host_(host), object_(object) {}

  // ---- life (vgic_init.cpp) -------------------------------------------------------------------------------------
  // KVM_CREATE_DEVICE of a vgic-v3. 0 or -EEXIST. `ipa_bits` bounds the addresses that may be set.
  long kvm_vgic_create(unsigned ipa_bits);
  // Each vCPU at its creation, before or after kvm_vgic_create, indices ascending from 0. 0; -EBUSY once the vgic is
  // initialised (R44); -E2BIG past kVgicMaxVcpus.
  long kvm_vgic_vcpu_init(unsigned vcpu, abi::Mpidr mpidr);
  // KVM_{SET,GET,HAS}_DEVICE_ATTR. 0 or -errno: -ENXIO unknown group or attribute, -EEXIST address already set, -EINVAL
  // misaligned, wrapping or overlapping or a bad number of interrupts, -E2BIG beyond the IPA space, -EBUSY too late.
  long vgic_v3_set_attr(std::uint32_t group, std::uint64_t attr, std::uint64_t value);
  long vgic_v3_get_attr(std::uint32_t group, std::uint64_t attr, std::uint64_t& value);
  long vgic_v3_has_attr(std::uint32_t group, std::uint64_t attr) const;
  bool vgic_initialized() const { return state_.dist.initialized; }
  // CTRL_INIT. Idempotent. -ENODEV when no device was created.
  long vgic_init();
  // At the first KVM_RUN of each vCPU. 0; -ENODEV no vgic; -ENXIO an address is missing; -EINVAL regions overlap;
  // -EBUSY not initialised.
  long kvm_vgic_map_resources();
  void kvm_vgic_destroy();

  // ---- interrupts in (vgic.cpp) ---------------------------------------------------------------------------------
  // Drives an input: SPI (intid >= 32, `vcpu` ignored) or PPI of `vcpu`. Level: the line's state. Edge: level true is
  // one edge. 0; -EINVAL: no such interrupt or an SGI; -EBUSY: not initialised.
  long kvm_vgic_inject_irq(unsigned vcpu, std::uint32_t intid, bool level);
  // A write to ICC_SGI1R (allow_group1), ICC_SGI0R or ICC_ASGI1R by `vcpu`.
  void vgic_v3_dispatch_sgi(unsigned vcpu, std::uint64_t value, bool allow_group1);
  // A trapped write to ICC_DIR_EL1 by `vcpu` (ICH_HCR_EL2.TDIR). Call after the exit's sync.
  void vgic_v3_deactivate(unsigned vcpu, std::uint64_t value);
  // Routes a trapped ICC_* write to the two above. False: not a register of the vgic.
  bool vgic_v3_sysreg_write(unsigned vcpu, abi::SysReg reg, std::uint64_t value);

  // ---- around a guest entry (vgic_v3.cpp) ------------------------------------------------------------------------
  // Fills ich.lr[0..nr_lr) and ich.hcr, clears the other list registers; vmcr and active priorities are not touched.
  // nr_lr = min(PE, RMM's NUM_LRS) (R51), 1..16. hcr.En is set; for a REC mask hcr with kHcrRecEnterMask.
  void kvm_vgic_flush_hwstate(unsigned vcpu, abi::gic::IchState& ich, unsigned nr_lr);
  // Reads LRs, EOIcount and VMCR back. Exactly one per flush. Late back-out (spec 3.1, R50, R67): when the guest was
  // not entered, or REC_ENTER failed, pass the `ich` that flush left: the state is then as before the flush.
  void kvm_vgic_sync_hwstate(unsigned vcpu, const abi::gic::IchState& ich);
  // An interrupt that the vCPU's CPU interface would signal: wakes a vCPU blocked in WFI.
  bool kvm_vgic_vcpu_pending_irq(unsigned vcpu);

  // ---- MMIO (vgic_mmio.cpp, vgic_mmio_v3.cpp) --------------------------------------------------------------------
  // An access by `vcpu`, after its sync. False: `addr` is in no region of this vgic, nothing happened. `len` 1, 2, 4,
  // 8. A size that the register does not allow and a reserved offset read as zero and ignore writes.
  bool vgic_mmio(unsigned vcpu, abi::Ipa addr, bool is_write, unsigned len, std::uint64_t& data);

  const VgicState& state() const { return state_; }

 private:
  friend class VgicMmio;
  class Kicks;
  class Critical;

  VgicIrq* vgic_get_irq(unsigned vcpu, std::uint32_t intid);
  static bool irq_is_pending(const VgicIrq& irq);
  bool group_enabled(const VgicIrq& irq) const;
  static bool cpu_interface_enabled(const VgicCpu& cpu, const VgicIrq& irq);
  std::uint16_t vgic_target_oracle(const VgicIrq& irq) const;
  std::uint16_t mpidr_to_vcpu(std::uint64_t affinity) const;
  bool vgic_queue_irq(VgicIrq& irq, Kicks& kicks);
  void vgic_reroute_irq(VgicIrq& irq, Kicks& kicks);
  void vgic_requeue_all(Kicks& kicks);
  void kick_if_on_lr(const VgicIrq& irq, Kicks& kicks);
  void vgic_prune_ap_list(unsigned vcpu, Kicks& kicks);
  void vgic_sort_ap_list(VgicCpu& cpu, unsigned vcpu);
  void change_active(VgicIrq& irq, bool active, Kicks& kicks);
  std::uint64_t vgic_v3_populate_lr(VgicIrq& irq);
  void vgic_v3_fold_lr(unsigned vcpu, VgicIrq& irq, bool pending, bool active);
  void vgic_v3_fold_lr_state(unsigned vcpu, const abi::gic::IchState& ich);
  void vgic_v3_queue_sgi(unsigned vcpu, unsigned sgi, bool allow_group1, Kicks& kicks);
  long set_addr(std::uint64_t attr, std::uint64_t value);
  long set_nr_irqs(std::uint64_t value);
  long check_iorange(std::uint64_t current, std::uint64_t base, std::uint64_t size) const;
  std::uint64_t redist_size() const { return state_.cpus.size() * kVgicV3RedistSize; }

  VgicState& state_;
  rmm::port::Sync& sync_;
  VgicHost& host_;
  std::uint64_t object_;
};

}  // namespace host::kvm
