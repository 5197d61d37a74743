/* SPDX-License-Identifier: Apache-2.0 */
/* The stage of a failure as a payload without text. */
#include "base/status_storage.h"
#include "vmrt/stage.h"

#define STAGE_PAYLOAD 0x766D7374u /* a type of the range for users */

typedef struct stage_payload_t {
  status_payload_t header;
  vmrt_stage_t stage;
} stage_payload_t;

vmrt_stage_t vmrt_status_stage(iree_status_t status) {
  const status_storage_t* storage = status_storage(status);
  for (const status_payload_t* payload = storage ? storage->payload_head : NULL; payload; payload = payload->next) {
    if (payload->type == STAGE_PAYLOAD) return ((const stage_payload_t*)payload)->stage;
  }
  return VMRT_STAGE_UNKNOWN;
}

static void storage_append_stage(status_storage_t* storage, vmrt_stage_t stage) {
  void* block = NULL;
  iree_status_free(iree_allocator_malloc(iree_allocator_system(), sizeof(stage_payload_t), &block));
  if (!block) return;
  stage_payload_t* payload = block;
  payload->header.type = STAGE_PAYLOAD;
  payload->header.allocator = iree_allocator_system();
  payload->stage = stage;
  status_storage_append(storage, &payload->header);
}

iree_status_t vmrt_status_at_stage(iree_status_t status, vmrt_stage_t stage) {
  if (iree_status_is_ok(status) || vmrt_status_stage(status) != VMRT_STAGE_UNKNOWN) return status;
  if (!status_storage(status)) {
    status = iree_status_allocate(iree_status_code(status), NULL, 0, iree_string_view_empty());
  }
  if (status_storage(status)) storage_append_stage(status_storage(status), stage);
  return status;
}
