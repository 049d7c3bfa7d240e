#include "kernels/common/parallel.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace molten {
namespace {

thread_local bool inside = false;

int default_threads() {
    if (const char* text = std::getenv("MOLTEN_THREADS"))
        if (const int n = std::atoi(text); n > 0) return std::min(n, 256);
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0) return std::max(1, CPU_COUNT(&cores));
    return std::max(1u, std::thread::hardware_concurrency());
}

struct Job {
    detail::Chunk chunk = nullptr;
    void* context = nullptr;
    std::int64_t count = 0, grain = 1;
    std::atomic<std::int64_t> next{0};
    std::exception_ptr error;
    std::mutex error_lock;

    void work() {
        inside = true;
        for (std::int64_t begin; (begin = next.fetch_add(grain, std::memory_order_relaxed)) < count;) {
            try {
                chunk(context, begin, std::min(count, begin + grain));
            } catch (...) {
                const std::lock_guard guard(error_lock);
                if (!error) error = std::current_exception();
                next.store(count, std::memory_order_relaxed);
            }
        }
        inside = false;
    }
};

// Workers wait for a job number to change: a short spin, since kernels follow each other closely, then sleep.
class Pool {
  public:
    explicit Pool(int threads) {
        for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { serve(); });
    }
    ~Pool() {
        stop_ = true;
        publish(nullptr);
        for (auto& worker : workers_) worker.join();
    }
    int threads() const { return static_cast<int>(workers_.size()) + 1; }

    void run(Job& job) {
        busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
        publish(&job);
        job.work();
        for (int spin = 0; busy_.load(std::memory_order_acquire) != 0; ++spin)
            if (spin > kSpins) std::this_thread::yield();
        if (job.error) std::rethrow_exception(job.error);
    }

  private:
    static constexpr int kSpins = 4000;

    void publish(Job* job) {
        {
            const std::lock_guard guard(lock_);
            job_ = job;
            ticket_.fetch_add(1, std::memory_order_release);
        }
        wake_.notify_all();
    }

    void serve() {
        for (unsigned seen = 0;;) {
            for (int spin = 0; spin < kSpins && ticket_.load(std::memory_order_acquire) == seen; ++spin) pause();
            {
                std::unique_lock guard(lock_);
                wake_.wait(guard, [&] { return ticket_.load(std::memory_order_acquire) != seen; });
                seen = ticket_.load(std::memory_order_acquire);
            }
            if (stop_) return;
            job_->work();
            busy_.fetch_sub(1, std::memory_order_release);
        }
    }

    static void pause() {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }

    std::vector<std::thread> workers_;
    std::mutex lock_;
    std::condition_variable wake_;
    std::atomic<unsigned> ticket_{0};
    std::atomic<int> busy_{0};
    Job* job_ = nullptr;
    std::atomic<bool> stop_{false};
};

std::mutex pool_lock;  // one job at a time; also guards replacing the pool
Pool* pool = nullptr;  // never destroyed at exit: a worker may still be in use by another thread
pid_t pool_owner = 0;

// A forked child has the pool's memory but not its threads: it starts its own.
Pool& current_pool() {
    if (!pool || pool_owner != getpid()) {
        pool = new Pool(default_threads());
        pool_owner = getpid();
    }
    return *pool;
}

}  // namespace

int thread_count() {
    const std::lock_guard guard(pool_lock);
    return current_pool().threads();
}

void set_thread_count(int threads) {
    const std::lock_guard guard(pool_lock);
    threads = std::clamp(threads, 1, 256);
    if (pool && pool_owner == getpid()) {
        if (pool->threads() == threads) return;
        delete pool;
    }
    pool = new Pool(threads);
    pool_owner = getpid();
}

namespace detail {

void parallel_for(std::int64_t count, std::int64_t grain, Chunk chunk, void* context) {
    if (count <= 0) return;
    grain = std::max<std::int64_t>(grain, 1);
    const auto run_inline = [&] {
        for (std::int64_t begin = 0; begin < count; begin += grain) chunk(context, begin, std::min(count, begin + grain));
    };
    if (inside || count <= grain) return run_inline();
    const std::unique_lock guard(pool_lock, std::try_to_lock);
    if (!guard.owns_lock()) return run_inline();  // another thread's kernel holds the pool
    Pool& workers = current_pool();
    if (workers.threads() == 1) return run_inline();
    Job job;
    job.chunk = chunk, job.context = context, job.count = count, job.grain = grain;
    workers.run(job);
}

}  // namespace detail
}  // namespace molten
