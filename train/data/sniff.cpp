#include <array>
#include <cstddef>
#include <vector>

#include "train/data/csv.h"

namespace molten::data {

namespace {

constexpr std::size_t rows_looked_at = 50;

// Number of fields of each of the first rows. The last row counts only where the file ends with it.
std::vector<std::size_t> field_counts(std::string_view head, bool complete, bool quotes, char delimiter) {
    std::vector<std::size_t> counts;
    std::size_t fields = 1;
    bool quoted = false, field_start = true, any = false;
    for (std::size_t i = 0; i < head.size() && counts.size() < rows_looked_at; ++i) {
        const char c = head[i];
        if (quoted) {
            if (c == '"' && i + 1 < head.size() && head[i + 1] == '"') {
                ++i;
            } else if (c == '"') {
                quoted = false;
            }
        } else if (quotes && c == '"' && field_start) {
            quoted = true;
            any = true;
            field_start = false;
        } else if (c == '\n' || c == '\r') {
            if (any) counts.push_back(fields);  // blank lines say nothing
            fields = 1;
            any = false;
            field_start = true;
        } else {
            fields += c == delimiter;
            field_start = c == delimiter;
            any = true;
        }
    }
    if (any && complete && !quoted && counts.size() < rows_looked_at) counts.push_back(fields);
    return counts;
}

}  // namespace

char sniff_delimiter(std::string_view head, bool complete, bool quotes, char preferred) {
    char best = preferred;
    double best_share = 0;
    for (const char candidate : std::array{preferred, ',', '\t', ';'}) {
        const auto counts = field_counts(head, complete, quotes, candidate);
        if (counts.empty() || counts[0] < 2) continue;
        std::size_t equal = 0;
        for (const std::size_t count : counts) equal += count == counts[0];
        const double share = static_cast<double>(equal) / static_cast<double>(counts.size());
        if (share > best_share) {
            best = candidate;
            best_share = share;
        }
    }
    return best;
}

}  // namespace molten::data
