/* SPDX-License-Identifier: Apache-2.0 */
/* The flags that say which devices there are, shared by all tools. */
#ifndef VMRT_TOOLING_DEVICE_FLAGS_H_
#define VMRT_TOOLING_DEVICE_FLAGS_H_

#include "iree/base/tooling/flags.h"

extern const vmrt_flag_set_t tooling_device_flags;

/* `--list_drivers`, `--list_devices[=DRIVER]` and `--dump_devices[=DRIVER]`. */
typedef struct device_requests_t {
  bool list_drivers;
  vmrt_flag_request_t list_devices;
  vmrt_flag_request_t dump_devices;
} device_requests_t;
extern device_requests_t tooling_device_requests;

#endif /* VMRT_TOOLING_DEVICE_FLAGS_H_ */
