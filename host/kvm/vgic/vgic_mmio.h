// SPDX-License-Identifier: GPL-2.0-or-later
// What a write or read of a GICD or GICR register does, one function per field. The tables that say where these
// registers are stand in vgic_mmio_v3.cpp.
#pragma once

#include <cstdint>

#include "host/kvm/vgic/vgic.h"
#include "host/kvm/vgic/vgic_critical.h"

namespace host::kvm {

class VgicMmio {
 public:
  struct Access {
    Vgic& vgic;
    Vgic::Kicks& kicks;
    unsigned vcpu;         // the redistributor's owner; for the distributor the accessing vCPU
    std::uint64_t offset;  // from the start of the register range
    unsigned len;
  };

  using IrqRead = std::uint64_t (*)(const VgicIrq&);
  using IrqWrite = void (*)(Access&, VgicIrq&, std::uint64_t value);
  using Read = std::uint64_t (*)(Access&);
  using Write = void (*)(Access&, std::uint64_t value);

  // A range of registers: either a field of bits_per_irq bits for each INTID from 0 (irq_read, irq_write), or words of
  // its own (read, write). A null function reads as zero, or ignores the write.
  struct Range {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;  // bytes
    std::uint8_t sizes = 0;    // sum of the access sizes allowed
    std::uint8_t bits_per_irq = 0;
    IrqRead irq_read = nullptr;
    IrqWrite irq_write = nullptr;
    Read read = nullptr;
    Write write = nullptr;
  };

  // INTIDs below `first_intid` read as zero and ignore writes (the distributor's copy of private interrupts, ARE = 1).
  static std::uint64_t read(const Range& range, Access& access, unsigned first_intid);
  static void write(const Range& range, Access& access, unsigned first_intid, std::uint64_t value);

  // Fields of an interrupt.
  static std::uint64_t read_group(const VgicIrq& irq);
  static std::uint64_t read_enable(const VgicIrq& irq);
  static std::uint64_t read_pending(const VgicIrq& irq);
  static std::uint64_t read_active(const VgicIrq& irq);
  static std::uint64_t read_priority(const VgicIrq& irq);
  static std::uint64_t read_config(const VgicIrq& irq);
  static void write_group(Access& a, VgicIrq& irq, std::uint64_t value);
  static void write_senable(Access& a, VgicIrq& irq, std::uint64_t value);
  static void write_cenable(Access& a, VgicIrq& irq, std::uint64_t value);
  static void write_spending(Access& a, VgicIrq& irq, std::uint64_t value);
  static void write_cpending(Access& a, VgicIrq& irq, std::uint64_t value);
  static void write_sactive(Access& a, VgicIrq& irq, std::uint64_t value);
  static void write_cactive(Access& a, VgicIrq& irq, std::uint64_t value);
  static void write_priority(Access& a, VgicIrq& irq, std::uint64_t value);
  static void write_config(Access& a, VgicIrq& irq, std::uint64_t value);

  // Registers of the distributor and of a redistributor.
  static std::uint64_t read_dist_ctlr(Access& a);
  static void write_dist_ctlr(Access& a, std::uint64_t value);
  static std::uint64_t read_dist_typer(Access& a);
  static std::uint64_t read_dist_iidr(Access& a);
  static std::uint64_t read_irouter(Access& a);
  static void write_irouter(Access& a, std::uint64_t value);
  static std::uint64_t read_redist_iidr(Access& a);
  static std::uint64_t read_redist_typer(Access& a);
  static std::uint64_t read_waker(Access& a);
  static void write_waker(Access& a, std::uint64_t value);
  static std::uint64_t read_idregs(Access& a);
};

}  // namespace host::kvm
