// SPDX-License-Identifier: GPL-2.0-or-later
// SHA-256 over simulated state: walks value types by their members(), never by address. A struct whose members()
// forgets a field does not compile here.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "rmm/core/granule_table.h"

namespace sim::app {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::span<const std::byte> bytes);
  std::string hex();  // of everything so far

 private:
  void* handle_;
};

namespace detail {

struct AnyField {
  template <class T>
  operator T() const;  // only in unevaluated operands
};

template <class T, std::size_t... I>
constexpr bool initialisable_with(std::index_sequence<I...>) {
  return requires { T{((void)I, AnyField{})...}; };
}

template <class T, std::size_t N = 64>
constexpr std::size_t field_count() {
  if constexpr (N == 0 || initialisable_with<T>(std::make_index_sequence<N>{}))
    return N;
  else
    return field_count<T, N - 1>();
}

template <class T>
concept HasMembers = requires(T& value) {
  value.members();
};

}  // namespace detail

class StateHasher {
 public:
  template <class T>
  void add(const T& value) {
    if constexpr (detail::HasMembers<T>) {
      using Members = decltype(const_cast<T&>(value).members());
      if constexpr (std::is_aggregate_v<T>)
        static_assert(detail::field_count<T>() <= std::tuple_size_v<Members>,
                      "members() forgets a field of this state");
      std::apply([this](const auto&... member) { (this->add(member), ...); }, const_cast<T&>(value).members());
    } else if constexpr (std::has_unique_object_representations_v<T>) {
      sha_.update(std::as_bytes(std::span(&value, 1)));
    } else {
      add_container(value);
    }
  }
  std::string hex() { return sha_.hex(); }
  Sha256& sha() { return sha_; }

 private:
  template <class T>
  void add_range(const T& range) {
    add(static_cast<std::uint64_t>(range.size()));
    for (const auto& element : range) add(element);
  }
  template <class T, std::size_t N>
  void add_container(const std::array<T, N>& v) {
    for (const auto& element : v) add(element);
  }
  template <class T>
  void add_container(const std::vector<T>& v) {
    if constexpr (std::has_unique_object_representations_v<T> && !std::is_same_v<T, bool>) {
      add(static_cast<std::uint64_t>(v.size()));
      sha_.update(std::as_bytes(std::span(v)));
    } else {
      add_range(v);
    }
  }
  void add_container(const std::vector<bool>& v) {
    add(static_cast<std::uint64_t>(v.size()));
    for (const bool element : v) add(static_cast<std::uint8_t>(element));
  }
  template <class T>
  void add_container(const std::deque<T>& v) {
    add_range(v);
  }
  template <class T, class C>
  void add_container(const std::set<T, C>& v) {
    add_range(v);
  }
  template <class K, class V, class C>
  void add_container(const std::map<K, V, C>& v) {
    add_range(v);
  }
  template <class A, class B>
  void add_container(const std::pair<A, B>& v) {
    add(v.first);
    add(v.second);
  }
  template <class T>
  void add_container(const std::optional<T>& v) {
    add(static_cast<std::uint8_t>(v.has_value()));
    if (v) add(*v);
  }
  template <std::size_t N>
  void add_container(const std::bitset<N>& v) {
    for (std::size_t i = 0; i < N; i += 64)
      add(static_cast<std::uint64_t>(((v >> i) & std::bitset<N>(~0ULL)).to_ullong()));
  }
  void add_container(const std::string& v) {
    add(static_cast<std::uint64_t>(v.size()));
    sha_.update(std::as_bytes(std::span(v)));
  }
  void add_container(const rmm::core::GranuleTable& table) {
    table.for_each_delegated([this](abi::GranulePa pa, const rmm::core::Granule& granule) {
      add(pa);
      add(granule);
    });
  }

  Sha256 sha_;
};

}  // namespace sim::app
