// SPDX-License-Identifier: GPL-2.0-or-later
// The CPU of a plain VM ("realm": false), run by the host itself. The same act as the monitor's RealmCpu; the stage 2
// root and the PAS come from the context.
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"
#include "rmm/abi/arch/cpu.h"
#include "rmm/abi/arch/gic.h"
#include "rmm/abi/arch/sysreg.h"

namespace host::port {

struct GuestCpuId {
  std::uint32_t value = 0xffffffff;
  constexpr bool operator==(const GuestCpuId&) const = default;
};

class GuestCpu {
 public:
  virtual ~GuestCpu() = default;
  virtual std::uint64_t x(unsigned n) const = 0;  // 0..30
  virtual void set_x(unsigned n, std::uint64_t value) = 0;
  virtual std::uint64_t pc() const = 0;
  virtual void set_pc(std::uint64_t value) = 0;
  virtual std::uint64_t pstate() const = 0;
  virtual void set_pstate(std::uint64_t value) = 0;
  virtual std::uint64_t sysreg(abi::SysReg reg) const = 0;
  virtual void set_sysreg(abi::SysReg reg, std::uint64_t value) = 0;
  virtual std::uint64_t id_register(std::uint32_t key) const = 0;
  virtual void reset(abi::Mpidr mpidr) = 0;
  // Runs on the calling thread's PE until the next exception to EL2.
  virtual abi::Exception run_guest(const abi::RunControls& controls) = 0;
};

class GuestCpus {
 public:
  virtual ~GuestCpus() = default;
  virtual GuestCpuId create_guest() = 0;
  virtual void destroy_guest(GuestCpuId id) = 0;
  virtual GuestCpu& guest(GuestCpuId id) = 0;
  // The virtual CPU interface registers of the calling thread's PE.
  virtual abi::gic::IchState& ich() = 0;
  virtual std::uint64_t ich_misr() const = 0;
  // TLBI for a plain VM's stage 2, all PEs.
  virtual void invalidate_stage2(abi::Vmid vmid, abi::IpaRange range) = 0;
};

}  // namespace host::port
