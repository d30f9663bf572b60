// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/trace/json_trace.h"

#include <cerrno>
#include <cstring>
#include <iterator>
#include <type_traits>

#include <fmt/compile.h>

#include <nlohmann/json.hpp>

#include "sim/trace/operand_text.h"

namespace sim::trace {
namespace {

constexpr std::size_t kFlushAt = 1 << 20;

std::string_view interface_name(rmm::port::Interface interface) {
  switch (interface) {
    case rmm::port::Interface::kRmi: return "rmi";
    case rmm::port::Interface::kRsi: return "rsi";
    case rmm::port::Interface::kPsci: return "psci";
  }
  return "rmi";
}

std::string_view access_name(AccessKind kind) {
  switch (kind) {
    case AccessKind::kRead: return "read";
    case AccessKind::kWrite: return "write";
    case AccessKind::kFetch: return "fetch";
  }
  return "read";
}

std::string_view fault_name(FaultKind kind) {
  switch (kind) {
    case FaultKind::kNone: return "none";
    case FaultKind::kAddressSize: return "address_size";
    case FaultKind::kTranslation: return "translation";
    case FaultKind::kAccessFlag: return "access_flag";
    case FaultKind::kPermission: return "permission";
    case FaultKind::kGranuleProtection: return "granule_protection";
    case FaultKind::kNoMemory: return "no_memory";
  }
  return "none";
}

// {"name":"0x1",...}: addresses and registers are hexadecimal strings, since JSON numbers lose bits above 2^53.
template <class Values>
std::string named_values(const Values& values) {
  std::string out = "{";
  for (const auto& v : values) {
    if (out.size() > 1) out += ',';
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("\"{}\":\"{:#x}\""), v.name, v.value);
  }
  return out + "}";
}

std::string operand_values(std::span<const rmm::port::OperandValue> values) {
  std::string out = "{";
  for (const auto& v : values) {
    if (out.size() > 1) out += ',';
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("\"{}\":\"{}\""), v.name, text(v));
  }
  return out + "}";
}

// Names and messages hold words of the person's command line, which need not be UTF-8.
std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

tl::expected<std::unique_ptr<JsonTrace>, std::string> JsonTrace::open(const std::string& path,
                                                                      std::function<Now()> now) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr)
    return tl::unexpected(fmt::format("cannot write the trace to '{}': {}", path, std::strerror(errno)));
  return std::unique_ptr<JsonTrace>(new JsonTrace(file, std::move(now)));
}

JsonTrace::JsonTrace(std::FILE* file, std::function<Now()> now) : file_(file), now_(std::move(now)) {
  fmt::format_to(std::back_inserter(buffer_),
                 FMT_COMPILE("{{\"ccasim_trace\":{},\"rmm\":\"1.0-rel0\",\"time\":\"virtual ns\"}}\n"), kTraceVersion);
}

JsonTrace::~JsonTrace() {
  flush();
  std::fclose(file_);
}

bool JsonTrace::flush() {
  if (buffer_.size() != 0 && std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) failed_ = true;
  buffer_.clear();
  if (std::fflush(file_) != 0) failed_ = true;
  return !failed_;
}

template <class Format, class... Args>
void JsonTrace::line(std::string_view event, const Format& format, const Args&... args) {
  const Now now = now_();
  auto out = std::back_inserter(buffer_);
  fmt::format_to(out, FMT_COMPILE("{{\"t\":{},\"a\":{},\"e\":\"{}\","), now.ns, now.actor, event);
  fmt::format_to(out, format, args...);
  fmt::format_to(out, FMT_COMPILE("}}\n"));
  if (buffer_.size() >= kFlushAt) flush();
}

