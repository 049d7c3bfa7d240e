// Any bytes as a safetensors file: a SafetensorsError, or tensors that lie inside the file, are found by name, and that the writer would
// take as they are.
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "engine/io/safetensors.h"

using namespace molten::io;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    try {
        const SafetensorsFile file = SafetensorsFile::parse(bytes, "fuzz");
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < file.size(); ++i) {
            const SafetensorsEntry entry = file[i];
            const bool inside = entry.data.data() >= bytes.data() && entry.data.data() + entry.data.size() <= bytes.data() + bytes.size();
            const auto found = file.find(entry.name);
            if (!inside || !found || found->data.data() != entry.data.data() || found->data.size() != entry.data.size()) std::abort();
            total += entry.data.size();
        }
        if (total > size) std::abort();
        std::vector<SafetensorsEntry> entries;
        for (std::size_t i = 0; i < file.size(); ++i) entries.push_back(file[i]);
        if (safetensors_file_size(entries, file.metadata()) < 16 + total) std::abort();
    } catch (const SafetensorsError&) {
    }
    return 0;
}
