/* SPDX-License-Identifier: BSD-3-Clause */
/* version - what --version prints, of all programs. */
#ifndef COMMON_VERSION_H
#define COMMON_VERSION_H

#define PORTCALL_VERSION "0.1.0"

#endif
