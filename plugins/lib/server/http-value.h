/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Values of headers with a grammar of their own: Strict-Transport-Security (RFC 6797), Set-Cookie
 * (RFC 6265bis) and Referrer-Policy. Spans lie in the given text.
 */

#include "scan/def.h"

struct hsts {
        long max_age; /* -1 = not given, or no number */
        bool include_subdomains;
        bool preload;
        bool is_duplicate; /* a directive stands there twice */
};

struct hsts hsts_parse(struct span value);

enum same_site { SAME_SITE_UNSET, SAME_SITE_STRICT, SAME_SITE_LAX, SAME_SITE_NONE, SAME_SITE_BAD };

struct cookie {
        struct span name;
        bool secure;
        bool http_only;
        bool partitioned;
        bool has_domain;
        bool path_is_root;
        enum same_site same_site;
};

struct cookie cookie_parse(struct span value);

/* Does its name say that it keeps somebody logged in, or guards a form? */
bool cookie_is_session(const struct cookie *c);
bool cookie_is_csrf(const struct cookie *c);

enum referrer_policy { REFERRER_UNKNOWN, REFERRER_PRIVATE, REFERRER_UNSAFE };

/* Of several in a list the last one that is known counts. */
enum referrer_policy referrer_policy(struct span value);
