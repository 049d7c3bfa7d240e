#include "chem/guard/guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace molten::chem {
namespace {

constexpr std::array<std::string_view, reason_count> names = {
    "none",     "empty",          "blank",          "control_byte",       "non_ascii",
    "too_long", "too_many_atoms", "too_many_rings", "too_many_fragments", "parse_error",
    "no_atoms", "valence",        "kekulize",       "sanitize_error",     "rdkit_error",
    "timeout",  "memory",         "crashed"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// `inside` is what stands between [ and ]. Hydrogen is H, not He, Hf, Hg, Ho or Hs.
bool bracket_is_hydrogen(std::string_view inside) {
    std::size_t i = 0;
    while (i < inside.size() && is_digit(inside[i])) ++i;
    return i < inside.size() && inside[i] == 'H' && (i + 1 == inside.size() || !is_lower(inside[i + 1]));
}

// Length of the ring closure that starts at `i`: 1, %12 or %(123).
std::size_t ring_closure_length(std::string_view smiles, std::size_t i) {
    if (smiles[i] != '%') return 1;
    if (i + 1 < smiles.size() && smiles[i + 1] == '(') {
        std::size_t end = i + 2;
        while (end < smiles.size() && is_digit(smiles[end])) ++end;
        return (end < smiles.size() && smiles[end] == ')') ? end + 1 - i : end - i;
    }
    std::size_t end = i + 1;
    while (end < smiles.size() && end < i + 3 && is_digit(smiles[end])) ++end;
    return end - i;
}

Verdict refused(Reason reason, std::string message) { return {reason, std::move(message)}; }

// First byte that may not occur, as a verdict.
Verdict check_bytes(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte == ' ' || byte == '\t') return refused(Reason::blank, fmt::format("white space at character {}", i + 1));
        if (byte < 32 || byte == 127)
            return refused(Reason::control_byte, fmt::format("control byte 0x{:02x} at character {}", byte, i + 1));
        if (byte > 127) return refused(Reason::non_ascii, fmt::format("byte 0x{:02x} at character {} is not ASCII", byte, i + 1));
    }
    return {};
}

// The same for the lines of a mol block, where white space is layout and the three header lines may hold any language.
Verdict check_lines(std::string_view text) {
    int line = 1;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n') ++line;
        if (c == '\n' || c == '\r' || c == '\t') continue;
        if (byte < 32 || byte == 127) return refused(Reason::control_byte, fmt::format("control byte 0x{:02x} in line {}", byte, line));
        if (byte > 127 && line > 3) return refused(Reason::non_ascii, fmt::format("byte 0x{:02x} in line {} is not ASCII", byte, line));
    }
    return {};
}

bool only_white_space(std::string_view text) { return text.find_first_not_of(" \t") == std::string_view::npos; }

Verdict over(Reason reason, std::int64_t found, const char* what, const char* cap, std::int64_t limit) {
    return refused(reason, fmt::format("{} {}, more than {} = {}", found, what, cap, limit));
}

struct Announced {
    int atoms = -1, bonds = -1;
};

// A count of at most `width` characters, blanks before it; -1 when there is no digit. Takes it off `text`.
int take_count(std::string_view& text, std::size_t width) {
    std::string_view field = text.substr(0, width);
    const std::size_t blanks = std::min(field.find_first_not_of(' '), field.size());
    std::size_t end = blanks;
    int value = 0;
    for (; end < field.size() && is_digit(field[end]) && end < blanks + 9; ++end) value = value * 10 + (field[end] - '0');
    text.remove_prefix(width == 3 ? field.size() : end);
    return end == blanks ? -1 : value;
}

// What the counts line says: columns 1-3 and 4-6 of line 4 (V2000) or the first two numbers of M  V30 COUNTS.
Announced announced_sizes(std::string_view block) {
    std::string_view counts = block;
    for (int line = 0; line < 3; ++line) {
        const std::size_t end = counts.find('\n');
        if (end == std::string_view::npos) return {};
        counts.remove_prefix(end + 1);
    }
    constexpr std::string_view v3000 = "M  V30 COUNTS ";
    std::size_t width = 3;
    if (const auto at = block.find(v3000); at != std::string_view::npos) {
        counts = block.substr(at + v3000.size());
        width = 12;
    }
    Announced announced;
    announced.atoms = take_count(counts, width);
    announced.bonds = take_count(counts, width);
    return announced;
}

}  // namespace

