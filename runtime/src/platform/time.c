/* SPDX-License-Identifier: Apache-2.0 */
/* The public clock. */
#include "platform/platform.h"

iree_time_t iree_time_now(void) { return platform_time_now(); }
