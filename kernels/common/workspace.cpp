#include "kernels/common/workspace.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace molten {
namespace {

constexpr std::size_t kAlign = 64;
constexpr std::size_t kSmallestBlock = std::size_t{1} << 20;

void* allocate_host(std::size_t bytes) {
    void* memory = std::aligned_alloc(kAlign, bytes);
    if (!memory) throw std::bad_alloc();
    return memory;
}

void release_host(void* memory) { std::free(memory); }

std::size_t round_up(std::size_t bytes) { return (std::max<std::size_t>(bytes, 1) + kAlign - 1) / kAlign * kAlign; }

}  // namespace

Workspace::Workspace() : Workspace(allocate_host, release_host) {}
Workspace::Workspace(Allocate allocate, Release release) : allocate_(allocate), release_(release) {}
Workspace::~Workspace() {
    for (const Block& block : blocks_) release_(block.memory);
}

void* Workspace::push(const char* name, std::size_t bytes) {
    bytes = round_up(bytes);
    std::size_t b = entries_.empty() ? 0 : entries_.back().block;  // last in, first out: never before the newest entry's block
    while (b < blocks_.size() && blocks_[b].size - blocks_[b].used < bytes) ++b;
    if (b == blocks_.size()) {
        const std::size_t size = std::max({bytes, kSmallestBlock, blocks_.empty() ? 0 : 2 * blocks_.back().size});
        blocks_.push_back({static_cast<char*>(allocate_(size)), size, 0});
    }
    void* memory = blocks_[b].memory + blocks_[b].used;
    blocks_[b].used += bytes;
    entries_.push_back({name, bytes, b});
    in_use_ += bytes;
    if (in_use_ > high_water_) {
        high_water_ = in_use_;
        high_water_names_.clear();
        for (const Entry& entry : entries_) high_water_names_ += (high_water_names_.empty() ? "" : ", ") + std::string(entry.name);
    }
    return memory;
}

void Workspace::pop() {
    const Entry entry = entries_.back();
    entries_.pop_back();
    blocks_[entry.block].used -= entry.bytes;
    in_use_ -= entry.bytes;
}

Workspace& thread_workspace() {
    thread_local Workspace workspace;
    return workspace;
}

}  // namespace molten
