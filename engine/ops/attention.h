#pragma once
#include "engine/autograd/op.h"

namespace molten {

struct AttentionOptions {
    std::int64_t heads = 1, key_heads = 1;  // fewer key heads than heads: grouped queries, heads is their multiple
    bool causal = false;                    // query i sees the keys 0 .. i
    double scale = 0;                       // 0: 1 / sqrt(size of a head)
};

// Masked multi-head attention. query [batch, queries, heads * size], key and value [batch, keys, key_heads * size]; the result
// has the query's shape. key_mask [batch, keys] (u8) or absent: 0 = the key is padding. A query that sees no key gives zeros.
Tensor attention(const Tensor& query, const Tensor& key, const Tensor& value, const AttentionOptions&, const Tensor& key_mask = {});

extern const OpDef attention_op;

}  // namespace molten
