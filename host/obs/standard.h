/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Standards: which published requirements a finding is about
 *
 * From its `cwe` and from tags of the form SOURCE:NUMBER whose source is a known one: asvs (OWASP
 * Application Security Verification Standard 4.0.3), cis-docker, cis-kubernetes, cis-nginx,
 * cis-apache (benchmarks of the Center for Internet Security), pss (Kubernetes' Pod Security
 * Standards), spdx, and so on. Rules of other tools (hadolint:DL3002) are tags, but no standards.
 */

#include "base/buf.h"

#include <jansson.h>

/* Appends "CWE-250, OWASP ASVS 14.1.3, CIS Docker 4.1", or nothing. 0 or -ENOMEM. */
int standards_write(struct buf *out, const json_t *finding);
