#include "train/data/groups.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <unordered_map>

namespace molten::data {

std::vector<Group> groups_of(std::span<const std::string> labels) {
    std::unordered_map<std::string_view, std::size_t> index;
    std::vector<Group> groups;
    for (std::size_t row = 0; row < labels.size(); ++row) {
        const auto [place, fresh] = index.emplace(labels[row], groups.size());
        if (fresh) groups.emplace_back();
        groups[place->second].push_back(static_cast<std::int64_t>(row));
    }
    return groups;
}

std::vector<Group> connected_groups(std::span<const std::string> scaffolds, std::span<const std::string> keys) {
    std::vector<std::size_t> parent(keys.size());
    std::iota(parent.begin(), parent.end(), std::size_t{0});
    const auto root = [&](std::size_t i) {
        while (parent[i] != i) i = parent[i] = parent[parent[i]];
        return i;
    };
    for (const auto& labels : {scaffolds, keys})
        for (const Group& group : groups_of(labels))
            for (const std::int64_t row : group) {
                const std::size_t a = root(static_cast<std::size_t>(group[0])), b = root(static_cast<std::size_t>(row));
                parent[std::max(a, b)] = std::min(a, b);
            }
    std::map<std::size_t, Group> by_root;
    for (std::size_t row = 0; row < keys.size(); ++row) by_root[root(row)].push_back(static_cast<std::int64_t>(row));
    std::vector<Group> groups;
    for (auto& [first, group] : by_root) groups.push_back(std::move(group));
    return groups;
}

namespace {

using Counts = std::map<std::size_t, std::size_t>;  // group size to number of groups

// How many groups of each size make exactly `room` rows, out of `available`; empty where nothing does (bounded subset sum: for each sum the
// size that reached it first, and how often that size was used).
Counts exact_counts(const Counts& available, std::size_t room) {
    std::vector<std::size_t> via(room + 1, 0);
    for (const auto& [size, count] : available) {
        std::vector<std::size_t> used(room + 1, 0);
        for (std::size_t sum = size; sum <= room; ++sum) {
            const bool from = sum == size || via[sum - size] != 0;
            if (via[sum] != 0 || !from || used[sum - size] == count) continue;
            via[sum] = size;
            used[sum] = used[sum - size] + 1;
        }
    }
    Counts counts;
    if (via[room] == 0) return counts;
    for (std::size_t sum = room; sum > 0; sum -= via[sum]) ++counts[via[sum]];
    return counts;
}

}  // namespace

Group take(std::vector<Group>& pool, std::size_t wanted) {
    constexpr std::size_t most_given_back = 64;
    std::vector<Group> taken, left;
    std::size_t room = wanted;
    for (Group& group : pool) {
        const bool fits = group.size() <= room;
        if (fits) room -= group.size();
        (fits ? taken : left).push_back(std::move(group));
    }
    Counts available, chosen;
    for (const Group& group : left) ++available[group.size()];
    std::size_t open = room, given_back = 0;
    while (room > 0 && chosen.empty() && given_back < std::min(taken.size(), most_given_back)) {
        const std::size_t size = taken[taken.size() - ++given_back].size();
        ++available[size];
        open += size;
        chosen = exact_counts(available, open);
    }
    if (!chosen.empty()) {
        left.insert(left.begin(), std::make_move_iterator(taken.end() - static_cast<std::ptrdiff_t>(given_back)),
                    std::make_move_iterator(taken.end()));
        taken.resize(taken.size() - given_back);
        std::vector<Group> rest;
        for (Group& group : left) {
            const auto wish = chosen.find(group.size());
            const bool wished = wish != chosen.end() && wish->second > 0;
            if (wished) --wish->second;
            (wished ? taken : rest).push_back(std::move(group));
        }
        left = std::move(rest);
    }
    pool = std::move(left);
    Group rows;
    for (const Group& group : taken) rows.insert(rows.end(), group.begin(), group.end());
    return rows;
}

}  // namespace molten::data
