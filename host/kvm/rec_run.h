// SPDX-License-Identifier: GPL-2.0-or-later
// The RecRun page of a REC, field by field: only what an entry or exit needs crosses the memory port.
#pragma once

#include "host/kvm/wire_page.h"
#include "rmm/abi/v1_0/structures.h"

namespace host::kvm {

class RecRunPage {
 public:
  using Enter = abi::v1_0::RecEnter;
  using Exit = abi::v1_0::RecExit;
  RecRunPage(Host& host, const RealmRec& rec)
      : host_(host),
        enter_(rec.run.pa() + abi::v1_0::kRecRunEnterOffset),
        exit_(rec.run.pa() + abi::v1_0::kRecRunExitOffset) {}

  template <auto Member>
  auto enter() const {
    return read_field<Member>(host_, enter_);
  }
  template <auto Member>
  auto exit() const {
    return read_field<Member>(host_, exit_);
  }
  template <auto Member, class T>
  void set_enter(const T& value) {
    write_field<Member>(host_, enter_, value);
  }
  template <auto Member, class T>
  void set_exit(const T& value) {
    write_field<Member>(host_, exit_, value);
  }

  std::uint64_t enter_flags() const { return enter<&Enter::flags>(); }
  void set_enter_flags(std::uint64_t flags) { set_enter<&Enter::flags>(flags); }
  // One of gprs alone: data of an emulated access (gprs[0]), value of a trapped register. Register 31 is XZR.
  std::uint64_t exit_gpr(unsigned n) const {
    std::uint64_t value = 0;
    if (n >= kGprs) return value;
    kernel_read(host_, exit_ + WireField<&Exit::gprs>::kOffset + n * sizeof(value),
                std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  void set_enter_gpr(unsigned n, std::uint64_t value) {
    if (n >= kGprs) return;
    kernel_write(host_, enter_ + WireField<&Enter::gprs>::kOffset + n * sizeof(value),
                 std::as_bytes(std::span(&value, 1)));
  }

 private:
  static constexpr unsigned kGprs = std::tuple_size_v<decltype(Enter::gprs)>;
  Host& host_;
  abi::Pa enter_, exit_;
};

}  // namespace host::kvm
