#pragma once
#include <map>
#include <string>

#include "kernels/common/instance.h"
#include "kernels/common/workspace.h"
#include "tests/kernels/guarded.h"

// An op of a table with guarded buffers of its own, ready to run: in the dtype of a case or in tracked numbers, forward or backward.

namespace molten {

using Arrays = std::map<std::string, Array>;

// In which numbers an op runs: those of a dtype, or Tracked.
struct World {
    Backend backend;
    DType dtype;
    bool tracked = false;
    const char* variant = nullptr;
};

inline const World kOracle{Backend::reference, DType::f64}, kTracked{Backend::reference, DType::f64, true};

// What the backward pass is given, and which gradient it is not asked for.
struct Gradients {
    Arrays forward;     // outputs of the forward pass
    Arrays cotangents;  // by the outputs' names
    const char* without = nullptr;
};

class Bound {
  public:
    // Forward, or backward where `gradients` is given. Buffers begin `offset` elements past a 64-byte boundary.
    Bound(const Instance& instance, const World& world, const Gradients* gradients, std::size_t offset);

    void run(Workspace* scratch);

    // Damage done beside the outputs or to the inputs; empty when there is none.
    std::string damage() const;
    // By name; the gradient of x is "dx".
    Arrays outputs() const;
    // Otherwise `where` names a buffer that differs.
    bool same_bits(const Bound& other, std::string& where) const;

  private:
    struct Entry {
        Array shape;
        Guarded buffer;
    };
    Guarded& add(const std::string& name, const Array& array, bool gradient, unsigned char guard);
    void input(const std::string& name, const Array& array, bool gradient);
    void output(const std::string& name, const Array& shape, bool gradient);

    const OpCases& op_;
    World world_;
    bool backward_;
    std::size_t offset_;
    Problem problem_;
    std::map<std::string, Entry> buffers_;
};

Arrays run_once(const Instance& instance, const World& world, const Gradients* gradients);

}  // namespace molten
