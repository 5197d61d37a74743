/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the parameter index: what the readers of archives need besides adding. */
#ifndef VMRT_MODULES_PARAMETER_INDEX_H_
#define VMRT_MODULES_PARAMETER_INDEX_H_

#include "iree/io/parameter_index.h"

iree_allocator_t parameter_index_allocator(const iree_io_parameter_index_t* index);
/* Forgets the parameters that were added after the first `count`: an archive that fails takes back its own. */
void parameter_index_truncate(iree_io_parameter_index_t* index, iree_host_size_t count);

#endif /* VMRT_MODULES_PARAMETER_INDEX_H_ */
