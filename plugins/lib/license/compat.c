/* SPDX-License-Identifier: Apache-2.0 */
#include "license/compat.h"

#include <fnmatch.h>
#include <stdio.h>

/* What a licence asks of works that hold a part under it. */
enum family {
        FAMILY_OTHER,
        FAMILY_PERMISSIVE,
        FAMILY_LIBRARY,  /* LGPL: the part can be exchanged */
        FAMILY_FILE,     /* MPL, EPL, CDDL: the files stay under it */
        FAMILY_STRONG,   /* GPL: the whole */
        FAMILY_NETWORK,  /* AGPL: the whole, also for users over a network */
        FAMILY_LIMITED,  /* not for every use: no commerce, no changes, competitors */
        FAMILY_DOCUMENT, /* GFDL, CC-BY-SA: texts and pictures */
};

/* The first pattern that fits counts. */
static const struct {
        const char *pattern;
        enum family family;
} licenses[] = {
        { "AGPL-*", FAMILY_NETWORK },
        { "LGPL-*", FAMILY_LIBRARY },
        { "GPL-*", FAMILY_STRONG },
        { "GFDL-*", FAMILY_DOCUMENT },
        { "MPL-*", FAMILY_FILE },
        { "EPL-*", FAMILY_FILE },
        { "CDDL-*", FAMILY_FILE },
        { "CPL-*", FAMILY_FILE },
        { "IPL-*", FAMILY_FILE },
        { "NPL-*", FAMILY_FILE },
        { "APSL-*", FAMILY_FILE },
        { "MS-RL", FAMILY_FILE },
        { "OSL-*", FAMILY_NETWORK },
        { "EUPL-*", FAMILY_STRONG },
        { "CECILL-1.*", FAMILY_STRONG },
        { "CECILL-2.*", FAMILY_STRONG },
        { "Sleepycat", FAMILY_STRONG },
        { "QPL-*", FAMILY_STRONG },
        { "SSPL-*", FAMILY_LIMITED },
        { "BUSL-*", FAMILY_LIMITED },
        { "Elastic-*", FAMILY_LIMITED },
        { "FSL-*", FAMILY_LIMITED },
        { "PolyForm-*", FAMILY_LIMITED },
        { "CC-*-NC-*", FAMILY_LIMITED },
        { "CC-BY-ND-*", FAMILY_LIMITED },
        { "JSON", FAMILY_LIMITED },
        { "Hippocratic-*", FAMILY_LIMITED },
        { "CC-BY-SA-*", FAMILY_DOCUMENT },
        { "MIT*", FAMILY_PERMISSIVE },
        { "BSD-*", FAMILY_PERMISSIVE },
        { "Apache-*", FAMILY_PERMISSIVE },
        { "ISC*", FAMILY_PERMISSIVE },
        { "Zlib*", FAMILY_PERMISSIVE },
        { "0BSD", FAMILY_PERMISSIVE },
        { "Unlicense", FAMILY_PERMISSIVE },
        { "CC0-*", FAMILY_PERMISSIVE },
        { "BSL-*", FAMILY_PERMISSIVE },
        { "Python-*", FAMILY_PERMISSIVE },
        { "PSF-*", FAMILY_PERMISSIVE },
        { "X11*", FAMILY_PERMISSIVE },
        { "CC-BY-*", FAMILY_PERMISSIVE },
        { "UPL-*", FAMILY_PERMISSIVE },
        { "PostgreSQL", FAMILY_PERMISSIVE },
        { "NCSA", FAMILY_PERMISSIVE },
        { "WTFPL", FAMILY_PERMISSIVE },
        { "HPND*", FAMILY_PERMISSIVE },
};