std::string_view reason_name(Reason reason) { return names.at(static_cast<std::size_t>(reason)); }

Reason reason_of(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return static_cast<Reason>(i);
    }
    return Reason::none;
}

SmilesSize measure_smiles(std::string_view smiles) {
    SmilesSize size;
    int closures = 0;
    for (std::size_t i = 0; i < smiles.size();) {
        const char c = smiles[i];
        std::size_t length = 1;
        if (c == '[') {
            std::size_t end = smiles.find(']', i);
            if (end == std::string_view::npos) end = smiles.size();
            ++size.atoms;
            if (!bracket_is_hydrogen(smiles.substr(i + 1, end - i - 1))) ++size.heavy_atoms;
            length = end + 1 - i;
        } else if (is_digit(c) || c == '%') {
            ++closures;
            length = ring_closure_length(smiles, i);
        } else if (c == '.') {
            ++size.fragments;
        } else if (is_upper(c) || is_lower(c) || c == '*') {
            ++size.atoms;
            ++size.heavy_atoms;
            const std::string_view pair = smiles.substr(i, 2);
            if (pair == "Cl" || pair == "Br") length = 2;
        }
        i += length;
    }
    size.ring_closures = (closures + 1) / 2;
    return size;
}

Verdict check_smiles(std::string_view smiles, const Limits& limits) {
    if (smiles.empty()) return refused(Reason::empty, "there is no SMILES");
    if (smiles.size() > static_cast<std::size_t>(limits.smiles_chars)) {
        return over(Reason::too_long, static_cast<std::int64_t>(smiles.size()), "characters", "smiles_chars", limits.smiles_chars);
    }
    if (only_white_space(smiles)) return refused(Reason::blank, "there is nothing but white space");
    if (Verdict verdict = check_bytes(smiles); !verdict.usable()) return verdict;
    const SmilesSize size = measure_smiles(smiles);
    if (size.heavy_atoms > limits.heavy_atoms) {
        return over(Reason::too_many_atoms, size.heavy_atoms, "heavy atoms", "heavy_atoms", limits.heavy_atoms);
    }
    if (size.ring_closures > limits.ring_closures) {
        return over(Reason::too_many_rings, size.ring_closures, "ring closures", "ring_closures", limits.ring_closures);
    }
    if (size.fragments > limits.fragments) {
        return over(Reason::too_many_fragments, size.fragments, "fragments", "fragments", limits.fragments);
    }
    return {};
}

Verdict check_molblock(std::string_view block, const Limits& limits) {
    if (block.empty()) return refused(Reason::empty, "there is no mol block");
    if (block.size() > static_cast<std::size_t>(limits.molblock_bytes)) {
        return over(Reason::too_long, static_cast<std::int64_t>(block.size()), "bytes", "molblock_bytes", limits.molblock_bytes);
    }
    if (block.find_first_not_of(" \t\r\n") == std::string_view::npos) return refused(Reason::blank, "there is nothing but white space");
    if (Verdict verdict = check_lines(block); !verdict.usable()) return verdict;
    const auto [atoms, bonds] = announced_sizes(block);
    if (atoms < 0 || bonds < 0) return refused(Reason::parse_error, "the counts line of the mol block gives no numbers of atoms and bonds");
    // Hydrogens are announced too; four a heavy atom is more than chemistry has.
    const std::int64_t most = std::int64_t{5} * limits.heavy_atoms;
    if (atoms > most) return over(Reason::too_many_atoms, atoms, "announced atoms", "5 x heavy_atoms", most);
    if (bonds - atoms >= limits.ring_closures) {
        return over(Reason::too_many_rings, bonds - atoms + 1, "rings at least by the announced bonds", "ring_closures",
                    limits.ring_closures);
    }
    return {};
}

}  // namespace molten::chem
