/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

enum { SNAPLEN = 262144 };

struct file {
	pcap_dumper_t *dumper;
	bool dirty;
};

struct capture {
	pcap_t *format;
	unsigned n;
	struct file *files;
	uint8_t *copy; /* LINK_FRAME_MAX octets: a frame whose checksum is completed */
};

/* Traffic is nobody else's business: mode 0600, and never through a symbolic link of a stranger. */
static FILE *create(const char *directory, const char *name, char *ret_why)
{
	char path[4096];
	FILE *file = NULL;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s.pcap", directory, name) >= sizeof(path)) {
		snprintf(ret_why, LINK_WHY_LEN, "The name of the capture-dir is too long.");
		return NULL;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (!file) {
		snprintf(ret_why, LINK_WHY_LEN, "Cannot write the capture %.200s: %s.", path,
		         strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	return file;
}

static bool open_file(struct capture *capture, struct file *ret_file, const char *directory,
                      const char *name, char *ret_why)
{
	FILE *file = create(directory, name, ret_why);

	if (!file)
		return false;
	ret_file->dumper = pcap_dump_fopen(capture->format, file);
	if (!ret_file->dumper) {
		snprintf(ret_why, LINK_WHY_LEN, "Cannot write a capture: %s.",
		         pcap_geterr(capture->format));
		fclose(file);
		return false;
	}
	ret_file->dirty = true;
	return true;
}

struct capture *capture_open(const char *directory, const char *const *names, unsigned n,
                             char ret_why[static LINK_WHY_LEN])
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (!capture)
		goto memory;
	capture->n = n;
	capture->format = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN,
	                                                       PCAP_TSTAMP_PRECISION_NANO);
	capture->files = calloc(n ? n : 1, sizeof(*capture->files));
	capture->copy = malloc(LINK_FRAME_MAX);
	if (!capture->format || !capture->files || !capture->copy)
		goto memory;
	for (unsigned i = 0; i < n; i++) {
		if (!open_file(capture, &capture->files[i], directory, names[i], ret_why))
			goto fail;
	}
	capture_flush(capture);
	return capture;
memory:
	snprintf(ret_why, LINK_WHY_LEN, "Out of memory.");
fail:
	capture_close(capture);
	return NULL;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	for (unsigned i = 0; capture->files && i < capture->n; i++) {
		if (capture->files[i].dumper)
			pcap_dump_close(capture->files[i].dumper);
	}
	if (capture->format)
		pcap_close(capture->format);
	free(capture->files);
	free(capture->copy);
	free(capture);
}

void capture_frame(struct capture *capture, const struct link_frame *frame)
{
	struct file *file = &capture->files[frame->port];
	struct pcap_pkthdr header = {
		/* nanoseconds where the type says microseconds: that is how libpcap takes them */
		.ts = { .tv_sec = frame->at.tv_sec, .tv_usec = frame->at.tv_nsec },
		.caplen = (bpf_u_int32)frame->n,
		.len = (bpf_u_int32)frame->n,
	};
	struct offload offload = frame->offload;
	const uint8_t *p = frame->p;

	if (offload.flags & OFFLOAD_NEEDS_CHECKSUM && frame->n <= LINK_FRAME_MAX) {
		memcpy(capture->copy, frame->p, frame->n);
		if (offload_complete(&offload, capture->copy, frame->n))
			p = capture->copy;
	}
	pcap_dump((u_char *)file->dumper, &header, p);
	file->dirty = true;
}

void capture_flush(struct capture *capture)
{
	for (unsigned i = 0; i < capture->n; i++) {
		if (capture->files[i].dirty)
			pcap_dump_flush(capture->files[i].dumper);
		capture->files[i].dirty = false;
	}
}
