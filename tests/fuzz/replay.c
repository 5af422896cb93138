/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * replay - feed each file of a corpus folder to a fuzz target once, without a fuzzer.
 *
 *	replay_eapol tests/fuzz/corpus/eapol
 *
 * Linked with one fuzz_X.c.  TAP: one test, which says how many files there were; a finding ends the
 * program, and the line before it names the file.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The file's octets (malloc, at least one octet long); NULL: cannot be read. */
static uint8_t *read_file(const char *path, size_t *ret_n)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long n;

	if (!file)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0 && (n = ftell(file)) >= 0 &&
	    fseek(file, 0, SEEK_SET) == 0) {
		bytes = malloc((size_t)n + 1);
		if (bytes && fread(bytes, 1, (size_t)n, file) != (size_t)n) {
			free(bytes);
			bytes = NULL;
		}
		*ret_n = (size_t)n;
	}
	fclose(file);
	return bytes;
}

/* An exact copy, so that the sanitizer sees a read behind the end. */
static void feed(const uint8_t *bytes, size_t n)
{
	uint8_t *exact = malloc(n);

	if (n > 0 && !exact)
		abort();
	if (n > 0)
		memcpy(exact, bytes, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	int count = argc == 2 ? scandir(argv[1], &entries, visible, alphasort) : -1;

	if (count < 0) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return 2;
	}
	printf("1..1\n");
	for (int i = 0; i < count; i++) {
		char path[4096];
		size_t n = 0;

		snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
		printf("# %s\n", path);
		fflush(stdout);
		uint8_t *bytes = read_file(path, &n);

		if (!bytes) {
			printf("not ok 1 - cannot read %s\n", path);
			return 1;
		}
		feed(bytes, n);
		free(bytes);
		free(entries[i]);
	}
	free(entries);
	printf("%s 1 - %d files of %s\n", count > 0 ? "ok" : "not ok", count, argv[1]);
	return count > 0 ? 0 : 1;
}
