// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -verify-diagnostics

// What gate, rope and model may not say.

// experts counts something that is there.
// expected-error @below {{experts is 0, expected at least 1}}
module attributes {ds.x = #ds.gate<experts = 0, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>} {}

// -----

// topk counts something that is there.
// expected-error @below {{topk is 0, expected at least 1}}
module attributes {ds.x = #ds.gate<experts = 16, topk = 0, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>} {}

// -----

// n_group counts something that is there.
// expected-error @below {{n_group is 0, expected at least 1}}
module attributes {ds.x = #ds.gate<experts = 16, topk = 3, n_group = 0, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>} {}

// -----

// topk_group counts something that is there.
// expected-error @below {{topk_group is 0, expected at least 1}}
module attributes {ds.x = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 0, scoring = sigmoid, normalize = true, scale = 2.5>} {}

// -----

// Groups are of one size.
// expected-error @below {{16 experts do not divide into 3 groups}}
module attributes {ds.x = #ds.gate<experts = 16, topk = 3, n_group = 3, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>} {}

// -----

// No more groups stay than there are.
// expected-error @below {{topk_group is 5 of 4 groups}}
module attributes {ds.x = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 5, scoring = sigmoid, normalize = true, scale = 2.5>} {}

// -----

// The groups that stay hold enough experts.
// expected-error @below {{topk is 9, but 2 groups hold 8 experts}}
module attributes {ds.x = #ds.gate<experts = 16, topk = 9, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>} {}

// -----

// YaRN stretches by a positive factor.
// expected-error @below {{factor is 0.000000e+00, expected more than 0}}
module attributes {ds.x = #ds.yarn<factor = 0.0, original_max_position_embeddings = 64, beta_fast = 32.0, beta_slow = 1.0, truncate = true>} {}

// -----

// YaRN stretches a context that had a length.
// expected-error @below {{original_max_position_embeddings is 0, expected at least 1}}
module attributes {ds.x = #ds.yarn<factor = 8.0, original_max_position_embeddings = 0, beta_fast = 32.0, beta_slow = 1.0, truncate = true>} {}

// -----

// Rope turns pairs of values.
// expected-error @below {{dim is 15, expected an even number: values rotate in pairs}}
module attributes {ds.x = #ds.rope<dim = 15, theta = 10000.0>} {}

// -----

// Rope turns at least one pair.
// expected-error @below {{dim is 0, expected an even number: values rotate in pairs}}
module attributes {ds.x = #ds.rope<dim = 0, theta = 10000.0>} {}

// -----

// The base of rope makes frequencies fall.
// expected-error @below {{theta is 1.000000e+00, expected more than 1}}
module attributes {ds.x = #ds.rope<dim = 16, theta = 1.0>} {}

// -----

// hidden_size counts something that is there.
// expected-error @below {{hidden_size is 0, expected at least 1}}
module attributes {ds.x = #ds.model<family = "deepseek_v3", hidden_size = 0, num_hidden_layers = 3, vocab_size = 512, max_position_embeddings = 512>} {}

// -----

// num_hidden_layers counts something that is there.
// expected-error @below {{num_hidden_layers is 0, expected at least 1}}
module attributes {ds.x = #ds.model<family = "deepseek_v3", hidden_size = 192, num_hidden_layers = 0, vocab_size = 512, max_position_embeddings = 512>} {}

// -----

// vocab_size counts something that is there.
// expected-error @below {{vocab_size is 0, expected at least 1}}
module attributes {ds.x = #ds.model<family = "deepseek_v3", hidden_size = 192, num_hidden_layers = 3, vocab_size = 0, max_position_embeddings = 512>} {}

// -----

// max_position_embeddings counts something that is there.
// expected-error @below {{max_position_embeddings is 0, expected at least 1}}
module attributes {ds.x = #ds.model<family = "deepseek_v3", hidden_size = 192, num_hidden_layers = 3, vocab_size = 512, max_position_embeddings = 0>} {}

// -----

// Scales of activations are powers of two, or not.
// expected-error @below {{scale_fmt is "e3m4", expected "ue8m0"}}
module attributes {ds.x = #ds.model<family = "deepseek_v3", hidden_size = 192, num_hidden_layers = 3, vocab_size = 512, max_position_embeddings = 512, scale_fmt = "e3m4">} {}
