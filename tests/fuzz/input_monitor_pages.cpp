// SPDX-License-Identifier: GPL-2.0-or-later
// Pages that the monitor reads from a hostile host: RealmParams, RecParams and the enter part of RecRun, and what a
// realm says in registers and syndromes meanwhile. Each command does what the abstract model allows; afterwards
// everything can be taken down and every granule given back.
//
// The input: changes to RealmParams (a count, then field, offset in it, width, value), to RecParams, then entries: what
// the realm does, and changes to RecEnter.
#include <deque>
#include <vector>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/check/model_check.h"
#include "rmm/monitor.h"
#include "sim/bare/platform.h"
#include "tests/fuzz/input.h"

namespace {

using namespace abi::v1_0;  // NOLINT: function ids and structures of the version under test

constexpr std::uint64_t kPage = abi::kGranuleSize;
constexpr std::uint64_t kUnprotected = 1ULL << 32;  // of a realm with s2sz 33

template <class Struct>
std::vector<std::size_t> field_offsets() {
  std::vector<std::size_t> offsets;
  abi::for_each_field(Struct{}, [&](auto, std::size_t offset, const auto&) { offsets.push_back(offset); });
  return offsets;
}

// Changes fields of the structure at the start of `page`.
template <class Struct>
void change_fields(std::span<std::byte> page, fuzz::Bytes& input) {
  static const std::vector<std::size_t> kOffsets = field_offsets<Struct>();
  for (unsigned changes = input.take<std::uint8_t>() % 8; changes != 0; --changes) {
    const std::size_t field = kOffsets[input.take<std::uint8_t>() % kOffsets.size()];
    const std::size_t at = (field + input.take<std::uint8_t>()) % page.size();
    const auto value = input.take_bytes(std::size_t{1} << (input.take<std::uint8_t>() & 3));
    std::memcpy(page.data() + at, value.data(), std::min(value.size(), page.size() - at));
  }
}

class Host {
 public:
  Host() : state_(rmm::Monitor::boot_state(platform_.gpt)), check_(machine(), state_, {}) {
    observer_.target = &check_;
    check_.set_on_difference([this] {
      for (const std::string& line : check_.difference()->lines) std::fprintf(stderr, "%s\n", line.c_str());
    });
  }

  // True: RMI_SUCCESS.
  template <class... Args>
  bool call(std::uint32_t fid, Args... args) {
    abi::SmcRegs regs;
    regs.x[0] = fid;
    std::size_t i = 1;
    ((regs.x[i++] = static_cast<std::uint64_t>(args)), ...);
    const abi::SmcRegs out = check_.rmi(
        platform_.pe, regs, [this](rmm::port::Pe& pe, const abi::SmcRegs& given) { return monitor_.rmi(pe, given); });
    fuzz::expect(platform_.sync.held == 0, "a command keeps a lock");
    fuzz::expect(!check_.difference(), "the monitor does what the model doesn't allow");
    return out.x[0] == 0;
  }
  void must(bool done, const char* what) { fuzz::expect(done, what); }

  std::uint64_t page() {
    next_ += kPage;
    return next_ - kPage;
  }
  std::uint64_t delegated() {
    const std::uint64_t pa = page();
    must(call(kRmiGranuleDelegate, pa), "a granule cannot be delegated");
    delegated_.push_back(pa);
    return pa;
  }
  std::span<std::byte> bytes(std::uint64_t pa) { return {platform_.memory.bytes(abi::Pa{pa}), kPage}; }
  template <class Struct>
  std::uint64_t put(const Struct& value, fuzz::Bytes* input) {
    const std::uint64_t pa = page();
    abi::encode(value, bytes(pa));
    if (input != nullptr) change_fields<Struct>(bytes(pa), *input);
    return pa;
  }
  std::deque<std::function<abi::Exception(sim::bare::RealmCpu&)>>& acts() {
    return platform_.cpus.cpus.begin()->second.script;
  }
  void give_everything_back() {
    for (const std::uint64_t pa : delegated_) must(call(kRmiGranuleUndelegate, pa), "a granule cannot be given back");
    check_.read_back();
    fuzz::expect(!check_.difference(), "the end is not what the model says");
  }

 private:
  // The check needs the machine before it exists itself.
  struct Forward : rmm::port::Observer {
    rmm::port::Observer* target = nullptr;
    void command_end(const rmm::port::CommandEnd& e) override { target->command_end(e); }
    void granule_transition(const rmm::port::GranuleTransition& e) override { target->granule_transition(e); }
    void rtt_write(const rmm::port::RttWrite& e) override { target->rtt_write(e); }
    void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override {
      target->realm_state(rd, from, to);
    }
    void rec_exit(const rmm::port::RecExitEvent& e) override { target->rec_exit(e); }
  };
  rmm::port::Platform machine() { return platform_.ports(&observer_); }