void JsonTrace::fault(const WalkReport& report) {
  std::string walk = "[";
  for (const auto& s : report.steps) {
    if (walk.size() > 1) walk += ',';
    fmt::format_to(std::back_inserter(walk),
                   FMT_COMPILE("{{\"stage\":{},\"level\":{},\"entry\":\"{:#x}\",\"descriptor\":\"{:#x}\"}}"), s.stage,
                   s.level, s.address, s.descriptor);
  }
  line("fault",
       FMT_COMPILE(
           "\"cpu\":{},\"vmid\":{},\"va\":\"{:#x}\",\"ipa\":\"{:#x}\",\"access\":\"{}\",\"kind\":\"{}\",\"stage\":{},"
           "\"level\":{},\"walk\":{}]"),
       report.cpu, report.stage2.vmid.value, report.va.value, report.fault.ipa.value, access_name(report.kind),
       fault_name(report.fault.kind), report.fault.stage, report.fault.level, walk);
}

void JsonTrace::actor_started(rmm::port::ActorId actor, const std::string& name) {
  line("actor", FMT_COMPILE("\"actor\":{},\"name\":{}"), actor.value, json_string(name));
}

void JsonTrace::actor_ended(rmm::port::ActorId actor) {
  line("schedule", FMT_COMPILE("\"actor\":{},\"what\":\"ended\""), actor.value);
}

void JsonTrace::switched(std::uint64_t, rmm::port::ActorId actor) {
  line("schedule", FMT_COMPILE("\"actor\":{},\"what\":\"runs\""), actor.value);
}

void JsonTrace::command_begin(const rmm::port::CommandBegin& event) {
  line("call",
       FMT_COMPILE("\"interface\":\"{}\",\"name\":\"{}\",\"fid\":\"{:#x}\",\"pe\":{},\"rec\":\"{:#x}\",\"args\":{}"),
       interface_name(event.interface), event.name, event.fid, event.pe.value, event.rec, named_values(event.args));
}

void JsonTrace::command_end(const rmm::port::CommandEnd& event) {
  line("return",
       FMT_COMPILE(
           "\"interface\":\"{}\",\"name\":\"{}\",\"fid\":\"{:#x}\",\"pe\":{},\"rec\":\"{:#x}\",\"status\":\"{}\","
           "\"x0\":\"{:#x}\",\"failed\":\"{}\",\"values\":{},\"outputs\":{}"),
       interface_name(event.interface), event.name, event.fid, event.pe.value, event.rec, event.status, event.x0,
       event.failed_condition, operand_values(event.values), named_values(event.outputs));
}

void JsonTrace::granule_transition(const rmm::port::GranuleTransition& event) {
  line("granule", FMT_COMPILE("\"pa\":\"{:#x}\",\"from\":\"{}\",\"to\":\"{}\",\"rd\":\"{:#x}\""),
       event.granule.pa().value, event.from, event.to, event.owner.value);
}

void JsonTrace::rtt_write(const rmm::port::RttWrite& event) {
  line("rtt",
       FMT_COMPILE("\"rd\":\"{:#x}\",\"ipa\":\"{:#x}\",\"level\":{},\"entry\":\"{:#x}\",\"before\":\"{:#x}\",\"after\":"
                   "\"{:#x}\""),
       event.rd.value, event.ipa.value, event.level, event.entry.value, event.before, event.after);
}

void JsonTrace::ripas_change(const rmm::port::RipasChange& event) {
  line("ripas", FMT_COMPILE("\"rd\":\"{:#x}\",\"base\":\"{:#x}\",\"top\":\"{:#x}\",\"from\":\"{}\",\"to\":\"{}\""),
       event.rd.value, event.range.base.value, event.range.top.value, event.from, event.to);
}

void JsonTrace::realm_state(abi::Pa rd, std::string_view from, std::string_view to) {
  line("realm", FMT_COMPILE("\"rd\":\"{:#x}\",\"from\":\"{}\",\"to\":\"{}\""), rd.value, from, to);
}

void JsonTrace::rec_enter(const rmm::port::RecEntry& event) {
  line("rec_enter", FMT_COMPILE("\"rec\":\"{:#x}\",\"pe\":{},\"flags\":\"{:#x}\""), event.rec.value, event.pe.value,
       event.flags);
}

