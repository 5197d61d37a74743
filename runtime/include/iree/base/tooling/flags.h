/* SPDX-License-Identifier: Apache-2.0 */
/* Command line flags: `--name=value`, flag files, and the storage that they fill.
 *
 * A program keeps its flags in tables; a parser takes several of them, its own and those of parts that it uses. */
#ifndef IREE_BASE_TOOLING_FLAGS_H_
#define IREE_BASE_TOOLING_FLAGS_H_

#include <stdio.h>

#include "iree/base/api.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vmrt_flag_type_e {
  VMRT_FLAG_BOOL,   /* bool */
  VMRT_FLAG_INT32,  /* int32_t */
  VMRT_FLAG_INT64,  /* int64_t */
  VMRT_FLAG_DOUBLE, /* double */
  VMRT_FLAG_STRING, /* iree_string_view_t: needs a `=`; one pair of double quotes around it is removed */
  VMRT_FLAG_LIST,   /* iree_flag_string_list_t: one entry each time the flag is given, as written */
  VMRT_FLAG_REQUEST /* vmrt_flag_request_t: given or not, with an optional value */
} vmrt_flag_type_t;

/* A flag that asks for something, such as `--list_devices` and `--list_devices=DRIVER`. */
typedef struct vmrt_flag_request_t {
  bool given;
  iree_string_view_t value;
} vmrt_flag_request_t;

typedef struct iree_flag_string_list_t {
  iree_host_size_t count;
  iree_host_size_t capacity;
  iree_string_view_t* values;
} iree_flag_string_list_t;

typedef struct vmrt_flag_t {
  const char* name;
  vmrt_flag_type_t type;
  void* storage; /* of that type; its content before parsing is the default */
  const char* help;
} vmrt_flag_t;

/* A table of flags that belong together. */
typedef struct vmrt_flag_set_t {
  const char* title; /* for --help */
  iree_host_size_t count;
  const vmrt_flag_t* flags;
} vmrt_flag_set_t;

typedef struct vmrt_flag_file_t vmrt_flag_file_t;

/* A parser and what it has read: text in the storage of flags lives in the arguments of the program or in `files`. */
typedef struct vmrt_flag_parser_t {
  iree_allocator_t allocator;
  iree_host_size_t set_count;
  const vmrt_flag_set_t* const* sets;
  vmrt_flag_file_t* files;
} vmrt_flag_parser_t;

IREE_API_EXPORT void vmrt_flag_parser_initialize(iree_host_size_t set_count, const vmrt_flag_set_t* const* sets,
                                                 iree_allocator_t allocator, vmrt_flag_parser_t* out_parser);
/* Empties all lists and frees the flag files. */
IREE_API_EXPORT void vmrt_flag_parser_deinitialize(vmrt_flag_parser_t* parser);

/* Takes the flags out of the arguments, from left to right; what is no flag stays, the program's name first. Stops at
 * the first error, which names the flag and its value. `--flagfile=PATH` is expanded at its place, up to 16 files deep.
 * White space around arguments, names and values is dropped. A bool is true without value, as `true` and `1`, false as
 * `false` and `0`. A scalar flag that is given again takes the later value. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t vmrt_flag_parser_parse(vmrt_flag_parser_t* parser, int* argc,
                                                                          char** argv);

/* Every flag with its current value and what it is for. */
IREE_API_EXPORT void vmrt_flag_parser_print(const vmrt_flag_parser_t* parser, FILE* file);

#ifdef __cplusplus
}
#endif

#endif /* IREE_BASE_TOOLING_FLAGS_H_ */
