// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_BASE
#define DS_BASE

include "dialects/DS/DSAttrs.td"
include "dialects/DS/DSInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// A value the activations' format applies to: f32 until ds-place-quantization.
def DS_Activation : AnyTypeOf<[F32, BF16]>;
// The e4m3 codes of ds.quantize, with scales [T, ceil(n / 128)] beside them
def DS_AnyCodes : TensorRankOf<[F8E4M3FN], [2, 3]>;
// What a projection takes: rows, or codes
def DS_RowsOrCodes : TensorRankOf<[F32, BF16, F8E4M3FN], [2]>;
def DS_AnyRowsOrCodes : TensorRankOf<[F32, BF16, F8E4M3FN], [2, 3]>;
// [T, n], [R, n]
def DS_Rows : TensorRankOf<[F32, BF16], [2]>;
def DS_F32Rows : TensorRankOf<[F32], [2]>;
// [T, topk, n], or [T, heads, n]
def DS_Slots : TensorRankOf<[F32, BF16], [3]>;
def DS_F32Slots : TensorRankOf<[F32], [3]>;
def DS_AnyRows : TensorRankOf<[F32, BF16], [2, 3]>;
def DS_F32AnyRows : TensorRankOf<[F32], [2, 3]>;
// [T, pairs, 2]: cosine and sine per pair
def DS_Angles : TensorRankOf<[F32], [3]>;
// [T, topk]
def DS_ExpertIds : TensorRankOf<[I32], [2]>;

class DS_Op<string mnemonic, list<Trait> traits = []>
    : Op<DS_Dialect, mnemonic, traits>;
class DS_WeightUserOp<string mnemonic, list<Trait> traits = []>
    : DS_Op<mnemonic,
            !listconcat(traits, [Pure, DeclareOpInterfaceMethods<DS_WeightUser>])>;

#endif
