/* SPDX-License-Identifier: Apache-2.0 */
/* Prints allocation statistics. */
#include "tooling/statistics.h"

#include "vm/text.h"

static void print_account(iree_string_view_t name, vmrt_probe_statistics_t account, FILE* file) {
  fprintf(file, "%12.*s: %12lldB peak / %8lld requests / %12lldB live in %lld blocks\n", VM_SV_ARG(name),
          (long long)account.peak_bytes, (long long)account.requests, (long long)account.live_bytes,
          (long long)account.live_blocks);
}

static void print_live_objects(FILE* file) {
  bool any = false;
  fprintf(file, "live objects:");
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) {
    int64_t count = vmrt_live_objects((vmrt_object_kind_t)kind);
    if (count == 0) continue;
    fprintf(file, " %s=%lld", vmrt_object_kind_name((vmrt_object_kind_t)kind), (long long)count);
    any = true;
  }
  fprintf(file, any ? "\n" : " none\n");
}

void statistics_print(vmrt_probe_t* probe, FILE* file) {
  iree_string_view_t name = iree_string_view_empty();
  vmrt_probe_statistics_t account;
  fprintf(file, "[[ allocation statistics ]]\n");
  for (iree_host_size_t i = 0; iree_status_consume_code(vmrt_probe_owner(probe, i, &name, &account)) == IREE_STATUS_OK;
       ++i) {
    print_account(name, account, file);
  }
  print_account(IREE_SV("total"), vmrt_probe_statistics(probe), file);
  print_live_objects(file);
}