/* Pairs of which it is known that they conflict: part, whole, why. */
static const struct {
        const char *part, *whole, *why;
} conflicts[] = {
        { "Apache-2.0", "GPL-2.0-only",
          "Apache-2.0 ends patent grants and asks for indemnity, which GPL-2.0 counts as further "
          "restrictions; with GPL-3.0 it goes together (FSF, Apache)" },
        { "Apache-2.0", "LGPL-2.*-only",
          "Apache-2.0 has conditions that version 2 of the GNU licences counts as further "
          "restrictions (FSF)" },
        { "GPL-2.0-only", "GPL-3.0-*",
          "GPL-2.0 without \"or later\" asks for the whole to be under GPL-2.0, GPL-3.0 for the "
          "whole to be under GPL-3.0 (FSF)" },
        { "GPL-3.0-*", "GPL-2.0-only",
          "GPL-3.0 asks for the whole to be under GPL-3.0, and GPL-2.0 without \"or later\" does "
          "not allow that (FSF)" },
        { "LGPL-3.0-*", "GPL-2.0-only",
          "LGPL-3.0 is GPL-3.0 with permissions added, which GPL-2.0 alone does not go with "
          "(FSF)" },
        { "AGPL-3.0-*", "GPL-2.0-only",
          "AGPL-3.0 may be joined with GPL-3.0 (its section 13), not with GPL-2.0 (FSF)" },
        { "GPL-2.0-only", "AGPL-3.0-*",
          "GPL-2.0 without \"or later\" may not be joined with the AGPL (FSF)" },
        { "GPL-*", "Apache-2.0",
          "a work with GPL parts is under the GPL as a whole, so it cannot be given on under "
          "Apache-2.0 alone (Apache's list: category X)" },
        { "BSD-4-Clause*", "*GPL-*",
          "the advertising clause is a further restriction, which the GPL forbids (FSF)" },
        { "OpenSSL", "*GPL-*",
          "the advertising clauses are further restrictions, which the GPL forbids (FSF)" },
        { "Apache-1.*", "*GPL-*",
          "the clauses about names and advertising are further restrictions, which the GPL "
          "forbids (FSF)" },
        { "CDDL-*", "*GPL-*",
          "both ask for their files and for the whole to stay under themselves (FSF)" },
        { "EPL-1.0", "*GPL-*", "weak copyleft and choice of law, which the GPL forbids (FSF)" },
        { "EPL-2.0", "*GPL-*",
          "EPL-2.0 goes with the GPL only where the GPL is named as a secondary licence (Eclipse, "
          "FSF)" },
        { "CPL-1.0", "*GPL-*", "choice of law and patents, which the GPL forbids (FSF)" },
        { "IPL-1.0", "*GPL-*", "choice of law and patents, which the GPL forbids (FSF)" },
        { "MPL-1.*", "*GPL-*",
          "MPL-1.1 has restrictions that the GPL forbids; MPL-2.0 goes together with it (FSF, "
          "Mozilla)" },
        { "MPL-2.0-no-copyleft-exception", "*GPL-*",
          "the files are marked as incompatible with secondary licences (Mozilla)" },
        { "OSL-*", "*GPL-*", "OSL asks for the whole to be under the OSL (FSF)" },
        { "PHP-3.0*", "*GPL-*", "the rule about names is a further restriction (FSF)" },
        { "Artistic-1.0", "*GPL-*", "the text is too vague to be held against the GPL (FSF)" },
        { "CC-BY-SA-4.0", "GPL-2.0-only",
          "CC-BY-SA-4.0 may be turned into GPL-3.0, and into no other version (Creative Commons)" },
        { "CC-BY-SA-3.0*", "*GPL-*",
          "only version 4.0 may be turned into GPL-3.0 (Creative Commons)" },
        { "GFDL-*", "*GPL-*", "the GFDL is for documents and forbids what the GPL allows (FSF)" },
        { "JSON", "*GPL-*", "\"shall be used for Good, not Evil\" limits the use (FSF)" },
        { "SSPL-*", "*GPL-*", "SSPL asks for more than the GPL, which the GPL forbids" },
};

/* What a part asks for, where the whole does not ask for the same. */
static const char *const demands[] = {
        [FAMILY_LIBRARY] = "may be used from it, but changes to the part stay under its licence, "
                           "and who gets the whole must be able to exchange the part",
        [FAMILY_FILE] = "may be used in it, but these files and changes to them stay under their "
                        "licence, with their source",
        [FAMILY_STRONG] = "asks that who gives on the whole does so under the same licence, with "
                          "source, if the part is built into it; a program that only runs beside "
                          "it is not meant",
        [FAMILY_NETWORK] = "asks that the whole is under the same licence, with source, also for "
                           "who only uses it over a network",
        [FAMILY_LIMITED] = "does not allow every use: it is no open source licence, and who gets "
                           "the whole must be told",
        [FAMILY_DOCUMENT] = "is meant for texts and pictures, and asks that works made from them "
                            "stay under it",
};

