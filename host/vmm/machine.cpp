// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/machine.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/vmm/layout.h"

namespace host::vmm {

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kRunning: return "running";
    case Outcome::kPoweredOff: return "powered_off";
    case Outcome::kPanicked: return "panicked";
    case Outcome::kCrashed: return "crashed";
    case Outcome::kResetLimit: return "reset_limit";
    case Outcome::kStopped: return "stopped";
  }
  return "?";
}

void VcpuExits::add(const VcpuExits& other) {
  mmio += other.mmio;
  memory_fault += other.memory_fault;
  hypercall += other.hypercall;
  system_event += other.system_event;
  shutdown += other.shutdown;
  interrupted += other.interrupted;
  again += other.again;
}

Vmm::Vmm(VmmState& state, kvm::KvmSystem& kvm, VmmPort port, VmConfig config, BootPlan plan)
    : state_(state),
      kvm_(kvm),
      port_(port),
      config_(std::move(config)),
      plan_(std::move(plan)),
      memory_(kvm, state.ram_hva, config_.memory, shared_alias_bit(config_)),
      panic_(state.panic),
      pl011_(state.pl011, port.console, &panic_, [this](bool level) { set_irq(kPl011Spi, level); }),
      rng_(port.entropy),
      entropy_(state.entropy, rng_, memory_, [this](bool level) { set_irq(kVirtioMmioFirstSpi, level); }),
      bus_(state.bus, port.sync, port.observer, port.vm) {
  if (config_.console) bus_.attach(DeviceId::kPl011, kPl011, kPl011Size, pl011_);
  if (config_.entropy) bus_.attach(DeviceId::kEntropy, kVirtioMmio, kVirtioMmioSize, entropy_);
}

VmResult Vmm::run() {
  do {
    // A machine that was restored while its VM existed goes on where this thread was parked, also when the last vCPU
    // thread has ended already.
    const bool built_before = state_.vm_fd >= 0;
    if (Done built = built_before ? Done{} : build(); !built) {
      finish(Outcome::kCrashed, built.error());
    } else if (built_before || !state_.stopping) {
      if (!built_before) start_vcpus();
      main_loop();
      if (state_.outcome == Outcome::kRunning && !state_.reset_wanted)
        finish(Outcome::kCrashed, "Every vCPU was refused entry (KVM_EXIT_SHUTDOWN) and none reported why.");
    }
    if (before_teardown_) before_teardown_();
    teardown();
  } while (prepare_reset());

  return {state_.outcome, state_.reason, state_.resets, state_.exits};
}

bool Vmm::vcpus_running() const {
  return std::any_of(state_.vcpus.begin(), state_.vcpus.end(), [](const VcpuState& v) { return v.thread_running; });
}

void Vmm::start_vcpus() {
  for (VcpuState& vcpu : state_.vcpus) vcpu.thread_running = true;
  for (unsigned i = 0; i < config_.vcpus; ++i)
    port_.threads.spawn(fmt::format("{}-vcpu{}", config_.name, i), [this, i] { vcpu_thread(i); });
}

void Vmm::request_stop(std::string reason, Outcome outcome) {
  state_.reset_wanted = false;  // the application's wish comes before the guest's
  finish(outcome, std::move(reason));
}

void Vmm::guest_abort_at(abi::Ipa ipa) {
  if (!config_.realm || state_.hint_given) return;
  const auto device = device_region_at(ipa, config_.vcpus);
  if (!device) return;
  state_.hint_given = true;
  const std::uint64_t alias = ipa.value | shared_alias_bit(config_);
  message(
      fmt::format("the guest touched the {} at {:#x}, a protected address. A realm reaches devices only on their "
                  "shared alias, here {:#x}; for the console on the kernel command line: earlycon=pl011,{:#x}.",
                  *device, ipa.value, alias, kPl011.value | shared_alias_bit(config_)));
}

// The main thread does what an event loop of a VMM does: it passes input on and waits for its vCPU threads.
void Vmm::main_loop() {
  rmm::port::WaitQueue& queue = main_queue();
  while (true) {
    port_.threads.park_quiescent();
    const std::uint32_t seen = queue.wakeups;
    if (config_.console) {
      const auto guard = bus_.hold(DeviceId::kPl011, "vmm_console_input");
      pl011_.input_arrived();
    }
    if (!vcpus_running()) return;
    // A wakeup that came while the lines above were parked must not be slept through.
    if (queue.wakeups == seen) port_.sync.wait(queue, {"vmm_main_loop", port_.vm, rmm::port::Access::kWait});
  }
}

rmm::port::WaitQueue& Vmm::main_queue() { return config_.console ? port_.console.input_arrived() : state_.main_thread; }

void Vmm::finish(Outcome outcome, std::string reason) {
  if (state_.outcome == Outcome::kRunning && !state_.reset_wanted) {
    state_.outcome = outcome;
    state_.reason = std::move(reason);
  }
  stop_vcpus();
}

void Vmm::interrupt(const VcpuState& vcpu) {
  if (!vcpu.in_kvm_run) return;
  kvm_.run({vcpu.fd}).immediate_exit = 1;
  kvm_.signal_vcpu_thread({vcpu.fd});
}

void Vmm::stop_vcpus() {
  state_.stopping = true;
  for (VcpuState& vcpu : state_.vcpus) {
    interrupt(vcpu);
    port_.sync.wake_all(vcpu.power);
  }
}

// True when the VM starts over. A new life has new devices; counts of the old one stay.
bool Vmm::prepare_reset() {
  for (const VcpuState& vcpu : state_.vcpus) state_.exits.add(vcpu.exits);
  state_.vcpus.clear();
  if (state_.outcome != Outcome::kRunning || !state_.reset_wanted) return false;
  if (state_.resets == config_.reset_limit) {
    state_.outcome = Outcome::kResetLimit;
    state_.reason = fmt::format("The guest asked for more than {} resets.", config_.reset_limit);
    return false;
  }
  ++state_.resets;
  state_.reset_wanted = state_.stopping = false;
  state_.pl011 = {};
  state_.entropy = {};
  state_.panic = {};
  return true;
}

void Vmm::set_irq(std::uint32_t spi, bool level) {
  kvm::IrqLevel irq{kvm::irq_line_spi(kFirstSpi + spi), level ? 1U : 0U};
  if (const long result = kvm_.ioctl({state_.vm_fd}, kvm::Ioctl::KVM_IRQ_LINE, &irq); result < 0)
    message(fmt::format("KVM_IRQ_LINE for SPI {} failed ({}).", spi, result));
}

void Vmm::message(const std::string& text) {
  if (port_.observer != nullptr) port_.observer->message(fmt::format("{}: {}", config_.name, text));
}

}  // namespace host::vmm
