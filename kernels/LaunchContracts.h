// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every header that names entries of a launch table.
#pragma once
#include "kernels/add_rms_norm/cuda.h"
#include "kernels/argmax/cuda.h"
#include "kernels/base/LaunchShape.h"
#include "kernels/combine/cuda.h"
#include "kernels/copy_rows/cuda.h"
#include "kernels/embedding/cuda.h"
#include "kernels/expert_plan/cuda.h"
#include "kernels/gate_topk/cuda.h"
#include "kernels/grouped_linear/cuda.h"
#include "kernels/head_norm/cuda.h"
#include "kernels/latent_append/cuda.h"
#include "kernels/linear/cuda.h"
#include "kernels/rms_norm/cuda.h"
#include "kernels/rope/cuda.h"
#include "kernels/rope_table/cuda.h"
#include "kernels/swiglu/cuda.h"
