// SPDX-License-Identifier: GPL-2.0-or-later
// Names of the fields of each ioctl structure, for traces.
#include "host/kvm/ioctl_table.h"

namespace host::kvm {
namespace {

using Fields = std::vector<port::NamedValue>;

Fields describe(std::monostate) { return {}; }
Fields describe(std::uint64_t value) { return {{"arg", value}}; }
Fields describe(const UserspaceMemoryRegion2& r) {
  return {{"slot", r.slot},
          {"flags", r.flags},
          {"guest_phys_addr", r.guest_phys_addr},
          {"memory_size", r.memory_size},
          {"userspace_addr", r.userspace_addr},
          {"guest_memfd_offset", r.guest_memfd_offset},
          {"guest_memfd", r.guest_memfd}};
}
Fields describe(const CreateGuestMemfd& c) { return {{"size", c.size}, {"flags", c.flags}}; }
Fields describe(const MemoryAttributes& a) {
  return {{"address", a.address}, {"size", a.size}, {"attributes", a.attributes}, {"flags", a.flags}};
}
Fields describe(const ArmRmiPopulate& p) {
  return {{"base", p.base}, {"size", p.size}, {"source_uaddr", p.source_uaddr}, {"flags", p.flags}};
}
Fields describe(const VcpuInit& v) { return {{"target", v.target}, {"features", v.features[0]}}; }
Fields describe(std::int32_t feature) { return {{"feature", static_cast<std::uint64_t>(feature)}}; }
Fields describe(const OneReg& r) { return {{"id", r.id}, {"value", r.value != nullptr ? *r.value : 0}}; }
Fields describe(const RegList& r) { return {{"n", r.n}}; }
Fields describe(const MpState& m) { return {{"mp_state", m.mp_state}}; }
Fields describe(const VcpuEvents& e) {
  return {{"serror_pending", e.serror_pending},
          {"serror_has_esr", e.serror_has_esr},
          {"ext_dabt_pending", e.ext_dabt_pending},
          {"serror_esr", e.serror_esr}};
}
Fields describe(const EnableCap& c) {
  return {{"cap", c.cap}, {"flags", c.flags}, {"arg0", c.args[0]}, {"arg1", c.args[1]}};
}
Fields describe(const IrqLevel& i) { return {{"irq", i.irq}, {"level", i.level}}; }
Fields describe(const CreateDevice& d) { return {{"type", d.type}, {"flags", d.flags}}; }
Fields describe(const DeviceAttr& a) {
  if (a.smccc_filter != nullptr) {
    return {{"group", a.group},
            {"attr", a.attr},
            {"base", a.smccc_filter->base},
            {"nr_functions", a.smccc_filter->nr_functions},
            {"action", a.smccc_filter->action}};
  }
  return {{"group", a.group}, {"attr", a.attr}, {"value", a.value != nullptr ? *a.value : 0}};
}
Fields describe(const RmiPsciComplete& p) { return {{"target_mpidr", p.target_mpidr}, {"psci_status", p.psci_status}}; }
Fields describe(const CounterOffset& c) { return {{"counter_offset", c.counter_offset}}; }
Fields describe(const PunchHole& p) { return {{"offset", p.offset}, {"length", p.length}}; }
template <class T>
Fields describe(T* pointer) {
  return pointer == nullptr ? Fields{} : describe(*pointer);
}

}  // namespace

std::vector<port::NamedValue> describe_ioctl_arg(const IoctlArg& arg) {
  return std::visit([](const auto& value) { return describe(value); }, arg);
}

}  // namespace host::kvm
