#include "chem/featurize/message.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <type_traits>

namespace molten::chem {
namespace {

class Writer {
  public:
    template <typename T>
    void value(T v) {
        static_assert(std::is_trivially_copyable_v<T>);
        const std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof(T));
        std::memcpy(bytes_.data() + at, &v, sizeof(T));
    }
    template <typename T>
    void array(const T* data, std::size_t count) {
        value(static_cast<std::uint32_t>(count));
        const std::size_t at = bytes_.size();
        bytes_.resize(at + count * sizeof(T));
        if (count) std::memcpy(bytes_.data() + at, data, count * sizeof(T));
    }
    template <typename T>
    void array(const std::vector<T>& values) {
        array(values.data(), values.size());
    }
    void text(const std::string& s) { array(s.data(), s.size()); }
    std::string frame() && {
        const auto length = static_cast<std::uint32_t>(bytes_.size() - sizeof(std::uint32_t));
        std::memcpy(bytes_.data(), &length, sizeof(length));
        return std::move(bytes_);
    }

  private:
    std::string bytes_ = std::string(sizeof(std::uint32_t), '\0');
};

class Reader {
  public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}
    template <typename T>
    T value() {
        T v;
        std::memcpy(&v, take(sizeof(T)), sizeof(T));
        return v;
    }
    template <typename T>
    std::vector<T> array() {
        const auto count = value<std::uint32_t>();
        if (count > bytes_.size() / sizeof(T)) throw std::runtime_error("a list in the message is longer than the message");
        std::vector<T> values(count);
        const char* data = take(count * sizeof(T));
        if (count) std::memcpy(values.data(), data, count * sizeof(T));
        return values;
    }
    std::string text() {
        const std::vector<char> characters = array<char>();
        return {characters.begin(), characters.end()};
    }
    void end() const {
        if (!bytes_.empty()) throw std::runtime_error("bytes after the end of the message");
    }

  private:
    const char* take(std::size_t count) {
        if (count > bytes_.size()) throw std::runtime_error("the message ends early");
        const char* data = bytes_.data();
        bytes_.remove_prefix(count);
        return data;
    }
    std::string_view bytes_;
};

// Most of a fingerprint is zero: index and value of the rest.
struct Entry {
    std::uint32_t index;
    float value;
};

void write_fingerprint(Writer& writer, const std::vector<float>& fingerprint) {
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < fingerprint.size(); ++i) {
        if (fingerprint[i] != 0) entries.push_back({static_cast<std::uint32_t>(i), fingerprint[i]});
    }
    writer.value(static_cast<std::uint32_t>(fingerprint.size()));
    writer.array(entries);
}

std::vector<float> read_fingerprint(Reader& reader) {
    const auto size = reader.value<std::uint32_t>();
    const auto entries = reader.array<Entry>();
    if (size > largest_frame) throw std::runtime_error("a fingerprint in the message is too wide");
    std::vector<float> fingerprint(size);
    for (const Entry& entry : entries) {
        if (entry.index >= size) throw std::runtime_error("a fingerprint index in the message is out of range");
        fingerprint[entry.index] = entry.value;
    }
    return fingerprint;
}

void write_graph(Writer& writer, const Graph& graph) {
    for (int size : {graph.atoms, graph.bonds, graph.node_width, graph.bond_width}) writer.value(static_cast<std::int32_t>(size));
    writer.array(graph.node_features);
    writer.array(graph.bond_begin);
    writer.array(graph.bond_end);
    writer.array(graph.bond_features);
    writer.array(graph.bond_order);
}

Graph read_graph(Reader& reader) {
    Graph graph;
    for (int* size : {&graph.atoms, &graph.bonds, &graph.node_width, &graph.bond_width}) {
        *size = reader.value<std::int32_t>();
        if (*size < 0 || *size > (1 << 20)) throw std::runtime_error("a graph size in the message is out of range");
    }
    graph.node_features = reader.array<float>();
    graph.bond_begin = reader.array<int>();
    graph.bond_end = reader.array<int>();
    graph.bond_features = reader.array<float>();
    graph.bond_order = reader.array<float>();
    const auto atoms = static_cast<std::size_t>(graph.atoms), bonds = static_cast<std::size_t>(graph.bonds);
    const bool fits = graph.node_features.size() == atoms * static_cast<std::size_t>(graph.node_width) &&
                      graph.bond_features.size() == bonds * static_cast<std::size_t>(graph.bond_width) &&
                      graph.bond_begin.size() == bonds && graph.bond_end.size() == bonds && graph.bond_order.size() == bonds;
    if (!fits) throw std::runtime_error("the arrays of a graph in the message do not fit together");
    for (const auto* ends : {&graph.bond_begin, &graph.bond_end}) {
        for (int atom : *ends) {
            if (atom < 0 || atom >= graph.atoms) throw std::runtime_error("a bond in the message has an end that is no atom");
        }
    }
    return graph;
}

}  // namespace

void append_text_frame(std::string& out, std::string_view text) {
    const auto length = static_cast<std::uint32_t>(text.size());
    char head[sizeof(length)];
    std::memcpy(head, &length, sizeof(length));
    out.append(head, sizeof(length));
    out.append(text);
}

std::string encode_frame(const Features& features) {
    Writer writer;
    writer.value(static_cast<std::uint8_t>(features.reason));
    for (const auto* text : {&features.message, &features.canonical, &features.key, &features.formula, &features.scaffold}) {
        writer.text(*text);
    }
    writer.value(static_cast<std::int32_t>(features.heavy_atoms));
    write_graph(writer, features.graph);
    write_fingerprint(writer, features.fingerprint);
    writer.array(features.descriptors);
    return std::move(writer).frame();
}

Features decode_features(std::string_view payload) {
    Reader reader(payload);
    Features features;
    const auto reason = reader.value<std::uint8_t>();
    if (reason >= reason_count) throw std::runtime_error("the message has an unknown reason");
    features.reason = static_cast<Reason>(reason);
    for (auto* text : {&features.message, &features.canonical, &features.key, &features.formula, &features.scaffold}) {
        *text = reader.text();
    }
    features.heavy_atoms = reader.value<std::int32_t>();
    features.graph = read_graph(reader);
    features.fingerprint = read_fingerprint(reader);
    features.descriptors = reader.array<double>();
    reader.end();
    return features;
}

bool FrameReader::next(std::string& payload) {
    std::uint32_t length = 0;
    const std::size_t available = buffer_.size() - start_;
    if (available < sizeof(length)) return false;
    std::memcpy(&length, buffer_.data() + start_, sizeof(length));
    if (length > largest_frame) throw std::runtime_error("a frame is longer than the largest allowed");
    if (available - sizeof(length) < length) return false;
    payload.assign(buffer_, start_ + sizeof(length), length);
    start_ += sizeof(length) + length;
    if (start_ == buffer_.size() || start_ > (std::size_t{1} << 20)) {
        buffer_.erase(0, start_);
        start_ = 0;
    }
    return true;
}

}  // namespace molten::chem
