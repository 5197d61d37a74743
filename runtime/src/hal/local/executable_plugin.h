/* SPDX-License-Identifier: Apache-2.0 */
/* The executable plugins of one device: loaded together, asked for imports, unloaded together. */
#ifndef VMRT_HAL_LOCAL_EXECUTABLE_PLUGIN_H_
#define VMRT_HAL_LOCAL_EXECUTABLE_PLUGIN_H_

#include "vmrt/executable_plugin.h"

typedef struct executable_plugins_t executable_plugins_t;

/* Loads in order; on failure those that were loaded are unloaded again. One reference for the caller. */
iree_status_t executable_plugins_load(iree_host_size_t count, const iree_string_view_t* paths,
                                      iree_allocator_t allocator, executable_plugins_t** out_plugins);
/* Executables that import something keep their plugins. */
void executable_plugins_retain(executable_plugins_t* plugins);
/* Unloads with the last reference, the plugin loaded last first. */
void executable_plugins_release(executable_plugins_t* plugins);
/* Asks the plugin loaded last first, until all is found. UNAVAILABLE naming the first required symbol that nobody has.
 * `plugins` may be NULL. */
iree_status_t executable_plugins_resolve(executable_plugins_t* plugins,
                                         const vmrt_executable_plugin_request_t* request);

#endif /* VMRT_HAL_LOCAL_EXECUTABLE_PLUGIN_H_ */
