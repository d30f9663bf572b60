// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/payload.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "host/vmm/images/file.h"
#include "rmm/abi/arch/sysreg.h"
#include "sim/cpu/cpu.h"
#include "sim/gic/virtual_cpu_interface.h"

namespace sim::app {
namespace {

constexpr std::uint64_t kMpidrMt = 1ULL << 24;

}  // namespace

Payload::Payload(const PayloadConfig& config, PayloadState& state, const Hardware& hardware)
    : config_(config),
      state_(state),
      hardware_(hardware),
      platform_(config_.platform, state_.platform, hardware.console, hardware.scheduler),
      psci_(state_.psci, config_.platform.pes.affinities,
            [this](abi::Pa entry) {
              const auto granule = abi::GranulePa::containing(entry);
              return hardware_.dram.contains(granule) && hardware_.gpt.pas(granule) == abi::Pas::kNonSecure;
            }),
      at_rest_(config_.platform.pes.affinities.size()) {
  for (unsigned n = 0; n < config_.platform.pes.affinities.size(); ++n)
    cpu_ids_.push_back(hardware_.cpus.create_pe(pes_.emplace_back(*this, n)));
  hardware_.cpus.set_platform_time(this);
  hardware_.firmware.set_psci(&psci_);
  psci_.cold_boot(config_.entry);
}

Cpu& Payload::cpu(unsigned pe) { return hardware_.cpus.cpu(cpu_ids_[pe]); }

tl::expected<void, InputError> Payload::load() {
  for (const PayloadImage& image : config_.images)
    if (auto loaded = load(image); !loaded) return loaded;
  if (!hardware_.dram.contains(config_.entry))
    return tl::unexpected(InputError{
        fmt::format("the entry point {:#x} is not in DRAM; see \"dram\" of the configuration", config_.entry.value)});
  return {};
}

tl::expected<void, InputError> Payload::load(const PayloadImage& image) {
  const auto refused = [&image](const std::string& why) {
    return tl::unexpected(InputError{fmt::format("--load '{}' at {:#x}: {}", image.path, image.address, why)});
  };
  const std::uint64_t room = dram_behind(image.address);
  if (room == 0) return refused("this address is not in DRAM; see \"dram\" of the configuration");
  std::error_code error;  // told by read_file
  if (const std::uintmax_t size = std::filesystem::file_size(image.path, error); !error && size > room)
    return refused(
        fmt::format("its {} bytes do not fit, DRAM ends at {:#x}; load it elsewhere, or change \"dram\" of "
                    "the configuration",
                    size, image.address + room));
  const auto bytes = host::vmm::read_file("payload", image.path, room);
  if (!bytes) return tl::unexpected(InputError{host::vmm::to_string(bytes.error())});
  constexpr std::string_view kElf =
      "\x7f"
      "ELF";
  if (config_.entry.value == image.address && bytes->size() >= kElf.size() &&
      std::memcmp(bytes->data(), kElf.data(), kElf.size()) == 0)
    return refused(
        "an ELF file, of which the first PE would execute the header, since files are loaded byte for byte; make a raw "
        "image of it (objcopy -O binary), or say with --entry where its code begins");
  for (std::size_t done = 0; done < bytes->size();) {
    const abi::Pa at{image.address + done};
    const std::size_t offset = at.value % abi::kGranuleSize;
    const std::size_t length = std::min<std::size_t>(bytes->size() - done, abi::kGranuleSize - offset);
    std::memcpy(hardware_.dram.write_native(abi::GranulePa::containing(at)) + offset, bytes->data() + done, length);
    done += length;
  }
  return {};
}

// Bytes of DRAM from `address` on without a hole.
std::uint64_t Payload::dram_behind(std::uint64_t address) const {
  std::uint64_t end = address;
  for (const MemoryBank& bank : hardware_.dram.banks())  // by ascending address
    if (bank.base.value <= end && end - bank.base.value < bank.size) end = bank.base.value + bank.size;
  return end - address;
}

void Payload::start() {
  for (unsigned n = 0; n < pe_count(); ++n) {
    scheduler().spawn(fmt::format("PE {:#x}", affinity(n).value), [this, n] { pe_main(n); });
    // The monitor asks in the middle of long work, after which devices and timers may have acted.
    pe(n).set_irq_source([this, n] {
      advance(scheduler().now_ns());
      return platform_.gic().irq_pending(n) || must_leave();
    });
  }
}

// The life of a PE, as EL3 sees it. It finds its way from the state alone: after a restore it begins again.
void Payload::pe_main(unsigned n) {
  for (;;) {
    scheduler().park_quiescent();
    if (state_.psci.system == SystemPower::kOff) return;
    if (reset_wanted()) {
      take_part_in_reset(n);
      continue;
    }
    switch (state_.psci.pes[n].power) {
      case PePower::kOff: wait_for_power("PE is off"); break;
      case PePower::kOnPending: start_pe(n); break;
      case PePower::kStandby:
      case PePower::kPowerDown: suspend(n); break;
      case PePower::kOn:
        if (cpu(n).run_pe(pe(n)) == PeStop::kSmc) smc(n);
        break;
    }
  }
}

void Payload::wait_for_power(const char* why) { scheduler().wait(state_.power, {why, 0, rmm::port::Access::kWait}); }

void Payload::wake_all() {
  look_again();
  scheduler().wake_all(state_.power);
  for (unsigned n = 0; n < pe_count(); ++n) scheduler().wake_idle({static_cast<std::uint16_t>(n)});
}

// EL3 hands the PE over to EL2 (DEN0022F 6.4.3).
void Payload::start_pe(unsigned n) {
  PePowerState& power = state_.psci.pes[n];
  cpu(n).reset({affinity(n).value | (config_.platform.pes.multithreaded ? kMpidrMt : 0)});
  cpu(n).set_pc(power.entry.value);
  cpu(n).set_x(0, power.context);
  platform_.gic().reset_cpu_interface(n);
  power.power = PePower::kOn;
  look_again();
}

void Payload::suspend(unsigned n) {
  cpu(n).standby(pe(n));
  if (must_leave()) return;
  PePower& power = state_.psci.pes[n].power;
  power = power == PePower::kPowerDown ? PePower::kOnPending : PePower::kOn;
  look_again();
}

void Payload::smc(unsigned n) {
  Cpu& caller = cpu(n);
  const abi::SmcRegs in{caller.smc_registers()};
  const abi::SmcRegs out = hardware_.firmware.route(pe(n), in);
  for (unsigned i = 0; i < in.x.size(); ++i)
    if (out.x[i] != in.x[i]) caller.set_x(i, out.x[i]);
  // Others may have been switched on, or all may have to stop.
  const bool changed = must_leave() || std::ranges::any_of(state_.psci.pes, [](const PePowerState& p) {
                         return p.power == PePower::kOnPending;
                       });
  if (changed || state_.psci.pes[n].power != PePower::kOn) wake_all();
}

// Everybody stops; the last one resets the machine for all.
void Payload::take_part_in_reset(unsigned n) {
  at_rest_[n] = true;
  wake_all();
  if (std::ranges::all_of(at_rest_, [](bool rests) { return rests; })) {
    reset();
    return;
  }
  wait_for_power("the platform is reset");
}

void Payload::reset() {
  at_rest_.assign(at_rest_.size(), false);
  ++state_.resets;
  platform_.reset();
  hardware_.reset_realm_world();
  psci_.cold_boot(config_.entry);
  wake_all();
}

bool Payload::runs(unsigned n) const {
  const PePower power = state_.psci.pes[n].power;
  return power == PePower::kOn || power == PePower::kStandby;
}

unsigned Payload::pes_on() const {
  return static_cast<unsigned>(
      std::ranges::count_if(state_.psci.pes, [](const PePowerState& pe) { return pe.power != PePower::kOff; }));
}

void Payload::drive_lines(unsigned n, std::uint64_t now_ns) {
  const Cpu::TimerLines lines = cpu(n).timer_lines(now_ns);
  const PesConfig& ppis = config_.platform.pes;
  PhysicalGic& gic = platform_.gic();
  gic.set_ppi(n, ppis.el1_physical_timer, lines.physical);
  gic.set_ppi(n, ppis.el1_virtual_timer, lines.virtual_timer);
  gic.set_ppi(n, ppis.el2_physical_timer, lines.el2_physical);
  gic.set_ppi(n, ppis.el2_virtual_timer, lines.el2_virtual);
  gic.set_ppi(n, ppis.maintenance, VirtualCpuInterface(pe(n).ich()).maintenance_asserted());
}

void Payload::set_pmu_line(rmm::port::PeId pe, bool level) {
  platform_.gic().set_ppi(pe.value, config_.platform.pes.pmu, level);
}

// Called before every slice: mostly nothing has happened since.
void Payload::advance(std::uint64_t now_ns) {
  const std::uint32_t input = hardware_.console.input_arrived().wakeups;
  const bool due = next_event_ns_ && *next_event_ns_ <= now_ns;
  if (!look_again_ && !due && input == seen_input_) return;
  seen_input_ = input;
  platform_.advance(now_ns);
  for (unsigned n = 0; n < pe_count(); ++n)
    if (runs(n)) drive_lines(n, now_ns);
  const bool leave = must_leave();
  for (unsigned n = 0; n < pe_count(); ++n) {
    const rmm::port::ActorId id{static_cast<std::uint16_t>(n)};
    if (scheduler().idles(id) && (leave || platform_.gic().irq_pending(n))) scheduler().wake_idle(id);
  }
  next_event_ns_ = find_next_event(now_ns);
  look_again_ = false;
}

std::optional<std::uint64_t> Payload::next_event_ns() {
  return look_again_ ? find_next_event(scheduler().now_ns()) : next_event_ns_;
}

std::optional<std::uint64_t> Payload::find_next_event(std::uint64_t now_ns) {
  std::optional<std::uint64_t> first = platform_.next_event_ns();
  for (unsigned n = 0; n < pe_count(); ++n) {
    if (!runs(n)) continue;
    if (const auto timer = cpu(n).next_timer_ns(now_ns); timer && (!first || *timer < *first)) first = timer;
  }
  return first;
}

}  // namespace sim::app
