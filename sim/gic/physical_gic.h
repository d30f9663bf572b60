// SPDX-License-Identifier: GPL-2.0-or-later
// The machine's interrupt controller: a GICv3 (Arm IHI 0069) with a distributor, a redistributor and a CPU interface
// per PE, as Non-secure EL2 sees it. Two Security states (GICD_CTLR.DS = 0) and affinity routing only: EL3 has given
// every interrupt to Non-secure group 1, woken the redistributors and enabled the system registers, and keeps group 0.
// No LPIs. What a register doesn't have reads as zero and ignores writes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "rmm/abi/addr.h"
#include "sim/dev/bus.h"

namespace sim {

// 32 interrupts of consecutive INTIDs, a bit each.
struct GicBank {
  std::uint32_t enabled = 0, active = 0;
  std::uint32_t latch = 0;                  // pending by an edge, an SGI or software
  std::uint32_t line = 0;                   // levels of the inputs
  std::uint32_t edge = 0;                   // edge-triggered
  std::array<std::uint8_t, 32> priority{};  // as Secure software sees it
  auto members() { return std::tie(enabled, active, latch, line, edge, priority); }

  std::uint32_t pending() const { return latch | (line & ~edge); }
};

// What belongs to one PE: its SGIs and PPIs, and its CPU interface.
struct GicPeState {
  GicBank bank;
  bool group1_enabled = false;          // ICC_IGRPEN1_EL1
  bool eoi_mode = false;                // ICC_CTLR_EL1.EOImode
  std::uint8_t pmr = 0, bpr1 = 0;       // ICC_PMR_EL1 as Secure software sees it, ICC_BPR1_EL1
  std::uint32_t active_priorities = 0;  // ICC_AP1R0_EL1: bit n is priority n * 8
  auto members() { return std::tie(bank, group1_enabled, eoi_mode, pmr, bpr1, active_priorities); }
};

struct PhysicalGicState {
  bool group1_enabled = false;        // GICD_CTLR.EnableGrp1A
  std::vector<GicBank> spis;          // from INTID 32 on
  std::vector<std::uint64_t> router;  // GICD_IROUTER, from INTID 32 on
  std::vector<GicPeState> pes;
  auto members() { return std::tie(group1_enabled, spis, router, pes); }
};

class PhysicalGic {
 public:
  static constexpr std::uint64_t kDistributorSize = 0x10000;
  static constexpr std::uint64_t kRedistributorSize = 0x20000;  // of each PE: RD_base and SGI_base

  // `pes`: the affinities in the order of the redistributor frames; `spis`: how many, a multiple of 32 up to 960.
  // The state becomes that of reset().
  PhysicalGic(PhysicalGicState& state, std::span<const abi::Mpidr> pes, unsigned spis);

  // The distributor's frame; all redistributors' frames, one after the other.
  BusDevice& distributor() { return distributor_; }
  BusDevice& redistributors() { return redistributors_; }
  std::uint64_t redistributors_size() const { return pes_.size() * kRedistributorSize; }

  // Levels of the inputs: PPIs 16 to 31 of a PE, SPIs from 32 on. An edge-triggered interrupt becomes pending when its
  // input rises.
  void set_ppi(unsigned pe, unsigned intid, bool level);
  void set_spi(unsigned intid, bool level);

  // The CPU interface signals an IRQ to its PE: a pending interrupt is enabled, above the priority mask and preempts
  // what runs.
  bool irq_pending(unsigned pe) const;
  // Would PPI `intid` signal an IRQ if its input rose now? Says whether a timer can wake or interrupt its PE.
  bool ppi_would_signal(unsigned pe, unsigned intid) const;

  // MRS and MSR of ICC_*_EL1 and ICC_SRE_EL2 by Non-secure software of `pe`, named by abi::sysreg_key. False: not a
  // register of the interface, of the other direction, or one that EL3 keeps (group 0): the access is UNDEFINED.
  bool read_register(unsigned pe, std::uint32_t key, std::uint64_t& value);
  bool write_register(unsigned pe, std::uint32_t key, std::uint64_t value);

  // A PE is switched on (PSCI CPU_ON): its CPU interface is as EL3 hands it over.
  void reset_cpu_interface(unsigned pe);
  // The whole controller as EL3 hands it over; inputs are low.
  void reset();

 private:
  struct Distributor : BusDevice {
    explicit Distributor(PhysicalGic& gic) : owner(gic) {}
    std::uint64_t read(std::uint64_t offset, unsigned size) override;
    void write(std::uint64_t offset, unsigned size, std::uint64_t value) override;
    std::uint32_t read_word(std::uint64_t offset) const;
    void write_word(std::uint64_t offset, std::uint32_t mask, std::uint32_t value);
    PhysicalGic& owner;
  };
  struct Redistributors : BusDevice {
    explicit Redistributors(PhysicalGic& gic) : owner(gic) {}
    std::uint64_t read(std::uint64_t offset, unsigned size) override;
    void write(std::uint64_t offset, unsigned size, std::uint64_t value) override;
    std::uint32_t read_word(std::uint64_t offset) const;
    void write_word(std::uint64_t offset, std::uint32_t mask, std::uint32_t value);
    std::uint64_t type(unsigned pe) const;  // GICR_TYPER
    PhysicalGic& owner;
  };

  struct Pending {
    unsigned intid;
    unsigned priority;
  };

  // The highest priority interrupt that the distributor and the redistributor forward to the CPU interface of `pe`.
  std::optional<Pending> highest_pending(unsigned pe) const;
  // The SPIs of a bank that may go to `pe`, of those in `candidates`.
  std::uint32_t routed(unsigned pe, std::size_t bank, std::uint32_t candidates) const;
  bool targets(std::uint64_t router, unsigned pe) const;
  bool signals(const GicPeState& pe, unsigned priority) const;
  GicBank* bank_of(unsigned pe, unsigned intid);

  std::uint64_t acknowledge(unsigned pe);
  void end_of_interrupt(unsigned pe, std::uint64_t intid);
  void deactivate(unsigned pe, std::uint64_t intid);
  void generate_sgi(unsigned from, std::uint64_t value);

  PhysicalGicState& state_;
  std::vector<abi::Mpidr> pes_;
  Distributor distributor_{*this};
  Redistributors redistributors_{*this};
};

}  // namespace sim
