// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every header that names entries of a launch table.
#pragma once
#include "kernels/base/LaunchShape.h"
