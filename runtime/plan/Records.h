// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The records of a plan, as they lie in the file: little-endian, fixed width,
// no padding, 8-byte aligned. New fields go at the end of a record with a new
// minor version; a changed meaning is a new section. README.md beside this file
// is the specification.
#pragma once
#include <cstdint>

namespace ds::rt {

inline constexpr char kPlanMagic[8] = {'\x89', 'D',  'S',    'C',
                                       '\r',   '\n', '\x1a', '\n'};
inline constexpr uint16_t kPlanMajor = 1, kPlanMinor = 0;
/// Of CPU code of every plan of this major version.
inline constexpr char kPlanArchitecture[] = "x86-64";
inline constexpr uint32_t kNone = 0xFFFFFFFF; // no index
/// Byte offset in STRS. A value-initialised one is the empty string.
enum class StringRef : uint32_t {};

struct PlanHeader {
  char magic[8];
  uint16_t major, minor;
  uint32_t sections;  // entries of the table that follows the header
  uint64_t fileSize;  // bytes
  uint8_t digest[32]; // SHA-256 of header (this field zero) and table
};
static_assert(sizeof(PlanHeader) == 56);

struct SectionEntry {
  char tag[4];
  uint32_t flags;     // bit 0: a reader that does not know it must refuse
  uint64_t offset;    // bytes from the start of the file, 64-byte aligned
                      // (CODE and DATA: 4096); gaps are zero bytes
  uint64_t size;      // bytes
  uint8_t digest[32]; // SHA-256; zero for DATA
};
static_assert(sizeof(SectionEntry) == 56);

/// What code is for. Emulation: CUDA kernels as x86-64 code that calls the
/// emulation of device primitives. All levels of a plan are of one kind.
enum class LevelKind : uint32_t { CPU, CUDA, CUDAEmulation };

struct LevelRecord {
  StringRef name;     // "avx512bf16", "sm_90a"
  StringRef features; // what the CPU must have, space-separated; CUDA: the
                      // compute capability, see ComputeCapability.h
  uint32_t image;     // index in IMGS
  LevelKind kind;
};
static_assert(sizeof(LevelRecord) == 16);

struct ModelRecord {
  StringRef family;  // "deepseek_v3"
  StringRef weights; // folder of the shards, relative to the plan's folder
  uint32_t hiddenSize, numLayers, numMoeLayers, vocabSize;
  uint32_t realTokens;      // ids from here on are never sampled
  uint32_t maxPositions;    // of the model
  uint32_t context;         // tokens of state the budget was made for
  uint32_t chunk;           // most tokens of one prefill run
  uint32_t decodeTokens;    // most sequences of one decode run
  uint32_t headRows;        // most rows of one head run
  uint32_t pageTokens;      // rows of a state's page
  uint32_t expertsPerToken; // 0 without experts
  uint32_t bosToken;        // kNone: none
  uint32_t eosCount;
  uint32_t eosTokens[64];
  uint32_t doSample; // of generation_config.json; 0: greedy
  float temperature, topP;
  uint32_t topK; // 0: off
  uint32_t taps; // bit 0: hidden, bit 1: experts
  // Buffers a session reads or writes by itself; kNone where absent.
  uint32_t logitsBuffer;         // f32 [headRows, vocabSize]
  uint32_t hiddenTap;            // f32 [numLayers + 1, chunk, hiddenSize]
  uint32_t expertsTap;           // u32 [numMoeLayers, chunk, expertsPerToken]
  float repetitionPenalty, minP; // of generation_config.json; 1, 0: off
};
static_assert(sizeof(ModelRecord) == 360);

enum class ShardPlace : uint32_t { WeightsFolder, BesidePlan };

struct ShardRecord {
  StringRef name; // file name, in the folder that place says
  ShardPlace place;
  uint64_t size;            // bytes of the file
  uint64_t headerSize;      // bytes of the length field and the JSON header
  uint8_t headerDigest[32]; // SHA-256 of those
};
static_assert(sizeof(ShardRecord) == 56);

enum class Encoding : uint32_t { F32, BF16, F8E4M3 };
enum class WeightSource : uint32_t { Shard, Constant, Data };

struct WeightRecord {
  StringRef name;
  Encoding encoding;
  WeightSource source;
  uint32_t shard;    // index in SHRD, kNone where not in a shard
  uint64_t shape[2]; // rows, columns; a vector has one row
  uint64_t offset;   // bytes: in the shard's file, in CNST, or in DATA
  uint64_t size;     // bytes = rows * columns * element size
};
static_assert(sizeof(WeightRecord) == 48);

/// SHA-256 of a weight's bytes. WDIG holds one per record of WGHT, in its
/// order.
struct DigestRecord {
  uint8_t digest[32]; // zero for constants, which CNST's digest covers
};
static_assert(sizeof(DigestRecord) == 32);

struct RowRecord {
  uint32_t firstSlot, slots; // slice of SLOT
};
static_assert(sizeof(RowRecord) == 8);

enum class StateRole : uint32_t { Latent };

struct StateRecord {
  StringRef name;
  StateRole role;
  uint32_t layers;   // each layer has its own pages
  uint32_t rowBytes; // of one token in one layer
};
static_assert(sizeof(StateRecord) == 16);

/// Scratch lies in one arena whose offsets are fixed here; Host is memory the
/// session reads or writes (logits, taps).
enum class Storage : uint32_t { Scratch, Host };

struct BufferRecord {
  StringRef name;
  Storage storage;
  uint64_t offset;      // bytes in its storage, 64-byte aligned
  uint64_t size;        // bytes in all
  uint64_t layerStride; // bytes from one layer's slice to the next; 0: none
};
static_assert(sizeof(BufferRecord) == 32);

/// CPU: text and read-only data. CUDA: a cubin. Emulation: a shared object.
struct ImageRecord {
  uint64_t offset, size; // bytes in CODE; offset is a multiple of 4096
  uint32_t textSize;     // bytes from 0 on, becomes executable; CPU only
  uint32_t rodataOffset; // multiple of 4096; read-only to the end; CPU only
  uint8_t digest[32];    // SHA-256 of its bytes
};
static_assert(sizeof(ImageRecord) == 56);

/// KERN holds levels x n records: kernel k of level l is record l * n + k.
struct KernelRecord {
  StringRef name;  // row of the kernel table
  StringRef shape; // "in=192 out=…", for dumps
  uint32_t image;  // index in IMGS
  uint32_t run;    // CPU: offset of the RunFunction in the image's text
  uint32_t tiles;  // CPU: offset of the TilesFunction
  uint32_t firstLaunch, launches; // CUDA, emulation: slice of LNCH, in order
  uint32_t reserved;
  uint64_t workspace; // bytes: CPU per worker, else of all blocks together
};
static_assert(sizeof(KernelRecord) == 40);

/// What the number of tiles of a launch follows: 1, tokens, rows of the head.
enum class LaunchRows : uint32_t { One, Tokens, HeadRows };

/// One launch of a kernel on a GPU. Its tiles are
///   columns * (ceil(rows * perRow / rowsPerTile) + extra)
/// and its grid has that many blocks: of the run, or of the bucket's size.
struct LaunchRecord {
  StringRef symbol;     // of the image
  uint32_t threads;     // of a block
  uint32_t sharedBytes; // dynamic shared memory of a block
  LaunchRows rows;
  uint32_t columns, perRow, rowsPerTile, extra;
  uint32_t firstMap, maps; // slice of MAPS; DeviceCall::maps, in order
};
static_assert(sizeof(LaunchRecord) == 40);

/// Asks for a tensor map of operand `operand`, or with list > 0 for one of each
/// of `list` entries of a slot list: first, first + stride, …. 2-D, row-major,
/// 128-byte swizzle, zeros outside.
struct TensorMapRecord {
  uint32_t operand, first, stride, list;
  uint32_t elementBytes; // 1: e4m3, 2: bf16
  uint32_t columns;      // elements of a row
  uint32_t rows;         // 0: the most rows of a run, times perRow
  uint32_t perRow;
  uint32_t boxColumns, boxRows;
};
static_assert(sizeof(TensorMapRecord) == 40);

struct StepRecord {
  uint32_t kernel; // 0 .. n - 1, see KernelRecord
  uint32_t firstArgument, arguments;
  uint32_t flags; // bit 0: all workers meet before this step
};
static_assert(sizeof(StepRecord) == 16);
inline constexpr uint32_t kStepBarrier = 1;

enum class ArgKind : uint32_t {
  Buffer,          // index: buffer
  BufferOfLayer,   // buffer + layerStride * the call's layer
  BufferOfOrdinal, // buffer + layerStride * the call's ordinal
  Slot,            // index: slot of the call's row; the weight's address
  SlotList,        // index: first slot; address of an array of addresses,
                   // the row's slots from there on
  State,           // index: state; first byte of page 0 of the call's layer
};
/// What the step does with an operand. Between two barriers nothing that one
/// step writes is touched by another; within a step only an operand that is
/// written in place (same first byte, same size) may overlap one that is read.
inline constexpr uint32_t kAccessRead = 1, kAccessWrite = 2;
struct ArgRecord {
  ArgKind kind;
  uint32_t index;
  uint32_t access; // kAccessRead | kAccessWrite; slots are only read
  uint32_t reserved;
};
static_assert(sizeof(ArgRecord) == 16);

struct BodyRecord {
  StringRef name;
  uint32_t firstStep, steps;
  uint32_t slots; // least slots a row must have
};
static_assert(sizeof(BodyRecord) == 16);

struct CallRecord {
  uint32_t body;
  uint32_t row;     // index in ROWS
  uint32_t layer;   // 0 .. numLayers
  uint32_t ordinal; // place among the calls of the same kind
};
static_assert(sizeof(CallRecord) == 16);

enum class EntryKind : uint32_t { Prefill, Decode, Extend, Head };

/// A run of an entry computes its calls in order. Prefill and decode leave
/// residual and delta in scratch, where head finds them.
struct EntryRecord {
  EntryKind kind;
  uint32_t firstCall, calls;
  uint32_t maxRows; // tokens (prefill, decode) or rows (head) of one run
};
static_assert(sizeof(EntryRecord) == 16);

struct BudgetRecord {
  uint64_t weights;            // bytes of mapped weights that are used
  uint64_t unusedWeights;      // bytes of the shards' data that are not
  uint64_t statePerToken;      // bytes, all layers
  uint64_t state;              // bytes at `context`, whole pages
  uint64_t scratch;            // bytes of the arena
  uint64_t scratchLowerBound;  // no placement can be smaller
  uint64_t host;               // bytes of Host buffers
  uint64_t workspacePerWorker; // bytes, the largest of any kernel; a GPU has
                               // one worker
  uint64_t total; // weights + state + scratch + host + one worker's workspace
};
static_assert(sizeof(BudgetRecord) == 72);

struct ProvenanceRecord {
  StringRef compiler;       // "dsc 0.1.0", "dsc 0.1.0, NVRTC 13.0"
  StringRef options;        // the options that shape the plan, spelled in full
  uint8_t configDigest[32]; // SHA-256 of config.json
  uint8_t indexDigest[32];  // of model.safetensors.index.json, or zero
};
static_assert(sizeof(ProvenanceRecord) == 72);

} // namespace ds::rt
