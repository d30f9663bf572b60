// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/behaviour.h"

#include <array>
#include <type_traits>
#include <utility>

namespace host::kvm {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 2> kFlag = {"false", "true"};
constexpr std::array<std::string_view, 2> kLifeCycle = {"implicit", "explicit"};
constexpr std::array<std::string_view, 2> kGprWriteBack = {"entry", "exit"};
constexpr std::array<std::string_view, 2> kSysregGprs = {"first", "rt"};
constexpr std::array<std::string_view, 3> kIrqWindow = {"none", "every_exit", "irq_exits"};

template <auto Member>
constexpr BehaviourField field(std::string_view name, Names values = kFlag) {
  return {name, values, [](const KvmBehaviour& b) { return static_cast<unsigned>(b.*Member); },
          [](KvmBehaviour& b, unsigned value) {
            b.*Member = static_cast<std::remove_reference_t<decltype(b.*Member)>>(value);
          }};
}

using B = KvmBehaviour;
constexpr std::array kFields = {
    field<&B::life_cycle>("life_cycle", kLifeCycle),
    field<&B::init_ripas_at_activation>("init_ripas_at_activation"),
    field<&B::gpr_write_back>("gpr_write_back", kGprWriteBack),
    field<&B::sysreg_gprs>("sysreg_gprs", kSysregGprs),
    field<&B::irq_window>("irq_window", kIrqWindow),
    field<&B::rec_block_arms_timer>("rec_block_arms_timer"),
    field<&B::shutdown_needs_system_off_index>("shutdown_needs_system_off_index"),
    field<&B::serror_exit_resumes>("serror_exit_resumes"),
    field<&B::rec_error_is_eagain>("rec_error_is_eagain"),
};
static_assert(kFields.size() == std::tuple_size_v<decltype(std::declval<B&>().members())>, "a field without its row");

}  // namespace

bool BehaviourField::is_flag() const { return values.data() == kFlag.data(); }

std::span<const BehaviourField> behaviour_fields() { return kFields; }

}  // namespace host::kvm
