#pragma once
#include <cstdint>
#include <type_traits>

namespace molten {

// Threads of the CPU kernels: MOLTEN_THREADS, else the cores this process may use. The count changes no result: work is cut
// into chunks by its size alone, and sums over chunks are added in the order of the chunks.
int thread_count();
void set_thread_count(int threads);

namespace detail {
using Chunk = void (*)(void* context, std::int64_t begin, std::int64_t end);
void parallel_for(std::int64_t count, std::int64_t grain, Chunk, void* context);
}  // namespace detail

// Calls body(begin, end) for consecutive ranges of at most `grain` items that cover [0, count); chunk c is
// [c * grain, min(count, (c + 1) * grain)). Runs inline when there is one chunk, one thread, or inside another parallel_for.
// Choose the grain so that a chunk is worth some 20 microseconds. An exception in a chunk is rethrown to the caller.
template <class Body>
void parallel_for(std::int64_t count, std::int64_t grain, Body&& body) {
    detail::parallel_for(
        count, grain, [](void* context, std::int64_t begin, std::int64_t end) { (*static_cast<std::remove_reference_t<Body>*>(context))(begin, end); },
        const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace molten
