/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the packed arguments of a call to the trace: event `bytes` with `fn`, `size` and `words` (4 bytes each, hex). */
#ifndef DUMP_H_
#define DUMP_H_

#include "trace.h"

static inline void dump_arguments(const vmrt_call_t* call, const char* fn) {
  iree_byte_span_t arguments = call->raw->arguments;
  trace_line_t line = trace_begin(call->module->name, "bytes");
  trace_text(&line, "fn", vmrt_text(fn));
  trace_number(&line, "size", (long long)arguments.data_length);
  trace_number(&line, "results", (long long)call->raw->results.data_length);
  trace_printf(&line, ",\"words\":\"");
  for (size_t i = 0; i + 4 <= arguments.data_length; i += 4) {
    uint32_t word;
    memcpy(&word, arguments.data + i, sizeof word);
    trace_printf(&line, i ? " %x" : "%x", word);
  }
  trace_printf(&line, "\"");
  trace_end(&line);
}

#endif /* DUMP_H_ */
