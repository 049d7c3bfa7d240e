#!/usr/bin/env python3
"""The golden split of tests/train/test_split.cpp, computed from the description in train/data/splits.h alone: SplitMix64 (Steele, Lea and
Flood 2014), Fisher-Yates from the back, groups of equal keys taken where they fit. Prints the FNV-1a hash that the test expects."""
MASK = (1 << 64) - 1


def splitmix64(seed):
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def below(stream, bound):
    while True:
        value = next(stream)
        if value >= (1 << 64) % bound:
            return value % bound


def take(groups, wanted):
    rows, left = [], []
    for group in groups:
        if len(group) + len(rows) <= wanted:
            rows += group
        else:
            left.append(group)
    assert len(rows) == wanted, "this oracle does not exchange groups"
    return rows, left


keys = [f"m{i}" for i in range(1007)]
for i in range(7, 1007, 7):
    keys[i] = keys[i - 3]
by_key = {}
for row, key in enumerate(keys):
    by_key.setdefault(key, []).append(row)
groups = list(by_key.values())
stream = splitmix64(42)
for i in range(len(groups), 1, -1):
    j = below(stream, i)
    groups[i - 1], groups[j] = groups[j], groups[i - 1]
first, second = 1007 * 8 // 10, 1007 * 9 // 10
test, groups = take(groups, 1007 - second)
val, groups = take(groups, second - first)
train = [row for group in groups for row in group]

digest = 0xCBF29CE484222325
for part, rows in enumerate((train, val, test)):
    for value in [part] + sorted(rows):
        for byte in value.to_bytes(8, "little"):
            digest = ((digest ^ byte) * 0x100000001B3) & MASK
print(f"{digest} train {len(train)} val {len(val)} test {len(test)}")
