#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/common/cases.h"

// One row of an op's table made concrete: named sizes, shapes of the buffers and seeded input numbers. The tests and the
// benchmarks both start from here.

namespace molten {

using NamedSizes = std::map<std::string, std::int64_t, std::less<>>;

// Value of a size expression such as "batch*heads" or "(rows+1)/2": names, numbers, + - * / and parentheses. Throws
// KernelError on a syntax error, an unknown name, overflow, a division by zero or a negative result.
std::int64_t evaluate_size(std::string_view expression, const NamedSizes&);

// The extents of "[batch*heads, rows+1]"; "[]" is a scalar.
std::vector<std::int64_t> evaluate_shape(std::string_view shape, const NamedSizes&);

NamedSizes name_sizes(const OpCases&, const Sizes&);
bool is_present(const Operand&, const NamedSizes&);

// The dtype in which a buffer of this kind is stored when the case runs in `dtype`.
constexpr DType stored_dtype(Kind kind, DType dtype) {
    switch (kind) {
        case Kind::value: return dtype;
        case Kind::statistic: return statistic_dtype(dtype);
        case Kind::index: return DType::i32;
        case Kind::mask: return DType::u8;
    }
    return dtype;
}

// The numbers of a buffer; indices and masks are held as doubles too, exactly. `errors` is filled by the tracked reference.
struct Array {
    Kind kind = Kind::value;
    std::vector<std::int64_t> shape;
    std::vector<double> numbers, errors;

    std::int64_t count() const { return static_cast<std::int64_t>(numbers.size()); }
};

Array make_array(const Operand&, const NamedSizes&);
void store(const Array&, DType stored, void* memory);
void load(Array&, DType stored, const void* memory);
void round_to(Array&, DType stored);

// Standard normal numbers of stream `stream` of `seed`, shaped by `values`.
void fill(Array&, Values values, std::uint64_t seed, std::uint64_t stream);

struct Instance {
    const OpCases* op = nullptr;
    NamedSizes sizes;
    Values values = Values::normal;
    std::uint64_t seed = 0;
    std::map<std::string, Array> inputs;  // those that are present

    std::string describe() const;  // "[rows=3, n=31] values=normal seed=7"
};

Instance make_instance(const OpCases&, const Sizes&, Values, std::uint64_t seed);

std::string_view name_of(Values);

}  // namespace molten