  sim::bare::Platform platform_;
  Forward observer_;
  rmm::core::MonitorState state_;
  rmm::check::ModelCheck check_;
  rmm::Monitor monitor_{check_.watched_platform(), {}, state_};
  std::uint64_t next_ = sim::bare::kDram.value;
  std::vector<std::uint64_t> delegated_;
};

// The realm's next act.
abi::Exception act(fuzz::Bytes& input, sim::bare::RealmCpu& cpu) {
  using abi::esr::Ec;
  const auto kind = input.take<std::uint8_t>();
  switch (kind % 4) {
    case 0: {
      constexpr std::array kCalls = {kRsiVersion,
                                     kRsiFeatures,
                                     kRsiMeasurementRead,
                                     kRsiMeasurementExtend,
                                     kRsiAttestationTokenInit,
                                     kRsiAttestationTokenContinue,
                                     kRsiRealmConfig,
                                     kRsiIpaStateSet,
                                     kRsiIpaStateGet,
                                     kRsiHostCall,
                                     kPsciVersion,
                                     kPsciCpuSuspend,
                                     kPsciCpuOff,
                                     kPsciCpuOn,
                                     kPsciAffinityInfo,
                                     kPsciSystemOff,
                                     kPsciFeatures,
                                     kSmcccVersion};
      cpu.set_x(0, kCalls[kind / 4 % kCalls.size()]);
      for (unsigned n = 1; n < 4; ++n) {
        const auto value = input.take<std::uint32_t>();
        cpu.set_x(n, (value & 1) != 0 ? value & ~0xfffULL : std::uint64_t{value} << 1);
      }
      return {.esr = abi::esr::make(Ec::kSmc64, 0)};
    }
    case 1: {  // an access to what the host emulates
      const std::uint64_t ipa = kUnprotected + (input.take<std::uint16_t>() * 8ULL);
      const std::uint64_t iss = abi::esr::kIsv | (kind & 4U) << 4 | std::uint64_t{input.take<std::uint8_t>()} << 15 |
                                abi::esr::kFscTranslation | 3;
      return {.esr = abi::esr::make(Ec::kDataAbortLower, iss), .far = ipa, .hpfar = abi::esr::hpfar_from_ipa(ipa)};
    }
    case 2: return {.esr = abi::esr::make(Ec::kWfx, kind / 4 % 2)};
    default: return {.kind = abi::ExceptionKind::kIrq};
  }
}

RealmParams realm_params(std::uint64_t rtt) {
  RealmParams params;
  params.s2sz = 33;
  params.num_bps = params.num_wps = 1;
  params.vmid = 1;
  params.rtt_base = rtt;
  params.rtt_level_start = 1;
  params.rtt_num_start = 1;
  return params;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes input({data, size});
  Host host;
  const std::uint64_t rd = host.delegated(), rtt = host.delegated();
  if (host.call(kRmiRealmCreate, rd, host.put(realm_params(rtt), &input))) {
    fuzz::accepted();
    host.must(host.call(kRmiRealmDestroy, rd), "a new realm cannot be destroyed");
  } else {
    ++fuzz::outcomes.refused;
  }
  host.must(host.call(kRmiRealmCreate, rd, host.put(realm_params(rtt), nullptr)), "a good realm cannot be created");
  const std::uint64_t level2 = host.delegated(), level3 = host.delegated(), memory = host.delegated();
  host.must(host.call(kRmiRttCreate, rd, level2, 0, 2), "no table of level 2");
  host.must(host.call(kRmiRttCreate, rd, level3, 0, 3), "no table of level 3");
  host.must(host.call(kRmiRttInitRipas, rd, 0, kPage), "no RAM");
  host.must(host.call(kRmiDataCreateUnknown, rd, memory, 0), "no memory");

  const std::uint64_t rec = host.delegated();
  RecParams rec_params;
  rec_params.flags = 1;
  rec_params.num_aux = rmm::core::Limits{}.num_rec_aux;
  for (std::size_t i = 0; i < rec_params.num_aux; ++i) rec_params.aux[i] = host.delegated();
  if (host.call(kRmiRecCreate, rd, rec, host.put(rec_params, &input))) {
    fuzz::accepted();
  } else {
    ++fuzz::outcomes.refused;
    host.must(host.call(kRmiRecCreate, rd, rec, host.put(rec_params, nullptr)), "a good REC cannot be created");
  }
  host.must(host.call(kRmiRealmActivate, rd), "a realm cannot be activated");

  for (int entries = 0; entries < 16 && !input.empty(); ++entries) {
    host.acts().push_back([&input](sim::bare::RealmCpu& cpu) { return act(input, cpu); });
    const bool entered = host.call(kRmiRecEnter, rec, host.put(RecEnter{}, &input));
    ++(entered ? fuzz::outcomes.accepted : fuzz::outcomes.refused);
    host.acts().clear();
  }

  host.must(host.call(kRmiRecDestroy, rec), "a REC cannot be destroyed");
  host.must(host.call(kRmiDataDestroy, rd, 0), "memory cannot be taken back");
  host.must(host.call(kRmiRttDestroy, rd, 0, 3) && host.call(kRmiRttDestroy, rd, 0, 2), "tables cannot be taken back");
  host.must(host.call(kRmiRealmDestroy, rd), "a realm cannot be destroyed");
  host.give_everything_back();
  return 0;
}
