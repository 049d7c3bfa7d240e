#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "kernels/common/launch.h"

namespace molten {

// Named last-in-first-out scratch memory for kernels. It grows in blocks that stay allocated, so a step that has run once
// allocates nothing when it runs again, and it remembers the most that was ever in use and by whom.
class Workspace {
  public:
    using Allocate = void* (*)(std::size_t bytes);
    using Release = void (*)(void*);

    Workspace();  // host memory, 64-byte aligned
    Workspace(Allocate, Release);
    ~Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    void* push(const char* name, std::size_t bytes);  // 64-byte aligned, uninitialised
    void pop();                                       // releases the newest

    std::size_t in_use() const { return in_use_; }
    std::size_t high_water() const { return high_water_; }
    const std::string& high_water_names() const { return high_water_names_; }  // who held memory at that moment

  private:
    struct Block {
        char* memory;
        std::size_t size, used;
    };
    struct Entry {
        const char* name;
        std::size_t bytes, block;
    };
    Allocate allocate_;
    Release release_;
    std::vector<Block> blocks_;
    std::vector<Entry> entries_;
    std::size_t in_use_ = 0, high_water_ = 0;
    std::string high_water_names_;
};

// `Scratch<float> sums(launch, "layer_norm dweight", n);` gives n floats until the end of the scope. A launch without a
// workspace uses one that belongs to the calling thread.
template <class T>
class Scratch {
  public:
    Scratch(const Launch& launch, const char* name, std::size_t count);
    ~Scratch() { workspace_->pop(); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    T* data() { return data_; }
    T& operator[](std::size_t i) { return data_[i]; }

  private:
    Workspace* workspace_;
    T* data_;
};

Workspace& thread_workspace();

template <class T>
Scratch<T>::Scratch(const Launch& launch, const char* name, std::size_t count)
    : workspace_(launch.scratch ? launch.scratch : &thread_workspace()),
      data_(static_cast<T*>(workspace_->push(name, count * sizeof(T)))) {}

}  // namespace molten
