/* SPDX-License-Identifier: Apache-2.0 */
/* All of the HAL in one include. */
#ifndef IREE_HAL_API_H_
#define IREE_HAL_API_H_

#include "iree/hal/allocator.h"
#include "iree/hal/buffer.h"
#include "iree/hal/buffer_view.h"
#include "iree/hal/command_buffer.h"
#include "iree/hal/device.h"
#include "iree/hal/driver.h"
#include "iree/hal/executable.h"
#include "iree/hal/fence.h"
#include "iree/hal/file.h"
#include "iree/hal/semaphore.h"
#include "iree/hal/string_util.h"

#endif /* IREE_HAL_API_H_ */
