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
  // gprs[0] alone: data of an emulated access, value of a trapped register.
  std::uint64_t exit_gpr0() const {
    std::uint64_t value = 0;
    kernel_read(host_, exit_ + WireField<&Exit::gprs>::kOffset, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  void set_enter_gpr0(std::uint64_t value) {
    kernel_write(host_, enter_ + WireField<&Enter::gprs>::kOffset, std::as_bytes(std::span(&value, 1)));
  }

 private:
  Host& host_;
  abi::Pa enter_, exit_;
};

}  // namespace host::kvm
