#include "engine/memory/storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <mutex>

#include "engine/core/error.h"
#include "kernels/common/workspace.h"

namespace molten {
namespace {

struct Tag {
    MemoryKind kind = MemoryKind::tape;
    std::string name = "tensor";
};
thread_local Tag current_tag;

struct Count {
    std::size_t bytes = 0, count = 0;
};

constexpr std::size_t kAlign = 64;

// Host memory that is kept for reuse by size class; given back to the system when an allocation fails or on request.
class Pool {
  public:
    void* allocate(std::size_t bytes, const Tag& tag, std::uint32_t& name) {
        const std::lock_guard guard(lock_);
        ++requests_;
        const std::size_t size = round_up(bytes);
        if (limit_ && in_use_ + size > limit_) throw out_of_memory(size, tag);
        void* memory = take_cached(size);
        if (memory)
            ++reused_;
        else
            memory = std::aligned_alloc(kAlign, size);
        if (!memory) {
            release_cached();
            memory = std::aligned_alloc(kAlign, size);
        }
        if (!memory) throw out_of_memory(size, tag);
        name = index_of(tag);
        Count& count = counts_[name];
        count.bytes += size;
        ++count.count;
        in_use_ += size;
        if (in_use_ > peak_) {
            peak_ = in_use_;
            peak_counts_dirty_ = true;
        }
        return memory;
    }

    void release(void* memory, std::size_t bytes, std::uint32_t name) {
        const std::lock_guard guard(lock_);
        if (peak_counts_dirty_) {  // the peak ends here: this is what it was made of
            peak_counts_ = counts_;
            peak_counts_dirty_ = false;
        }
        const std::size_t size = round_up(bytes);
        counts_[name].bytes -= size;
        --counts_[name].count;
        in_use_ -= size;
        cached_ += size;
        free_.emplace(size, memory);
    }

    void release_cached() {
        for (const auto& [size, memory] : free_) std::free(memory);
        free_.clear();
        cached_ = 0;
    }
    void release_cached_locked() {
        const std::lock_guard guard(lock_);
        release_cached();
    }
    void set_limit(std::size_t bytes) {
        const std::lock_guard guard(lock_);
        limit_ = bytes;
    }
    void reset_peak() {
        const std::lock_guard guard(lock_);
        peak_ = in_use_;
        peak_counts_ = counts_;
        peak_counts_dirty_ = false;
    }
    MemoryReport report() {
        const std::lock_guard guard(lock_);
        return report_locked();
    }

  private:
    static std::size_t round_up(std::size_t bytes) { return (std::max<std::size_t>(bytes, 1) + kAlign - 1) / kAlign * kAlign; }

    // Sizes come as classes (see size_class), so an exact fit is the common case and a block never changes its size.
    void* take_cached(std::size_t size) {
        const auto it = free_.find(size);
        if (it == free_.end()) return nullptr;
        void* memory = it->second;
        cached_ -= size;
        free_.erase(it);
        return memory;
    }

    std::uint32_t index_of(const Tag& tag) {
        const auto key = std::pair(tag.kind, tag.name);
        const auto [it, inserted] = index_.try_emplace(key, static_cast<std::uint32_t>(counts_.size()));
        if (inserted) counts_.emplace_back();
        return it->second;
    }

    std::vector<MemoryLine> lines(const std::vector<Count>& counts) const {
        std::vector<MemoryLine> result;
        for (const auto& [key, i] : index_)
            if (i < counts.size() && counts[i].bytes) result.push_back({key.first, key.second, counts[i].bytes, counts[i].count});
        std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
        return result;
    }

    MemoryReport report_locked() const {
        MemoryReport report;
        report.in_use = in_use_;
        report.peak = peak_;
        report.cached = cached_;
        report.requests = requests_;
        report.reused = reused_;
        report.now = lines(counts_);
        report.at_peak = lines(peak_counts_dirty_ ? counts_ : peak_counts_);
        report.scratch_peak = thread_workspace().high_water();
        report.scratch_names = thread_workspace().high_water_names();
        return report;
    }

