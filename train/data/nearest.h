#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace molten::data {

// Damerau-Levenshtein distance in its restricted form (optimal string alignment): insertions, deletions, substitutions and swaps
// of neighbours, each at 1. Bytes, case ignored. Names beyond 128 bytes are compared by their first 128.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate a person may have meant by `name`: the smallest edit distance, if it is at most a third of the longer name
// (at least 1); else a candidate that contains the name, or is contained in it, from 3 letters up; else "".
// Ties go to the earlier candidate. Commands, flags, keys, columns and files all ask here.
std::string nearest(std::string_view name, std::span<const std::string> candidates);

// " Did you mean 'X'?" or "".
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace molten::data
