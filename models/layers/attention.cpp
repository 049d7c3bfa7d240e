#include "models/layers/attention.h"

namespace molten {

SelfAttention::SelfAttention(const std::string& name, std::int64_t width, std::int64_t heads, std::uint64_t seed)
    : query(name + "query.", width, width, seed),
      key(name + "key.", width, width, seed),
      value(name + "value.", width, width, seed),
      output(name + "output.", width, width, seed),
      heads(heads) {
    if (width % heads != 0)
        throw Error(ExitCode::usage, "attention: " + std::to_string(heads) + " heads do not divide the width " + std::to_string(width));
}

Tensor SelfAttention::forward(const Tensor& x) const {
    AttentionOptions options;
    options.heads = options.key_heads = heads;
    return output.forward(attention(query.forward(x), key.forward(x), value.forward(x), options));
}

void SelfAttention::visit(const ParameterVisitor& f, const std::string& prefix) {
    query.visit(f, prefix + "query.");
    key.visit(f, prefix + "key.");
    value.visit(f, prefix + "value.");
    output.visit(f, prefix + "output.");
}

}  // namespace molten
