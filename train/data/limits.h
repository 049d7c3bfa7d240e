#pragma once
#include <cstddef>
#include <cstdint>

namespace molten::data {

// What one input file may ask of us. Every cap has a flag of the same name (`--max-field-bytes` ...); the error that a cap
// raises names that flag.
struct Limits {
    std::size_t max_field_bytes = std::size_t{1} << 20;  // one cell, one line of an SMI or SDF file, one mol block
    std::size_t max_row_bytes = std::size_t{4} << 20;    // one row, one SDF record
    std::size_t max_columns = 10'000;
    std::uint64_t max_inflated_bytes = std::uint64_t{16} << 30;  // what a .gz file may unpack to
    std::uint64_t max_inflation = 200;                           // unpacked : packed, looked at beyond 64 MiB unpacked
};

}  // namespace molten::data
