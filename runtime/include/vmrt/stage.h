/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the life of a module a failure happened, kept in its status. Ours alone. */
#ifndef VMRT_STAGE_H_
#define VMRT_STAGE_H_

#include "iree/base/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
/* In the order in which a module passes them. */
typedef enum vmrt_stage_e {
  VMRT_STAGE_UNKNOWN = 0,
  VMRT_STAGE_PARSE = 1,  /* the reference to the module */
  VMRT_STAGE_OPEN = 2,   /* file or library */
  VMRT_STAGE_SYMBOL = 3, /* export of a library */
  VMRT_STAGE_CREATE = 4, /* the library's function that makes the module */
  VMRT_STAGE_VERIFY = 5, /* bytecode */
  VMRT_STAGE_LINK = 6,
  VMRT_STAGE_INIT = 7,
  VMRT_STAGE_CALL = 8,
  VMRT_STAGE_TEARDOWN = 9
} vmrt_stage_t;

/* Notes the stage of a failure, invisibly in its text. The stage noted first stays. OK stays OK. */
IREE_API_EXPORT iree_status_t vmrt_status_at_stage(iree_status_t status, vmrt_stage_t stage);
/* VMRT_STAGE_UNKNOWN when none was noted, or when there was no memory for it. */
IREE_API_EXPORT vmrt_stage_t vmrt_status_stage(iree_status_t status);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* VMRT_STAGE_H_ */
