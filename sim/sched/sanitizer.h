// SPDX-License-Identifier: GPL-2.0-or-later
// What AddressSanitizer must be told about stacks that are not the thread's own. Nothing in other builds.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define CCASIM_ASAN 1
#elif defined(__has_feature)  // clang doesn't define __SANITIZE_ADDRESS__
#if __has_feature(address_sanitizer)
#define CCASIM_ASAN 1
#endif
#endif

#ifdef CCASIM_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#define CCASIM_NO_ASAN __attribute__((no_sanitize("address")))
#else
#define CCASIM_NO_ASAN
#endif

namespace sim::sanitizer {

#ifdef CCASIM_ASAN
inline constexpr bool kAddress = true;
inline void start_switch(void** save, const void* bottom, std::size_t size) {
  __sanitizer_start_switch_fiber(save, bottom, size);
}
inline void finish_switch(void* save, const void** old_bottom, std::size_t* old_size) {
  __sanitizer_finish_switch_fiber(save, old_bottom, old_size);
}
inline void adopt_stack(void* bottom, std::size_t size) { __lsan_register_root_region(bottom, size); }
inline void drop_stack(void* bottom, std::size_t size) { __lsan_unregister_root_region(bottom, size); }
inline void clean_stack(void* bottom, std::size_t size) { __asan_unpoison_memory_region(bottom, size); }
#else
inline constexpr bool kAddress = false;
inline void start_switch(void**, const void*, std::size_t) {}
inline void finish_switch(void*, const void**, std::size_t*) {}
inline void adopt_stack(void*, std::size_t) {}
inline void drop_stack(void*, std::size_t) {}
inline void clean_stack(void*, std::size_t) {}
#endif

}  // namespace sim::sanitizer
