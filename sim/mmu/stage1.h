// SPDX-License-Identifier: GPL-2.0-or-later
// The stage 1 walk of the Non-secure and Realm regimes EL1&0, EL2 and EL2&0 (Arm ARM D8, VMSAv8-64; 4, 16 and 64 KiB
// granules, no 52-bit addresses, no hardware update of flags). The walk reads no memory itself: it names the IPA of the
// next descriptor and is handed its value, so that the caller can send that read through stage 2.
#pragma once

#include <cstdint>
#include <tuple>

#include "rmm/abi/addr.h"
#include "sim/mmu/walk.h"

namespace sim {

// EL2 (HCR_EL2.E2H = 0) has one range of addresses and one privilege; EL2&0 is built like EL1&0.
enum class Regime : std::uint8_t { kEl10, kEl2, kEl20 };

// The registers that control the regime, and the features of the CPU model that change their meaning.
struct Stage1Controls {
  Regime regime = Regime::kEl10;
  bool stage2 = true;  // the output is an IPA; else a PA
  std::uint64_t sctlr = 0;
  std::uint64_t tcr = 0;  // as TCR_EL1 has it: see tcr_of_el2
  std::uint64_t ttbr0 = 0;
  std::uint64_t ttbr1 = 0;
  bool has_hpds = false;      // FEAT_HPDS: TCR_EL1.HPD0 and HPD1
  bool has_haf = false;       // FEAT_HAFDBS, the access flag alone: TCR_EL1.HA
  unsigned output_bits = 48;  // ID_AA64MMFR0_EL1.PARange
};

// TCR_EL2 of the EL2 regime as TCR_EL1 would say it: the upper range is disabled.
std::uint64_t tcr_of_el2(std::uint64_t tcr_el2);

// Who accesses. Unprivileged loads and stores (LDTR, STTR) count as EL0.
struct Privilege {
  bool el0 = false;
  bool pan = false;  // PSTATE.PAN, for data accesses of EL1 and of EL2 with EL0
};

struct Stage1Leaf {
  abi::Ipa ipa;         // of the byte that was asked for
  unsigned shift = 12;  // log2 of the size that the leaf descriptor maps
  std::uint8_t attr_index = 0;
  std::uint8_t shareability = 0;
  bool read = false;
  bool write = false;
  bool execute = false;
};

class Stage1Walk {
 public:
  Stage1Walk(const Stage1Controls& controls, abi::Va va, Privilege who);

  // True: read the descriptor at descriptor_address() and hand it to consume(). False: see fault() and leaf().
  bool needs_descriptor() const { return state_ == State::kWalking; }
  abi::Ipa descriptor_address() const { return descriptor_; }
  void consume(std::uint64_t descriptor);

  // Level of the descriptor that is needed next, or of the leaf.
  int level() const { return level_; }
  // The leaf that the walk ended at lacks its access flag, which hardware manages: store descriptor_update() at
  // descriptor_address() once the access is permitted.
  bool sets_access_flag() const { return descriptor_update_ != 0; }
  std::uint64_t descriptor_update() const { return descriptor_update_; }
  // Faults of the walk only; a permission fault depends on the access and is the caller's to find from leaf().
  const MmuFault& fault() const { return fault_; }
  const Stage1Leaf& leaf() const { return leaf_; }

 private:
  enum class State : std::uint8_t { kWalking, kDone };

  void translate_flat();
  void start();
  bool choose_table_base(bool upper);
  void fail(FaultKind kind, int level);
  void step_to(std::uint64_t table);
  void finish(std::uint64_t descriptor);
  bool beyond_output(std::uint64_t address) const { return (address >> output_bits_) != 0; }

  const Stage1Controls& controls_;
  std::uint64_t va_;
  Privilege who_;
  State state_ = State::kWalking;
  abi::Ipa descriptor_;
  std::uint64_t descriptor_update_ = 0;
  std::uint64_t table_ = 0;
  int level_ = 0;
  unsigned granule_bits_ = 12;
  unsigned input_bits_ = 48;
  unsigned output_bits_ = 48;
  bool hierarchical_ = true;
  // Restrictions collected from table descriptors: APTable[1:0], UXNTable, PXNTable.
  bool table_no_el0_ = false;
  bool table_read_only_ = false;
  bool table_uxn_ = false;
  bool table_pxn_ = false;
  MmuFault fault_;
  Stage1Leaf leaf_;
};

// The address without its tag where TCR_EL1.TBI0 or TBI1 says that the top byte is ignored, sign-extended from bit 55.
std::uint64_t without_tag(const Stage1Controls& controls, std::uint64_t va);

}  // namespace sim
