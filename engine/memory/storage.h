#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/device.h"

namespace molten {

// What memory is for. Weights, gradients and optimiser state live as long as the model; the tape's tensors come and go
// every step and are recycled by the caching pool.
enum class MemoryKind : std::uint8_t { weights, gradients, optimiser, tape, data };
constexpr int kMemoryKinds = 5;
std::string_view name_of(MemoryKind);

// Allocations of this thread until the end of the scope are of this kind and carry this name in the report.
class MemoryScope {
  public:
    MemoryScope(MemoryKind, std::string_view name);
    ~MemoryScope();
    MemoryScope(const MemoryScope&) = delete;
    MemoryScope& operator=(const MemoryScope&) = delete;

  private:
    MemoryKind kind_;
    std::string name_;
};

// A block of memory that tensors share, from the pool of its device.
class Storage {
  public:
    Storage(std::size_t bytes, Device);
    ~Storage();
    Storage(const Storage&) = delete;
    Storage& operator=(const Storage&) = delete;

    void* data() const { return data_; }
    std::size_t bytes() const { return bytes_; }
    Device device() const { return device_; }
    std::uint32_t version() const { return version_; }
    void count_write() { ++version_; }

  private:
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
    Device device_ = Device::cpu;
    MemoryKind kind_ = MemoryKind::tape;
    std::uint32_t name_ = 0;  // index into the report's names
    std::uint32_t version_ = 0;
};

struct MemoryLine {
    MemoryKind kind;
    std::string name;
    std::size_t bytes, count;
};

struct MemoryReport {
    std::size_t in_use = 0, peak = 0;   // bytes in tensors
    std::size_t cached = 0;             // kept by the pool for reuse
    std::size_t scratch_peak = 0;       // kernels' workspace
    std::string scratch_names;
    std::vector<MemoryLine> now, at_peak;  // largest first
    std::uint64_t requests = 0, reused = 0;

    std::string text() const;           // the table a person reads
};

MemoryReport memory_report();
void reset_peak_memory();
void release_cached_memory();

// Refuse allocations beyond this many bytes of tensors (0: no limit). MOLTEN_MEMORY_LIMIT sets it at start. The error is
// exit code 4 and carries the report; whoever catches it can free tensors and go on.
void set_memory_limit(std::size_t bytes);

}  // namespace molten
