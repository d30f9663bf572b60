// SPDX-License-Identifier: GPL-2.0-or-later
// The GICv3 virtual CPU interface of one PE (IHI 0069, chapters 6 and 12): what EL1 sees of the list registers.
// Behaviour only: the registers are an IchState that the caller owns.
#pragma once

#include <cstdint>
#include <optional>

#include "rmm/abi/arch/gic.h"
#include "rmm/abi/arch/sysreg.h"

namespace sim {

enum class IccAccess : std::uint8_t {
  kDone,       // performed on the ICV_* register
  kTrap,       // exception to EL2, EC 0x18; nothing was changed
  kUndefined,  // UNDEFINED at EL1: wrong direction, or a register that this PE doesn't implement
};

struct IccRead {
  IccAccess access;
  std::uint64_t value;  // 0 unless kDone
};

class VirtualCpuInterface {
 public:
  explicit VirtualCpuInterface(abi::gic::IchState& ich) : ich_(ich) {}

  // What was written to ICH_VMCR_EL2 becomes what it reads as. Its fields are those of the ICV_* registers: a binary
  // point below the least that is implemented is the least (IHI 0069, ICH_VMCR_EL2 and ICV_BPR0_EL1).
  void settle();

  // True iff `reg` is an encoding of the GIC CPU interface at EL1 (implemented or not).
  static bool owns(abi::SysReg reg);

  // MRS and MSR of an ICC_* register at EL1. Precondition: owns(reg).
  IccRead read(abi::SysReg reg);
  IccAccess write(abi::SysReg reg, std::uint64_t value);

  // Virtual IRQ and FIQ lines to EL1 of this PE: group 1 signals IRQ, group 0 FIQ (VMCR.VFIQEn is RES1 with system
  // registers only).
  bool irq_asserted() const;
  bool fiq_asserted() const;

  // ICH_MISR_EL2, ICH_EISR_EL2, ICH_ELRSR_EL2.
  std::uint64_t misr() const;
  std::uint64_t eisr() const;
  std::uint64_t elrsr() const;
  // The maintenance interrupt to EL2: ICH_HCR_EL2.En and any bit of MISR.
  bool maintenance_asserted() const;
  // ICH_VTR_EL2 of the simulated PE.
  static std::uint64_t vtr();

 private:
  enum class Group : std::uint8_t { k0, k1 };
  struct Pending {
    unsigned lr;
    Group group;
    std::uint32_t intid;
    unsigned priority;
  };

  // The highest priority LR in state pending whose group is enabled; the lowest index among equals.
  std::optional<Pending> highest_pending() const;
  bool preempts(const Pending& pending) const;
  std::optional<unsigned> running_priority() const;
  unsigned group_mask(Group group) const;
  unsigned bpr0() const;
  unsigned bpr1() const;
  bool traps(abi::SysReg reg) const;

  std::uint64_t acknowledge(Group group);
  std::uint64_t pending_intid(Group group) const;
  void end_of_interrupt(Group group, std::uint64_t intid);
  void deactivate(std::uint64_t intid);
  std::optional<unsigned> drop_priority();
  std::optional<unsigned> find_active(std::uint64_t intid) const;
  void count_eoi();

  std::uint64_t read_ctlr() const;
  void write_ctlr(std::uint64_t value);
  void write_bpr(Group group, std::uint64_t value);

  abi::gic::IchState& ich_;
};

}  // namespace sim
