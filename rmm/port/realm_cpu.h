// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of one REC and the act of running it. run() is ERET to R-EL1/0 followed by the next exception to R-EL2:
// it returns at EVERY exception, as hardware does. What the exception means is rmm/run's business.
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"
#include "rmm/abi/arch/cpu.h"
#include "rmm/abi/arch/sysreg.h"
#include "rmm/port/pe.h"

namespace rmm::port {

// Index of a CPU context held by the machine; a value, stable under copy of the machine's state.
struct CpuId {
  std::uint32_t value = kNone;
  static constexpr std::uint32_t kNone = 0xffffffff;
  constexpr bool operator==(const CpuId&) const = default;
};

class RealmCpu {
 public:
  virtual ~RealmCpu() = default;

  // General registers. n in 0..30; the current view of the AArch64 register file.
  virtual std::uint64_t x(unsigned n) const = 0;
  virtual void set_x(unsigned n, std::uint64_t value) = 0;
  virtual std::uint64_t pc() const = 0;
  virtual void set_pc(std::uint64_t value) = 0;
  virtual std::uint64_t pstate() const = 0;  // as SPSR_EL2 would hold it
  virtual void set_pstate(std::uint64_t value) = 0;
  // Any EL1/EL0 system register the model implements. Unknown keys abort: callers name registers, guests do not reach
  // here.
  virtual std::uint64_t sysreg(abi::SysReg reg) const = 0;
  virtual void set_sysreg(abi::SysReg reg, std::uint64_t value) = 0;
  // The value hardware returns for a trapped ID register, before any policy of the monitor.
  virtual std::uint64_t id_register(std::uint32_t key) const = 0;

  // Warm reset: all registers to their reset values, PSTATE = kResetEl1, SCTLR_EL1 MMU and caches off.
  virtual void reset(abi::Mpidr mpidr) = 0;

  // Runs on `pe` until the next exception to EL2. Blocks the calling actor in an untrapped WFI until something wakes
  // it.
  virtual abi::Exception run(Pe& pe, const abi::RunControls& controls) = 0;
};

class RealmCpus {
 public:
  virtual ~RealmCpus() = default;
  virtual CpuId create() = 0;  // a reset context
  virtual void destroy(CpuId id) = 0;
  virtual RealmCpu& at(CpuId id) = 0;
};

}  // namespace rmm::port
