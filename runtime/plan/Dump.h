// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The fields of every record, in file order, with their names in dumps, JSON
// and README.md. visit(name, field) gets a reference to the field itself; its
// type says how to show it: StringRef, an enumeration (nameOf), a 32-byte
// digest, an array, a number. Fields named "reserved" are zero.
#pragma once
#include "runtime/plan/Records.h"
#include <string_view>

namespace ds::rt {

// "unknown" for a number that is no member.
std::string_view nameOf(LevelKind kind);      // "cpu", "cuda", …
std::string_view nameOf(LaunchRows rows);     // "one", "tokens", …
std::string_view nameOf(Encoding encoding);   // "f32", "bf16", "f8e4m3fn"
std::string_view nameOf(WeightSource source); // "shard", …
std::string_view nameOf(ShardPlace place); // "weights_folder", …
std::string_view nameOf(StateRole role);      // "latent"
std::string_view nameOf(Storage storage);     // "scratch", "host"
std::string_view nameOf(ArgKind kind);        // "buffer_of_layer", …
std::string_view nameOf(EntryKind kind);      // "prefill", …

#define DS_FIELDS(Record)                                                      \
  template <class Visit>                                                       \
  void visitFields(const Record &r, Visit visit)

DS_FIELDS(PlanHeader) {
  visit("magic", r.magic);
  visit("major", r.major);
  visit("minor", r.minor);
  visit("sections", r.sections);
  visit("file_size", r.fileSize);
  visit("digest", r.digest);
}
DS_FIELDS(SectionEntry) {
  visit("tag", r.tag);
  visit("flags", r.flags);
  visit("offset", r.offset);
  visit("size", r.size);
  visit("digest", r.digest);
}
DS_FIELDS(LevelRecord) {
  visit("name", r.name);
  visit("features", r.features);
  visit("image", r.image);
  visit("kind", r.kind);
}
DS_FIELDS(ModelRecord) {
  visit("family", r.family);
  visit("weights", r.weights);
  visit("hidden_size", r.hiddenSize);
  visit("num_layers", r.numLayers);
  visit("num_moe_layers", r.numMoeLayers);
  visit("vocab_size", r.vocabSize);
  visit("real_tokens", r.realTokens);
  visit("max_positions", r.maxPositions);
  visit("context", r.context);
  visit("chunk", r.chunk);
  visit("decode_tokens", r.decodeTokens);
  visit("head_rows", r.headRows);
  visit("page_tokens", r.pageTokens);
  visit("experts_per_token", r.expertsPerToken);
  visit("bos_token", r.bosToken);
  visit("eos_count", r.eosCount);
  visit("eos_tokens", r.eosTokens);
  visit("do_sample", r.doSample);
  visit("temperature", r.temperature);
  visit("top_p", r.topP);
  visit("top_k", r.topK);
  visit("taps", r.taps);
  visit("logits_buffer", r.logitsBuffer);
  visit("hidden_tap", r.hiddenTap);
  visit("experts_tap", r.expertsTap);
  visit("repetition_penalty", r.repetitionPenalty);
  visit("min_p", r.minP);
}
DS_FIELDS(ShardRecord) {
  visit("name", r.name);
  visit("place", r.place);
  visit("size", r.size);
  visit("header_size", r.headerSize);
  visit("header_digest", r.headerDigest);
}
DS_FIELDS(WeightRecord) {
  visit("name", r.name);
  visit("encoding", r.encoding);
  visit("source", r.source);
  visit("shard", r.shard);
  visit("shape", r.shape);
  visit("offset", r.offset);
  visit("size", r.size);
}
DS_FIELDS(DigestRecord) { visit("digest", r.digest); }
DS_FIELDS(RowRecord) {
  visit("first_slot", r.firstSlot);
  visit("slots", r.slots);
}
DS_FIELDS(StateRecord) {
  visit("name", r.name);
  visit("role", r.role);
  visit("layers", r.layers);
  visit("row_bytes", r.rowBytes);
}
DS_FIELDS(BufferRecord) {
  visit("name", r.name);
  visit("storage", r.storage);
  visit("offset", r.offset);
  visit("size", r.size);
  visit("layer_stride", r.layerStride);
}
DS_FIELDS(ImageRecord) {
  visit("offset", r.offset);
  visit("size", r.size);
  visit("text_size", r.textSize);
  visit("rodata_offset", r.rodataOffset);
  visit("digest", r.digest);
}
DS_FIELDS(KernelRecord) {
  visit("name", r.name);
  visit("shape", r.shape);
  visit("image", r.image);
  visit("run", r.run);
  visit("tiles", r.tiles);
  visit("first_launch", r.firstLaunch);
  visit("launches", r.launches);
  visit("reserved", r.reserved);
  visit("workspace", r.workspace);
}
DS_FIELDS(LaunchRecord) {
  visit("symbol", r.symbol);
  visit("threads", r.threads);
  visit("shared_bytes", r.sharedBytes);
  visit("rows", r.rows);
  visit("columns", r.columns);
  visit("per_row", r.perRow);
  visit("rows_per_tile", r.rowsPerTile);
  visit("extra", r.extra);
  visit("first_map", r.firstMap);
  visit("maps", r.maps);
}
DS_FIELDS(TensorMapRecord) {
  visit("operand", r.operand);
  visit("first", r.first);
  visit("stride", r.stride);
  visit("list", r.list);
  visit("element_bytes", r.elementBytes);
  visit("columns", r.columns);
  visit("rows", r.rows);
  visit("per_row", r.perRow);
  visit("box_columns", r.boxColumns);
  visit("box_rows", r.boxRows);
}
DS_FIELDS(StepRecord) {
  visit("kernel", r.kernel);
  visit("first_argument", r.firstArgument);
  visit("arguments", r.arguments);
  visit("flags", r.flags);
}
DS_FIELDS(ArgRecord) {
  visit("kind", r.kind);
  visit("index", r.index);
  visit("access", r.access);
  visit("reserved", r.reserved);
}
DS_FIELDS(BodyRecord) {
  visit("name", r.name);
  visit("first_step", r.firstStep);
  visit("steps", r.steps);
  visit("slots", r.slots);
}
DS_FIELDS(CallRecord) {
  visit("body", r.body);
  visit("row", r.row);
  visit("layer", r.layer);
  visit("ordinal", r.ordinal);
}
DS_FIELDS(EntryRecord) {
  visit("kind", r.kind);
  visit("first_call", r.firstCall);
  visit("calls", r.calls);
  visit("max_rows", r.maxRows);
}
DS_FIELDS(BudgetRecord) {
  visit("weights", r.weights);
  visit("unused_weights", r.unusedWeights);
  visit("state_per_token", r.statePerToken);
  visit("state", r.state);
  visit("scratch", r.scratch);
  visit("scratch_lower_bound", r.scratchLowerBound);
  visit("host", r.host);
  visit("workspace_per_worker", r.workspacePerWorker);
  visit("total", r.total);
}
DS_FIELDS(ProvenanceRecord) {
  visit("compiler", r.compiler);
  visit("options", r.options);
  visit("config_digest", r.configDigest);
  visit("index_digest", r.indexDigest);
}
#undef DS_FIELDS

} // namespace ds::rt