void JsonTrace::rec_exit(const rmm::port::RecExitEvent& event) {
  std::string fields;
  abi::for_each_field(*event.exit, [&](std::string_view name, std::size_t, const auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_integral_v<Value>) {
      if (value != 0 && name != "exit_reason")
        fmt::format_to(std::back_inserter(fields), FMT_COMPILE(",\"{}\":\"{:#x}\""), name, value);
    } else {
      std::size_t last = value.size();
      while (last > 0 && value[last - 1] == 0) --last;
      if (last == 0) return;
      fmt::format_to(std::back_inserter(fields), FMT_COMPILE(",\"{}\":["), name);
      for (std::size_t i = 0; i < last; ++i)
        fmt::format_to(std::back_inserter(fields), FMT_COMPILE("{}\"{:#x}\""), i == 0 ? "" : ",", value[i]);
      fields += ']';
    }
  });
  line("rec_exit", FMT_COMPILE("\"rec\":\"{:#x}\",\"pe\":{},\"reason\":\"{}\"{}"), event.rec.value, event.pe.value,
       event.reason, fields);
}

void JsonTrace::trap(const rmm::port::TrapEvent& event) {
  line("trap",
       FMT_COMPILE(
           "\"rec\":\"{:#x}\",\"pe\":{},\"esr\":\"{:#x}\",\"far\":\"{:#x}\",\"hpfar\":\"{:#x}\",\"pc\":\"{:#x}\""),
       event.rec.value, event.pe.value, event.esr, event.far, event.hpfar, event.pc);
}

void JsonTrace::tlb_invalidate(abi::Vmid vmid, abi::IpaRange range) {
  line("tlbi", FMT_COMPILE("\"vmid\":{},\"base\":\"{:#x}\",\"top\":\"{:#x}\""), vmid.value, range.base.value,
       range.top.value);
}

void JsonTrace::ioctl(std::string_view name, int fd, std::span<const host::port::NamedValue> args, long result) {
  line("ioctl", FMT_COMPILE("\"name\":\"{}\",\"fd\":{},\"args\":{},\"result\":{}"), name, fd, named_values(args),
       result);
}

void JsonTrace::kvm_exit(unsigned vm, unsigned vcpu, std::string_view reason, long ret) {
  line("kvm_exit", FMT_COMPILE("\"vm\":{},\"vcpu\":{},\"reason\":\"{}\",\"ret\":{}"), vm, vcpu, reason, ret);
}

void JsonTrace::rec_exit(unsigned vm, unsigned vcpu, std::string_view reason, std::uint64_t esr) {
  line("host_exit", FMT_COMPILE("\"vm\":{},\"vcpu\":{},\"reason\":\"{}\",\"esr\":\"{:#x}\""), vm, vcpu, reason, esr);
}

void JsonTrace::stage2_fault(unsigned vm, unsigned vcpu, abi::Ipa ipa, bool shared, bool write, long ret) {
  line("stage2_fault", FMT_COMPILE("\"vm\":{},\"vcpu\":{},\"ipa\":\"{:#x}\",\"shared\":{},\"write\":{},\"ret\":{}"), vm,
       vcpu, ipa.value, shared, write, ret);
}

void JsonTrace::irq(unsigned vm, unsigned vcpu, std::uint32_t intid, std::string_view what) {
  line("irq", FMT_COMPILE("\"vm\":{},\"vcpu\":{},\"intid\":{},\"what\":\"{}\""), vm, vcpu, intid, what);
}

void JsonTrace::device_access(unsigned vm, std::string_view device, std::uint64_t offset, std::uint64_t value,
                              unsigned size, bool write) {
  line("device",
       FMT_COMPILE("\"vm\":{},\"device\":\"{}\",\"offset\":\"{:#x}\",\"value\":\"{:#x}\",\"size\":{},\"write\":{}"), vm,
       device, offset, value, size, write);
}

void JsonTrace::message(std::string_view text) { line("message", FMT_COMPILE("\"text\":{}"), json_string(text)); }

}  // namespace sim::trace
