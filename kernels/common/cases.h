#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/common/launch.h"
#include "kernels/common/philox.h"

// One table an op: the tests, the gradient check, the benchmark and the support matrix all read it. A room's cases.cpp
// says which buffers the op has, on which shapes it is tried, and how a bound set of buffers becomes a call.

namespace molten {

enum class Backend : std::uint8_t { reference, cpu, cuda };

enum class Kind : std::uint8_t {
    value,      // the case's dtype
    statistic,  // statistic_dtype(case's dtype): means, 1/std, logsumexp
    index,      // i32, filled by OpCases::generate
    mask,       // u8, filled by OpCases::generate, or 0 and 1 by chance
};
enum class Gradient : std::uint8_t { no, yes };

// A buffer of the op. `shape` is written in the op's size names: "[rows, n]", "[batch*heads, rows+1]".
struct Operand {
    const char* name;
    const char* shape;
    Kind kind = Kind::value;
    Gradient gradient = Gradient::no;  // inputs: receives one; outputs: its cotangent is given to backward
    const char* present = nullptr;     // name of a size that is 0 where this operand is absent (a null pointer)
};

enum class Values : std::uint8_t { normal, large, tiny, positive, zeros, one_row_zero };

using Sizes = std::vector<std::int64_t>;  // in the order of OpCases::sizes

// One shape of an op with its buffers: what forward and backward of the table are called with. Backward finds the forward
// pass's buffers under their names, the cotangents of the outputs and the gradients it is to write under gradient(name).
class Problem {
  public:
    DType dtype = DType::f32;
    std::map<std::string, std::int64_t, std::less<>> sizes;
    std::map<std::string, void*, std::less<>> buffers;    // absent operands are missing or null
    std::map<std::string, void*, std::less<>> gradients;  // the same for d loss / d operand
    PhiloxKey random{0x6d6f6c74656e, 1};                  // for generate() and for ops that draw random numbers

    std::int64_t size(std::string_view name) const { return sizes.find(name)->second; }
    void* at(std::string_view name) const { return find(buffers, name); }
    void* gradient(std::string_view name) const { return find(gradients, name); }
    template <class T>
    T* at(std::string_view name) const { return static_cast<T*>(at(name)); }

  private:
    static void* find(const std::map<std::string, void*, std::less<>>& map, std::string_view name) {
        const auto it = map.find(name);
        return it == map.end() ? nullptr : it->second;
    }
};

struct OpCases {
    std::string_view op;
    std::vector<const char*> sizes;  // the names of the numbers in a shape row
    std::vector<Operand> inputs, outputs;
    std::vector<DType> dtypes = {DType::f64, DType::f32, DType::bf16};
    std::vector<Sizes> shapes;
    std::vector<Values> values = {Values::normal};
    std::vector<const char*> variants = {};  // of the CPU kernel, the default first; empty: one unnamed

    // Calls the op of that backend; T of the reference is chosen by `tracked` (see tracked.h) or problem.dtype.
    void (*forward)(Backend, bool tracked, const Launch&, const Problem&);
    void (*backward)(Backend, bool tracked, const Launch&, const Problem&) = nullptr;
    // Fills indices, masks, offsets, and adjusts inputs that must satisfy something (called after the random fill; values
    // are double at that moment and converted to the case's dtype afterwards).
    void (*generate)(Problem&) = nullptr;
    bool (*supports)(std::string_view variant, DType, const Problem&) = nullptr;  // null: every variant supports all

    double (*bytes)(const Problem&) = nullptr;  // moved at least once, forward
    double (*flops)(const Problem&) = nullptr;  // forward
    double slack = 1;                           // multiplies the analytic budget; anything but 1 needs a reason beside it
    std::vector<Sizes> benchmarks = {};         // shapes worth timing; without them the benchmark takes the two largest tested
};

// dispatch for the reference side: T = Tracked, or the C++ type of the dtype.
template <class Tracked, class F>
void dispatch_reference(bool tracked, DType dtype, F&& f) {
    if (tracked) return f.template operator()<Tracked>();
    dispatch(dtype, static_cast<F&&>(f));
}

}  // namespace molten
