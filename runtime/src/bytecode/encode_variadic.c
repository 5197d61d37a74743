/* SPDX-License-Identifier: Apache-2.0 */
/* Where the arguments of a variadic call lie in their packed form: the sizes of its spans are in the code, so that is known
 * when the call is encoded. */
#include "bytecode/encode_variadic.h"

/* A walk over a convention and the segments of one call; without an encoder it only measures. */
typedef struct plan_walk_t {
  encoder_t* encoder;
  uint32_t at;      /* bytes */
  uint32_t entries; /* of the plan */
  uint32_t values;
} plan_walk_t;

static bool is_wide(char letter) { return letter == 'I' || letter == 'F' || letter == 'r'; }

static bool has_wide(const char* letters, iree_host_size_t count) {
  for (iree_host_size_t i = 0; i < count; ++i) {
    if (is_wide(letters[i])) return true;
  }
  return false;
}

static void walk_entry(plan_walk_t* walk, variadic_kind_t kind) {
  if (walk->encoder) encoder_push(walk->encoder, (uint16_t)(walk->at | (uint32_t)kind)); /* a multiple of 4 */
  ++walk->entries;
}

static void walk_value(plan_walk_t* walk, char letter) {
  if (is_wide(letter)) walk->at = (walk->at + 7) & ~7u;
  walk_entry(walk, letter == 'r' ? VARIADIC_REF : is_wide(letter) ? VARIADIC_64 : VARIADIC_32);
  walk->at += letter == 'r' ? (uint32_t)sizeof(iree_vm_ref_t) : is_wide(letter) ? 8 : 4;
  ++walk->values;
}

/* The count, padding when there are tuples, then those; each value is aligned by itself. */
static void walk_span(plan_walk_t* walk, const char* letters, iree_host_size_t length, uint16_t count) {
  walk_entry(walk, VARIADIC_COUNT);
  if (walk->encoder) encoder_push(walk->encoder, count);
  ++walk->entries;
  walk->at += 4;
  if (count > 0 && has_wide(letters, length)) walk->at = (walk->at + 7) & ~7u;
  for (uint32_t i = 0; i < count * length && walk->at <= VARIADIC_MAX_BYTES; ++i) walk_value(walk, letters[i % length]);
}

static bool walk_letters(plan_walk_t* walk, iree_string_view_t letters, operand_list_t segments) {
  uint32_t segment = 0;
  for (iree_host_size_t i = 0; i < letters.size; ++i, ++segment) {
    if (walk->at > VARIADIC_MAX_BYTES || segment >= segments.count) return false;
    if (letters.data[i] != 'C') {
      walk_value(walk, letters.data[i]);
      continue;
    }
    iree_host_size_t end = iree_string_view_find_char(letters, 'D', i);
    if (end == IREE_STRING_VIEW_NPOS || end == i + 1) return false;
    walk_span(walk, letters.data + i + 1, end - i - 1, operand_at(segments, segment));
    i = end;
  }
  if (has_wide(letters.data, letters.size)) walk->at = (walk->at + 7) & ~7u;
  return walk->at <= VARIADIC_MAX_BYTES;
}

uint32_t variadic_plan_measure(iree_string_view_t letters, operand_list_t segments, uint32_t argument_count) {
  plan_walk_t walk = {NULL, 0, 0, 0};
  bool is_planned = letters.size > 0 && walk_letters(&walk, letters, segments) && walk.values == argument_count;
  return is_planned && walk.entries <= UINT16_MAX ? 2 + walk.entries : 0;
}

void variadic_plan_encode(encoder_t* encoder, iree_string_view_t letters, operand_list_t segments) {
  plan_walk_t walk = {NULL, 0, 0, 0};
  walk_letters(&walk, letters, segments);
  encoder_start_list(encoder);
  encoder_push(encoder, (uint16_t)walk.at);
  encoder_push(encoder, (uint16_t)walk.entries);
  walk = (plan_walk_t){encoder, 0, 0, 0};
  walk_letters(&walk, letters, segments);
}
