#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chem/featurize/features.h"

namespace molten::chem {

struct PoolOptions {
    int workers = 0;      // processes; 0: one a processor that this process may use
    bool isolate = true;  // false: in this process, one row after the other, with no time or memory limit (for debugging)
    // Called before each row in the process that computes it: a place for tests to misbehave.
    std::function<void(std::string_view text)> before_each = {};
};

// Rows delivered so far, of how many. Called from the thread that runs the pool, at least once, last with (total, total).
using Progress = std::function<void(std::size_t done, std::size_t total)>;

// Takes one row's features; rows arrive in order.
using FeatureSink = std::function<void(std::size_t row, Features&& features)>;

// Guarded worker processes, forked when the pool is made: make it before threads and before a GPU is touched. A row that exceeds
// limits.seconds of processor time, or that long plus 0.4 s of waiting, one that exceeds limits.memory_mib and one that kills its worker
// comes back refused with its reason; the worker is replaced and no other row is touched. Not for use by two threads at once.
class Pool {
  public:
    // Throws std::system_error when no process can be had, std::invalid_argument for a request that no molecule could satisfy.
    explicit Pool(FeatureRequest request, PoolOptions options = {});
    ~Pool();
    Pool(Pool&&) noexcept;
    Pool& operator=(Pool&&) noexcept;

    // One call of `sink` a row, in order. At most some thousand finished rows wait for a slow one.
    void run(std::span<const std::string> texts, const FeatureSink& sink, const Progress& progress = {});

    // The same into a vector: result[i] belongs to texts[i].
    std::vector<Features> run(std::span<const std::string> texts, const Progress& progress = {});

    int workers() const;       // processes; 0 without isolation
    int replacements() const;  // workers that were lost or ended, so far

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// A pool for one call.
std::vector<Features> featurize_all(std::span<const std::string> texts, const FeatureRequest& request = {}, PoolOptions options = {},
                                    const Progress& progress = {});

}  // namespace molten::chem
