/* SPDX-License-Identifier: Apache-2.0 */
/* From the storage of one parameter into a device buffer. */
#ifndef VMRT_MODULES_PARAMETER_STORAGE_H_
#define VMRT_MODULES_PARAMETER_STORAGE_H_

#include "iree/io/parameter_provider.h"

/* Queues the transfer of a range that was checked against the parameter. What the operation needs of the storage it
 * keeps. */
iree_status_t parameter_storage_read(const iree_io_parameter_index_entry_t* entry,
                                     const vmrt_io_parameter_queue_t* queue,
                                     const vmrt_io_parameter_transfer_t* transfer, iree_hal_buffer_t* target,
                                     iree_allocator_t host_allocator);

#endif /* VMRT_MODULES_PARAMETER_STORAGE_H_ */
