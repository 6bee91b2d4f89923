// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_KERNEL_DIALECT
#define DS_KERNEL_DIALECT

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::ds::kernel";
  let summary = "what computes the model: calls of kernel families";
  let description = [{
    A program of this dialect is `func.func`s of `kernel.call`s. Values are
    tensors without memory; the leading `?` of a type counts the tokens of the
    batch, in the head function the rows asked for. The batch itself is
    implied: every kernel gets it.

    Discardable attributes:

    - module `kernel.model`: dictionary of the model's widths and limits;
      module `kernel.levels = ["avx512", "avx2"]`: the CPU levels that variants
      were chosen for, best first;
    - function `kernel.entry = "prefill"`: something a session can ask for;
    - function `kernel.layer_kind = "moe"`: the body of layers of this kind;
      its arguments are (residual, delta, angles, states…), its results
      (residual, delta, states…);
    - argument `kernel.state = @latent`: the state that the argument is.
  }];
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
}

class Kernel_Op<string mnemonic, list<Trait> traits = []>
    : Op<Kernel_Dialect, mnemonic, traits>;

#endif
