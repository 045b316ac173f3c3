/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/standard.h"

#include "base/def.h"

#include <string.h>

#define SHOWN_MAX 8 /* of one finding */

static const struct {
        const char *source, *name;
} standards[] = {
        { "asvs:", "OWASP ASVS " },
        { "cis-actions:", "CIS GitHub " },
        { "cis-apache:", "CIS Apache " },
        { "cis-docker:", "CIS Docker " },
        { "cis-github:", "CIS GitHub " },
        { "cis-kubernetes:", "CIS Kubernetes " },
        { "cis-nginx:", "CIS NGINX " },
        { "iso5230:", "ISO/IEC 5230 " },
        { "nist:", "NIST SP 800-53 " },
        { "owasp-cicd:", "OWASP " },
        { "pss:", "Pod Security Standards " },
        { "reuse:", "REUSE " },
        { "rfc:", "RFC " },
        { "slsa:", "SLSA " },
        { "spdx:", "SPDX " },
};

static int one_write(struct buf *out, size_t *n, const char *name, const char *number)
{
        if ((*n)++ >= SHOWN_MAX)
                return 0;
        return buf_printf(out, "%s%s%s", *n > 1 ? ", " : "", name, number);
}

int standards_write(struct buf *out, const json_t *finding)
{
        size_t n = 0, i;
        json_t *item;
        int r = 0;

        json_array_foreach (json_object_get(finding, "cwe"), i, item)
                if (r == 0 && json_is_string(item))
                        r = one_write(out, &n, "", json_string_value(item));
        json_array_foreach (json_object_get(finding, "tags"), i, item) {
                const char *tag = json_string_value(item);

                for (size_t k = 0; r == 0 && tag && k < ARRAY_SIZE(standards); k++) {
                        size_t length = strlen(standards[k].source);

                        if (strncmp(tag, standards[k].source, length) == 0)
                                r = one_write(out, &n, standards[k].name, tag + length);
                }
        }
        return r;
}
