/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the files named on the command line through a fuzz target, for compilers without libFuzzer and to look into findings. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static int replay(const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file) {
    perror(path);
    return 1;
  }
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  uint8_t* data = malloc(size > 0 ? (size_t)size : 1);
  int failed = size < 0 || !data || fread(data, 1, (size_t)size, file) != (size_t)size;
  fclose(file);
  if (failed) {
    fprintf(stderr, "%s: cannot be read\n", path);
  } else {
    (void)LLVMFuzzerTestOneInput(data, (size_t)size);
  }
  free(data);
  return failed;
}

int main(int argc, char** argv) {
  int failures = 0;
  for (int i = 1; i < argc; ++i) failures += replay(argv[i]);
  printf("%d files replayed\n", argc - 1 - failures);
  return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
