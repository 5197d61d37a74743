/* SPDX-License-Identifier: Apache-2.0 */
/* Fences are declared with the semaphores that they are made of. */
#ifndef IREE_HAL_FENCE_H_
#define IREE_HAL_FENCE_H_

#include "iree/hal/semaphore.h"

#endif /* IREE_HAL_FENCE_H_ */
