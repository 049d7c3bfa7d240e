#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace molten::data {

// Rows that stay together in a split, ascending.
using Group = std::vector<std::int64_t>;

// Groups of equal label, in the order of their first rows.
std::vector<Group> groups_of(std::span<const std::string> labels);

// Groups of rows connected by an equal scaffold or an equal key, directly or through other rows, in the order of their first rows.
std::vector<Group> connected_groups(std::span<const std::string> scaffolds, std::span<const std::string> keys);

// Takes groups, in their order, that fit into `wanted` rows out of `pool`, and returns their rows. Where room is left then, gives back up
// to 64 of the last ones and fills that room exactly if any choice of groups does.
Group take(std::vector<Group>& pool, std::size_t wanted);

}  // namespace molten::data
