#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace molten::baselines {

// Calls work(begin, end) for pieces of [0, count) of at most `grain`, from several threads (0: one per core) that take pieces as they come.
// Returns when all are done; the first exception is thrown again. Results must not depend on which thread does what.
template <class Work>
void parallel_for(std::size_t count, std::size_t grain, int threads, const Work& work) {
    if (count == 0) return;
    grain = std::max<std::size_t>(grain, 1);
    const std::size_t pieces = (count + grain - 1) / grain;
    const std::size_t wanted = threads > 0 ? static_cast<std::size_t>(threads) : std::max(1u, std::thread::hardware_concurrency());
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex failure_mutex;
    const auto run = [&] {
        try {
            for (std::size_t piece; (piece = next.fetch_add(1)) < pieces;) work(piece * grain, std::min(count, (piece + 1) * grain));
        } catch (...) {
            const std::lock_guard lock(failure_mutex);
            if (!failure) failure = std::current_exception();
            next = pieces;
        }
    };
    {
        std::vector<std::jthread> helpers;
        for (std::size_t i = 1; i < std::min(wanted, pieces); ++i) helpers.emplace_back(run);
        run();
    }
    if (failure) std::rethrow_exception(failure);
}

}  // namespace molten::baselines
