#include "train/data/nearest.h"

#include <algorithm>
#include <vector>

#include "train/data/text.h"

namespace molten::data {

std::size_t edit_distance(std::string_view a_in, std::string_view b_in) {
    const std::string a = lower(a_in.substr(0, 128)), b = lower(b_in.substr(0, 128));
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
    const std::string* best = nullptr;
    std::size_t best_distance = 0;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(name, candidate);
        const std::size_t allowed = std::max<std::size_t>(1, std::min<std::size_t>(128, std::max(name.size(), candidate.size())) / 3);
        if (distance > allowed || candidate.empty()) continue;
        if (best == nullptr || distance < best_distance) {
            best = &candidate;
            best_distance = distance;
        }
    }
    if (best != nullptr) return *best;
    const std::string wanted = lower(name);
    for (const std::string& candidate : candidates) {
        const std::string have = lower(candidate);
        if (std::min(have.size(), wanted.size()) < 3) continue;
        if (have.find(wanted) != std::string::npos || wanted.find(have) != std::string::npos) return candidate;
    }
    return {};
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
    const std::string found = nearest(name, candidates);
    return found.empty() ? std::string() : " Did you mean '" + excerpt(found) + "'?";
}

}  // namespace molten::data
