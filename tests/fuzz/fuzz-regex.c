/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A line as a regular expression, what follows as a text, held against PCRE2
 *
 * Promises: what PCRE2 takes is taken, unless it is said to be understood in part; what PCRE2
 * matches is made of the characters that were told, begins with one of them, holds those that it
 * must, and is empty only where it may be. The same for each group. All questions end.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "fuzz.h"

#include "server/regex.h"

#include <pcre2.h>

/* One group of a match: are the facts true of it? */
static void match_try(const struct regex_facts *f, const uint8_t *text, size_t length)
{
        struct regex_set seen = { 0 };

        promise(length > 0 || f->can_be_empty, "a match is empty where it may be");
        for (size_t i = 0; i < length; i++) {
                promise(regex_set_has(&f->can, text[i]) || regex_set_has(&f->literal, text[i]),
                        "a match is made of what was told");
                seen.bits[text[i] >> 6] |= 1ULL << (text[i] & 63);
        }
        promise(length == 0 || regex_set_has(&f->first, text[0]), "and begins so");
        for (size_t i = 0; i < 4; i++)
                promise(!(f->must.bits[i] & ~seen.bits[i]), "and holds what it must");
}

static void groups_try(const struct regex *r, const uint8_t *text, const PCRE2_SIZE *ovector,
                       uint32_t n)
{
        for (unsigned g = 0; g < n; g++) {
                int node = g == 0 ? r->root : regex_group(r, g, (struct span){ "", 0 });
                struct regex_facts facts;

                if (ovector[2 * g] == PCRE2_UNSET || ovector[2 * g] > ovector[2 * g + 1])
                        continue;
                promise(node >= 0, "a group is known");
                facts = regex_facts(r, node);
                match_try(&facts, text + ovector[2 * g], ovector[2 * g + 1] - ovector[2 * g]);
        }
}

static void peer_try(const struct regex *r, const pcre2_code *code, const uint8_t *text,
                     size_t length)
{
        pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
        pcre2_match_context *context = pcre2_match_context_create(NULL);
        int n;

        (void) pcre2_set_match_limit(context, 10000);
        (void) pcre2_set_depth_limit(context, 1000);
        n = pcre2_match(code, text, length, 0, 0, match, context);
        if (n > 0)
                groups_try(r, text, pcre2_get_ovector_pointer(match), (uint32_t) n);
        pcre2_match_data_free(match);
        pcre2_match_context_free(context);
}

/* Does it look back at groups, or begin where it likes? Then its characters are others' too. */
static bool is_plain(const struct regex *r, const uint8_t *text, size_t length)
{
        for (size_t i = 0; i < r->n_nodes; i++)
                if (r->nodes[i].kind == REGEX_BACK)
                        return false;
        return !memmem(text, length, "\\K", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
        size_t length = end ? (size_t) (end - data) : size, at, budget = 200000;
        const struct regex_sites sites = { 0 };
        struct regex r = { 0 };
        pcre2_code *code;
        int result, error;

        if (length > 4096)
                return 0;
        result = regex_parse(&r, (struct span){ (const char *) data, length }, false);
        code = pcre2_compile(data, length, 0, &error, &at, NULL);
        if (code && length < 100)
                promise(result == 0 || r.is_partial, "what PCRE2 takes is taken");
        if (result == 0) {
                (void) regex_is_anchored(&r);
                (void) regex_is_end_anchored(&r);
                (void) regex_is_exact(&r);
                (void) regex_is_explosive(&r);
                (void) regex_group_around(&r, 1);
                (void) regex_trusts_strangers(&r, &sites, &budget);
        }
        if (code && result == 0 && !r.is_partial && end && is_plain(&r, data, length))
                peer_try(&r, code, end + 1, size - length - 1);
        pcre2_code_free(code);
        regex_done(&r);
        return 0;
}
