// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/payload/runtime/realm_by_hand.h"

#include <span>

#include "guest/payload/runtime/stage1.h"
#include "guest/runtime/access.h"
#include "guest/runtime/image.h"

namespace guest {

namespace {

namespace v1 = abi::v1_0;

constexpr std::uint8_t kIpaWidth = 40;

// What the host says of a shared granule (DEN0137 1.0-rel0 A5.5.5): MemAttr 4:2, with FEAT_S2FWB; S2AP 7:6.
constexpr std::uint64_t kWriteBack = 6ULL << 2, kReadWrite = 3ULL << 6;

std::span<std::byte> bytes_of(abi::Pa granule, std::size_t offset = 0) {
  return {reinterpret_cast<std::byte*>(granule.value) + offset, abi::kGranuleSize - offset};
}

void wipe(abi::Pa granule) {
  for (std::uint64_t at = 0; at < abi::kGranuleSize; at += 8) write64(granule.value + at, 0);
}

bool undelegate_and_use(abi::Pa granule) {
  if (!undelegate(granule).ok()) return false;
  write64(granule.value, 1);
  return read64(granule.value) == 1;
}

}  // namespace

abi::Pa RealmByHand::take() {
  if (next_.value == 0) next_ = {abi::align_up(ipa_of(__bss_end).value, kLevel2Size)};
  const abi::Pa granule = next_;
  next_ += abi::kGranuleSize;
  wipe(granule);
  return granule;
}

abi::Pa RealmByHand::take_delegated() {
  const abi::Pa granule = take();
  delegate(granule);  // if it fails, so does the command that wants the granule
  return granule;
}

bool RealmByHand::create_tables(abi::Ipa ipa, std::array<abi::Pa, 3>& tables) {
  for (unsigned level = 1; level <= 3; ++level) {
    tables[level - 1] = take_delegated();
    const abi::Ipa base{abi::align_down(ipa.value, 1ULL << (12 + 9 * (4 - level)))};
    if (!rmi(v1::kRmiRttCreate, {rd_.value, tables[level - 1].value, base.value, level}).ok()) return false;
  }
  return true;
}

bool RealmByHand::create(unsigned granules, std::optional<std::uint8_t> event_counters) {
  params_ = take();
  run_page_ = take();
  root_ = take_delegated();
  rd_ = take_delegated();
  v1::RealmParams params;
  params.s2sz = kIpaWidth;
  params.hash_algo = static_cast<std::uint8_t>(v1::HashAlgorithm::kSha256);
  params.vmid = 1;
  if (event_counters) {
    params.flags |= v1::kRealmFlagPmu;
    params.pmu_num_ctrs = *event_counters;
  }
  params.rtt_base = root_.value;
  params.rtt_num_start = 1;
  const auto features = v1::FeatureRegister0::from_raw(rmi(v1::kRmiFeatures, {0}).out[0]);
  params.num_bps = features.num_bps;
  params.num_wps = features.num_wps;
  abi::encode(params, bytes_of(params_));
  if (!rmi(v1::kRmiRealmCreate, {rd_.value, params_.value}).ok()) return false;
  if (!create_tables(kMemory, memory_tables_) || !create_tables(kShared, shared_tables_)) return false;
  return rmi(v1::kRmiRttInitRipas, {rd_.value, ipa(0).value, ipa(granules).value}).ok();
}

bool RealmByHand::fill(unsigned index, const void* source, std::size_t size) {
  const abi::Pa copy = take();
  for (std::size_t i = 0; i < size; ++i) write8(copy.value + i, static_cast<const std::uint8_t*>(source)[i]);
  data_[index] = take_delegated();
  return rmi(v1::kRmiDataCreate, {rd_.value, data_[index].value, ipa(index).value, copy.value, v1::kDataFlagMeasure})
      .ok();
}

bool RealmByHand::give(unsigned index) {
  data_[index] = take_delegated();
  return rmi(v1::kRmiDataCreateUnknown, {rd_.value, data_[index].value, ipa(index).value}).ok();
}

bool RealmByHand::share(abi::Pa granule) {
  const std::uint64_t descriptor = granule.value | kWriteBack | kReadWrite;
  shares_ = rmi(v1::kRmiRttMapUnprotected, {rd_.value, kShared.value, 3, descriptor}).ok();
  return shares_;
}

bool RealmByHand::add_rec(abi::Ipa entry, bool runnable) {
  const RmiResult count = rmi(v1::kRmiRecAuxCount, {rd_.value});
  if (!count.ok()) return false;
  aux_count_ = count.out[0];
  const std::uint64_t index = rec_count_;
  v1::RecParams params;
  params.flags = runnable ? v1::kRecFlagRunnable : 0;
  params.mpidr = index;
  params.pc = entry.value;
  params.gprs[0] = index;
  params.num_aux = aux_count_;
  for (std::uint64_t i = 0; i < aux_count_; ++i) {
    aux_[index][i] = take_delegated();
    params.aux[i] = aux_[index][i].value;
  }
  wipe(params_);
  abi::encode(params, bytes_of(params_));
  recs_[index] = take_delegated();
  ++rec_count_;
  return rmi(v1::kRmiRecCreate, {rd_.value, recs_[index].value, params_.value}).ok();
}

bool RealmByHand::activate() { return rmi(v1::kRmiRealmActivate, {rd_.value}).ok(); }

RmiResult RealmByHand::run(unsigned rec) {
  abi::encode(enter, bytes_of(run_page_, v1::kRecRunEnterOffset));
  const RmiResult result = rmi(v1::kRmiRecEnter, {recs_[rec].value, run_page_.value});
  exit = abi::decode<v1::RecExit>(bytes_of(run_page_, v1::kRecRunExitOffset));
  return result;
}

bool RealmByHand::destroy() {
  bool gone = true;
  for (std::uint64_t i = 0; i < rec_count_; ++i) {
    gone &= rmi(v1::kRmiRecDestroy, {recs_[i].value}).ok() && undelegate_and_use(recs_[i]);
    for (std::uint64_t aux = 0; aux < aux_count_; ++aux) gone &= undelegate_and_use(aux_[i][aux]);
  }
  for (unsigned i = 0; i < kMostGranules; ++i) {
    if (data_[i].value == 0) continue;
    const RmiResult result = rmi(v1::kRmiDataDestroy, {rd_.value, ipa(i).value});
    gone &= result.ok() && result.out[0] == data_[i].value && undelegate_and_use(data_[i]);
  }
  if (shares_) gone &= rmi(v1::kRmiRttUnmapUnprotected, {rd_.value, kShared.value, 3}).ok();
  for (const auto& [at, tables] : {std::pair{kMemory, memory_tables_}, std::pair{kShared, shared_tables_}}) {
    for (unsigned level = 3; level >= 1; --level) {
      const std::uint64_t base = abi::align_down(at.value, 1ULL << (12 + 9 * (4 - level)));
      gone &= rmi(v1::kRmiRttDestroy, {rd_.value, base, level}).ok() && undelegate_and_use(tables[level - 1]);
    }
  }
  gone &= rmi(v1::kRmiRealmDestroy, {rd_.value}).ok();
  return gone && undelegate_and_use(rd_) && undelegate_and_use(root_);
}

}  // namespace guest