static enum family family_of(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(licenses); i++)
                if (!fnmatch(licenses[i].pattern, name, FNM_CASEFOLD))
                        return licenses[i].family;
        return FAMILY_OTHER;
}

/* One licence of the part against one of the whole. */
struct pair {
        const char *part, *whole;
        bool excepted; /* the part has an exception, which gives permissions for this */
};

static const char *why_conflict(const struct pair *p)
{
        for (size_t i = 0; i < ARRAY_SIZE(conflicts); i++)
                if (!fnmatch(conflicts[i].part, p->part, FNM_CASEFOLD) &&
                    !fnmatch(conflicts[i].whole, p->whole, FNM_CASEFOLD))
                        return conflicts[i].why;
        return NULL;
}

static enum license_concern judge(const struct pair *p, char *ret, size_t size)
{
        enum family part = family_of(p->part), whole = family_of(p->whole);
        const char *why = p->excepted ? NULL : why_conflict(p);

        if (why) {
                (void) snprintf(ret, size, "%s in a work under %s: %s", p->part, p->whole, why);
                return LICENSE_CONFLICT;
        }
        if (p->excepted || whole == FAMILY_OTHER || part <= FAMILY_PERMISSIVE ||
            (part == whole && part != FAMILY_LIMITED) ||
            (part != FAMILY_LIMITED && (whole == FAMILY_STRONG || whole == FAMILY_NETWORK)))
                return LICENSE_FINE;
        (void) snprintf(ret, size, "%s in a work under %s: the part %s", p->part, p->whole,
                        demands[part]);
        return LICENSE_QUESTION;
}

/* The best that a choice of the whole allows. */
static enum license_concern against_whole(const struct spdx *w, const char *part, bool excepted,
                                          int index, char *ret, size_t size)
{
        const struct spdx_node *node = &w->nodes[index];
        enum license_concern left, right;
        char name[SPDX_NAME], other[512];
        struct spdx_node bare = *node;

        if (node->kind == SPDX_NOTHING)
                return LICENSE_FINE;
        if (node->kind == SPDX_LICENSE) {
                bare.exception = (struct span){ 0 };
                spdx_name(&bare, name, sizeof(name));
                return judge(&(struct pair){ part, name, excepted }, ret, size);
        }
        left = against_whole(w, part, excepted, node->left, ret, size);
        right = against_whole(w, part, excepted, node->right, other, sizeof(other));
        if (node->kind == SPDX_AND ? right > left : right < left) {
                (void) snprintf(ret, size, "%s", right ? other : "");
                return right;
        }
        return left;
}

static enum license_concern ask(const struct spdx *w, const struct spdx *part, int index, char *ret,
                                size_t size)
{
        const struct spdx_node *node = &part->nodes[index];
        enum license_concern left, right;
        char name[SPDX_NAME], other[512] = "";
        struct spdx_node bare = *node;

        *ret = '\0';
        if (node->kind == SPDX_NOTHING)
                return LICENSE_FINE;
        if (node->kind == SPDX_LICENSE) {
                bare.exception = (struct span){ 0 };
                spdx_name(&bare, name, sizeof(name));
                return against_whole(w, name, node->exception.length > 0, w->root, ret, size);
        }
        left = ask(w, part, node->left, ret, size);
        right = ask(w, part, node->right, other, sizeof(other));
        /* Of a choice the better one is taken. */
        if (node->kind == SPDX_AND ? right > left : right < left) {
                (void) snprintf(ret, size, "%s", other);
                return right;
        }
        return left;
}

enum license_concern license_compat(const struct spdx *part, const struct spdx *whole, char *ret,
                                    size_t size)
{
        return ask(whole, part, part->root, ret, size);
}
