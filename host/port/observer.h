// SPDX-License-Identifier: GPL-2.0-or-later
// What the host layer tells whoever listens (trace, statistics, inspect). Null when nobody does.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rmm/abi/addr.h"
#include "rmm/abi/smc.h"

namespace host::port {

struct NamedValue {
  std::string_view name;
  std::uint64_t value;
};

class Observer {
 public:
  virtual ~Observer() = default;
  // errno results are negative. `args` names the fields of the ioctl's structure.
  virtual void ioctl(std::string_view /*name*/, int /*fd*/, std::span<const NamedValue> /*args*/, long /*result*/) {}
  virtual void kvm_exit(unsigned /*vm*/, unsigned /*vcpu*/, std::string_view /*reason*/, long /*ret*/) {}
  // One REC_ENTER (or plain guest entry) that came back: the exit reason's name.
  virtual void rec_exit(unsigned /*vm*/, unsigned /*vcpu*/, std::string_view /*reason*/, std::uint64_t /*esr*/) {}
  virtual void stage2_fault(unsigned /*vm*/, unsigned /*vcpu*/, abi::Ipa, bool /*shared*/, bool /*write*/,
                            long /*ret*/) {}
  virtual void irq(unsigned /*vm*/, unsigned /*vcpu*/, std::uint32_t /*intid*/, std::string_view /*what*/) {}
  virtual void device_access(unsigned /*vm*/, std::string_view /*device*/, std::uint64_t /*offset*/,
                             std::uint64_t /*value*/, unsigned /*size*/, bool /*write*/) {}
  virtual void message(std::string_view /*text*/) {}  // what dmesg or the VMM's log would say
};

}  // namespace host::port
