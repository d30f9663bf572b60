// SPDX-License-Identifier: GPL-2.0-or-later
// CPU contexts with somebody who hears when a realm gets the CPU and when it loses it.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "rmm/port/realm_cpu.h"

namespace rmm::check {

class RunWatcher {
 public:
  virtual ~RunWatcher() = default;
  virtual void realm_resumes(const port::RealmCpu& cpu) = 0;
  virtual void realm_stopped(const port::RealmCpu& cpu, const abi::Exception& exception) = 0;
};

class WatchedRuns : public port::RealmCpus {
 public:
  WatchedRuns(port::RealmCpus& inner, RunWatcher& watcher) : inner_(inner), watcher_(watcher) {}
  port::CpuId create() override { return inner_.create(); }
  void destroy(port::CpuId id) override {
    cpus_.erase(id.value);
    inner_.destroy(id);
  }
  port::RealmCpu& at(port::CpuId id) override {
    return cpus_.try_emplace(id.value, inner_.at(id), watcher_).first->second;
  }
  void forget() { cpus_.clear(); }

 private:
  class Cpu : public port::RealmCpu {
   public:
    Cpu(port::RealmCpu& inner, RunWatcher& watcher) : inner_(inner), watcher_(watcher) {}
    std::uint64_t x(unsigned n) const override { return inner_.x(n); }
    void set_x(unsigned n, std::uint64_t value) override { inner_.set_x(n, value); }
    std::uint64_t pc() const override { return inner_.pc(); }
    void set_pc(std::uint64_t value) override { inner_.set_pc(value); }
    std::uint64_t pstate() const override { return inner_.pstate(); }
    void set_pstate(std::uint64_t value) override { inner_.set_pstate(value); }
    std::uint64_t sysreg(abi::SysReg reg) const override { return inner_.sysreg(reg); }
    void set_sysreg(abi::SysReg reg, std::uint64_t value) override { inner_.set_sysreg(reg, value); }
    std::uint64_t id_register(std::uint32_t key) const override { return inner_.id_register(key); }
    void reset(abi::Mpidr mpidr) override { inner_.reset(mpidr); }
    abi::Exception run(port::Pe& pe, const abi::RunControls& controls) override {
      watcher_.realm_resumes(inner_);
      const abi::Exception exception = inner_.run(pe, controls);
      watcher_.realm_stopped(inner_, exception);
      return exception;
    }

   private:
    port::RealmCpu& inner_;
    RunWatcher& watcher_;
  };

  port::RealmCpus& inner_;
  RunWatcher& watcher_;
  std::map<std::uint32_t, Cpu> cpus_;
};

}  // namespace rmm::check
