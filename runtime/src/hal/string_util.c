/* SPDX-License-Identifier: Apache-2.0 */
/* Writes bit sets as names joined with `|`. */
#include "iree/hal/string_util.h"

#include <stdio.h>

typedef struct bit_name_t {
  uint32_t bits;
  const char* name;
} bit_name_t;

/* Each name takes the bits it covers; what is left over is written as one number. */
static iree_string_view_t format_bits(uint32_t value, const bit_name_t* names, iree_host_size_t count,
                                      iree_bitfield_string_temp_t* out_temp) {
  if (value == 0) return IREE_SV("NONE");
  iree_host_size_t length = 0;
  for (iree_host_size_t i = 0; i < count; ++i) {
    if ((value & names[i].bits) != names[i].bits) continue;
    value &= ~names[i].bits;
    length += (iree_host_size_t)snprintf(out_temp->buffer + length, sizeof out_temp->buffer - length, "%s%s",
                                         length ? "|" : "", names[i].name);
  }
  if (value) {
    length += (iree_host_size_t)snprintf(out_temp->buffer + length, sizeof out_temp->buffer - length, "%s0x%X",
                                         length ? "|" : "", (unsigned)value);
  }
  return iree_make_string_view(out_temp->buffer, length);
}

#define FORMAT(value, names, out_temp) format_bits((value), (names), sizeof(names) / sizeof(names)[0], (out_temp))

iree_string_view_t iree_hal_memory_type_format(iree_hal_memory_type_t value, iree_bitfield_string_temp_t* out_temp) {
#define NAME(name) {IREE_HAL_MEMORY_TYPE_##name, #name}
  static const bit_name_t names[] = {NAME(HOST_LOCAL),    NAME(DEVICE_LOCAL), NAME(OPTIMAL),       NAME(HOST_VISIBLE),
                                     NAME(HOST_COHERENT), NAME(HOST_CACHED),  NAME(DEVICE_VISIBLE)};
#undef NAME
  return FORMAT(value, names, out_temp);
}

iree_string_view_t iree_hal_memory_access_format(iree_hal_memory_access_t value,
                                                 iree_bitfield_string_temp_t* out_temp) {
#define NAME(name) {IREE_HAL_MEMORY_ACCESS_##name, #name}
  static const bit_name_t names[] = {NAME(ALL),     NAME(DISCARD_WRITE), NAME(READ),      NAME(WRITE),
                                     NAME(DISCARD), NAME(MAY_ALIAS),     NAME(UNALIGNED), NAME(ANY)};
#undef NAME
  return FORMAT(value, names, out_temp);
}

iree_string_view_t iree_hal_buffer_usage_format(iree_hal_buffer_usage_t value, iree_bitfield_string_temp_t* out_temp) {
#define NAME(name) {IREE_HAL_BUFFER_USAGE_##name, #name}
  static const bit_name_t names[] = {
      NAME(TRANSFER),
      NAME(DISPATCH),
      NAME(DISPATCH_STORAGE),
      NAME(DISPATCH_IMAGE),
      NAME(MAPPING),
      NAME(TRANSFER_SOURCE),
      NAME(TRANSFER_TARGET),
      NAME(DISPATCH_INDIRECT_PARAMETERS),
      NAME(DISPATCH_UNIFORM_READ),
      NAME(DISPATCH_STORAGE_READ),
      NAME(DISPATCH_STORAGE_WRITE),
      NAME(DISPATCH_IMAGE_READ),
      NAME(DISPATCH_IMAGE_WRITE),
      NAME(SHARING_EXPORT),
      NAME(SHARING_REPLICATE),
      NAME(SHARING_CONCURRENT),
      NAME(SHARING_IMMUTABLE),
      NAME(MAPPING_SCOPED),
      NAME(MAPPING_PERSISTENT),
      NAME(MAPPING_OPTIONAL),
      NAME(MAPPING_ACCESS_RANDOM),
      NAME(MAPPING_ACCESS_SEQUENTIAL_WRITE),
  };
#undef NAME
  return FORMAT(value, names, out_temp);
}