    Error out_of_memory(std::size_t size, const Tag& tag) const {
        return Error(ExitCode::resources,
                     fmt::format("out of memory: {:.1f} MiB wanted for {} ({}), {:.1f} MiB in use, peak {:.1f} MiB{}\n{}", size / 1048576.0,
                                 tag.name, name_of(tag.kind), in_use_ / 1048576.0, peak_ / 1048576.0,
                                 limit_ ? fmt::format(", limit {:.1f} MiB", limit_ / 1048576.0) : "", report_locked().text()),
                     "use a smaller --batch-size or a smaller model, or raise MOLTEN_MEMORY_LIMIT if it is set");
    }

    std::mutex lock_;
    std::multimap<std::size_t, void*> free_;
    std::map<std::pair<MemoryKind, std::string>, std::uint32_t> index_;
    std::vector<Count> counts_, peak_counts_;
    std::size_t in_use_ = 0, peak_ = 0, cached_ = 0, limit_ = 0;
    std::uint64_t requests_ = 0, reused_ = 0;
    bool peak_counts_dirty_ = false;
};

Pool& pool() {
    static Pool* instance = [] {  // never destroyed: tensors in static storage may outlive any order of destruction
        auto* made = new Pool;
        if (const char* text = std::getenv("MOLTEN_MEMORY_LIMIT")) made->set_limit(std::strtoull(text, nullptr, 10));
        return made;
    }();
    return *instance;
}

// Sizes are rounded to classes an eighth of a power of two apart, so that batches of slightly different molecules reuse
// each other's memory.
std::size_t size_class(std::size_t bytes) {
    std::size_t step = 64;
    while (step * 16 < bytes) step *= 2;
    return (bytes + step - 1) / step * step;
}

}  // namespace

std::string_view name_of(MemoryKind kind) {
    constexpr std::array<std::string_view, kMemoryKinds> names = {"weights", "gradients", "optimiser", "tape", "data"};
    return names[static_cast<std::size_t>(kind)];
}

MemoryScope::MemoryScope(MemoryKind kind, std::string_view name) : kind_(current_tag.kind), name_(std::move(current_tag.name)) {
    current_tag.kind = kind;
    current_tag.name = name;
}
MemoryScope::~MemoryScope() {
    current_tag.kind = kind_;
    current_tag.name = std::move(name_);
}

Storage::Storage(std::size_t bytes, Device device) : bytes_(size_class(bytes)), device_(device), kind_(current_tag.kind) {
    if (device != Device::cpu)
        throw Error(ExitCode::resources, "a tensor was asked for on cuda, but this molten is built without CUDA",
                    "build with the cuda preset, or use --device cpu");
    data_ = pool().allocate(bytes_, current_tag, name_);
}
Storage::~Storage() {
    if (data_) pool().release(data_, bytes_, name_);
}

std::string MemoryReport::text() const {
    const auto mib = [](std::size_t bytes) { return static_cast<double>(bytes) / 1048576.0; };
    std::string result = fmt::format(
        "memory: {:.1f} MiB in use, peak {:.1f} MiB, {:.1f} MiB cached, {:.1f} MiB kernel scratch{}, {} requests ({} reused)\n",
        mib(in_use), mib(peak), mib(cached), mib(scratch_peak), scratch_names.empty() ? "" : " (" + scratch_names + ")", requests, reused);
    result += fmt::format("{:<10} {:<28} {:>12} {:>8}\n", "kind", "name at the peak", "MiB", "tensors");
    for (const MemoryLine& line : at_peak)
        result += fmt::format("{:<10} {:<28} {:>12.3f} {:>8}\n", name_of(line.kind), line.name, mib(line.bytes), line.count);
    return result;
}

MemoryReport memory_report() { return pool().report(); }
void reset_peak_memory() { pool().reset_peak(); }
void release_cached_memory() { pool().release_cached_locked(); }
void set_memory_limit(std::size_t bytes) { pool().set_limit(bytes); }

}  // namespace molten
