/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which addresses an expression takes for those of a site.
 *
 * The expression becomes a finite automaton, addresses are read by a second one, and both are
 * walked together: if there is a text that the expression finds something in, and that is the
 * address of a stranger, the expression trusts strangers.
 */

#include "regex.h"
#include "span.h"

enum { STATES = 4096, COPIES = 4, DOMAIN_BYTES = 256 };

enum state_kind { STATE_SET, STATE_FORK, STATE_START, STATE_END, STATE_FOUND };

struct state {
        enum state_kind kind;
        const struct regex_set *set;
        bool is_free; /* the set holds so many letters that somebody may choose one */
        int to, other;
};

/* How far an address was read. The states of the host follow behind HOST. */
enum {
        URL_SCHEME,
        URL_H,
        URL_HT,
        URL_HTT,
        URL_HTTP,
        URL_HTTPS,
        URL_COLON,
        URL_SLASH,
        URL_PORT_OURS, /* behind the colon, where only digits may follow */
        URL_PORT_STRANGE,
        URL_OURS,
        URL_STRANGE,
        URL_BROKEN,
        URL_HOST
};

/* Of the host, where no domains are given: was a letter of this label, of the one before, free? */
enum { FREE_NOW = 1, FREE_BEFORE = 2, LABEL_BEGUN = 4, HOST_STATES = 8 };

struct judge {
        const struct regex *r;
        const struct regex_sites *sites;
        struct state states[STATES];
        int n_states;
        int n_builds; /* empty elements take no state, but time */
        bool is_full;
        char ends[DOMAIN_BYTES]; /* the domains, each with a dot before it and a NUL behind it */
        size_t n_ends;
        int n_urls;
};

/* ---- The expression as an automaton, built from its end ---- */

static int add_state(struct judge *j, struct state s)
{
        if (j->n_states >= STATES) {
                j->is_full = true;
                return 0;
        }
        j->states[j->n_states] = s;
        return j->n_states++;
}

static int build(struct judge *j, int node, int to);

/* The elements of a sequence, the last one first. */
static int build_sequence(struct judge *j, int first, int to)
{
        int stack[REGEX_DEPTH * 4], n = 0;

        /* Long sequences are built in runs, so that the stack stays small. */
        for (int i = first; i >= 0; i = j->r->nodes[i].next) {
                if (n == (int) ARRAY_SIZE(stack)) {
                        to = build_sequence(j, i, to);
                        break;
                }
                stack[n++] = i;
        }
        while (n > 0)
                to = build(j, stack[--n], to);
        return to;
}

/* Few rounds are copied; many count as endless, which takes more texts, never fewer. */
static int build_repeat(struct judge *j, const struct regex_node *n, int to)
{
        uint32_t min = MIN_OF(n->min, COPIES);
        bool endless = n->max - n->min > COPIES || n->min > COPIES;

        if (endless) {
                int fork =
                        add_state(j, (struct state){ .kind = STATE_FORK, .to = to, .other = to });
                int body = build(j, n->child, fork);

                j->states[fork].other = body;
                to = fork;
        } else
                for (uint32_t i = n->min; i < n->max; i++)
                        to = add_state(j, (struct state){ .kind = STATE_FORK,
                                                          .to = build(j, n->child, to),
                                                          .other = to });
        for (uint32_t i = 0; i < min; i++)
                to = build(j, n->child, to);
        return to;
}

static bool is_free(const struct regex_node *n)
{
        enum { ENOUGH = 5 };
        unsigned letters = 0;

        for (int c = 0; c < 128; c++)
                letters += isalnum(c) && regex_set_has(&n->set, (unsigned char) c);
        return !n->is_literal && letters >= ENOUGH;
}

static int build(struct judge *j, int node, int to)
{
        const struct regex_node *n = &j->r->nodes[node];
        int found;

        j->is_full |= ++j->n_builds > 4 * STATES;
        if (j->is_full)
                return 0;
        switch (n->kind) {
        case REGEX_SET:
                return add_state(j, (struct state){ .kind = STATE_SET,
                                                    .set = &n->set,
                                                    .is_free = is_free(n),
                                                    .to = to });
        case REGEX_SEQUENCE:
                return build_sequence(j, n->child, to);
        case REGEX_CHOICE:
                found = build(j, n->child, to);
                for (int i = j->r->nodes[n->child].next; i >= 0; i = j->r->nodes[i].next)
                        found = add_state(j, (struct state){ .kind = STATE_FORK,
                                                             .to = found,
                                                             .other = build(j, i, to) });
                return found;
        case REGEX_REPEAT:
                return build_repeat(j, n, to);
        case REGEX_GROUP:
                return build(j, n->child, to);
        case REGEX_START:
                return add_state(j, (struct state){ .kind = STATE_START, .to = to });
        case REGEX_END:
                return add_state(j, (struct state){ .kind = STATE_END, .to = to });
        default:
                return to;
        }
}

/* ---- Addresses ---- */

/* The domain states: the longest end of the host that begins one of the domains. */
static int host_follow(const struct judge *j, int at, char c)
{
        char text[DOMAIN_BYTES];
        size_t length = 0;

        /* `at` is a place in `ends`: the bytes of its domain before it are what was read. */
        for (int i = at; i > 0 && j->ends[i - 1]; i--)
                length++;
        memcpy(text, j->ends + at - (int) length, length);
        text[length++] = c;
        for (size_t from = 0; from < length; from++)
                for (size_t d = 0; d < j->n_ends; d += strlen(j->ends + d) + 1)
                        if (!strncmp(j->ends + d, text + from, length - from) &&
                            length - from <= strlen(j->ends + d))
                                return (int) (d + length - from);
        return 0;
}

static int host_done(const struct judge *j, int url)
{
        int host = url - URL_HOST;

        if (j->n_ends)
                return host > 0 && !j->ends[host] ? URL_OURS : URL_STRANGE;
        return host & (FREE_NOW | FREE_BEFORE) ? URL_STRANGE : URL_OURS;
}

static int host_step(const struct judge *j, int url, char c, bool free)
{
        int host = url - URL_HOST;

        /* A browser sends no other sign right behind a host. */
        if (char_in("?#@", c))
                return URL_BROKEN;
        if (c == '/')
                return host_done(j, url);
        if (c == ':')
                return host_done(j, url) == URL_STRANGE ? URL_PORT_STRANGE : URL_PORT_OURS;
        if (j->n_ends)
                return URL_HOST + host_follow(j, host, c);
        if (c == '.')
                return host & LABEL_BEGUN ? URL_HOST + (host & FREE_NOW ? FREE_BEFORE : 0)
                                          : URL_BROKEN;
        return URL_HOST + (host | LABEL_BEGUN | (free ? FREE_NOW : 0));
}

static int url_step(const struct judge *j, int url, char c, bool free)
{
        static const char scheme[] = "http";

        switch (url) {
        case URL_SCHEME:
        case URL_H:
        case URL_HT:
        case URL_HTT:
                return c == scheme[url] ? url + 1 : URL_BROKEN;
        case URL_HTTP:
                if (c == ':')
                        return j->sites->https_only ? URL_STRANGE : URL_COLON;
                return c == 's' ? URL_HTTPS : URL_BROKEN;
        case URL_HTTPS:
                return c == ':' ? URL_COLON : URL_BROKEN;
        case URL_COLON:
                return c == '/' ? URL_SLASH : URL_BROKEN;
        case URL_SLASH:
                if (c != '/')
                        return URL_BROKEN;
                /* The host begins as if a dot had been read. */
                return URL_HOST + (j->n_ends ? host_follow(j, 0, '.') : 0);
        case URL_PORT_OURS:
        case URL_PORT_STRANGE:
                if (c == '/')
                        return url == URL_PORT_STRANGE ? URL_STRANGE : URL_OURS;
                return isdigit((unsigned char) c) ? url : URL_BROKEN;
        case URL_OURS:
        case URL_STRANGE:
        case URL_BROKEN:
                return url;
        default:
                return host_step(j, url, c, free);
        }
}

/* Is this the address of a stranger, or could any text behind it make it one? */
static bool is_strange(const struct judge *j, int url, bool may_follow)
{
        if (url >= URL_PORT_OURS && url < URL_HOST)
                return url == URL_STRANGE || url == URL_PORT_STRANGE;
        if (may_follow)
                return true;
        return url >= URL_HOST && host_done(j, url) == URL_STRANGE;
}

/* ---- The walk ---- */

struct walk {
        struct judge *j;
        uint8_t *seen;
        int *todo;
        size_t n_todo;
        size_t n_places;
};

/* A place: state of the expression, of the address, and whether the text is over. */
static void visit(struct walk *w, int state, int url, bool over)
{
        size_t place = ((size_t) state * (size_t) w->j->n_urls + (size_t) url) * 2 + over;

        if (url == URL_BROKEN || place >= w->n_places || w->seen[place])
                return;
        w->seen[place] = 1;
        w->todo[w->n_todo++] = (int) place;
}

/* Every letter that means something, and one for the others. */
static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_./:?#@";

static void read_set(struct walk *w, const struct state *s, int url)
{
        for (const char *c = letters; *c; c++)
                if (regex_set_has(s->set, (unsigned char) *c))
                        visit(w, s->to,
                              url_step(w->j, url, *c, s->is_free && isalnum((unsigned char) *c)),
                              false);
}

/* What stands before the place where the expression begins: anything. */
static void read_before(struct walk *w, int start, int url)
{
        for (const char *c = letters; *c; c++) {
                int next = url_step(w->j, url, *c, true);
                size_t place = (size_t) next;

                if (next == URL_BROKEN || w->seen[w->n_places + place])
                        continue;
                w->seen[w->n_places + place] = 1;
                visit(w, start, next, false);
                read_before(w, start, next);
        }
}

static bool walk(struct walk *w, int start, size_t *budget)
{
        struct judge *j = w->j;

        visit(w, start, URL_SCHEME, false);
        read_before(w, start, URL_SCHEME);
        while (w->n_todo > 0 && *budget > sizeof(letters)) {
                size_t place = (size_t) w->todo[--w->n_todo];
                bool over = place & 1;
                int url = (int) (place / 2 % (size_t) j->n_urls);
                const struct state *s = &j->states[place / 2 / (size_t) j->n_urls];

                *budget -= s->kind == STATE_SET ? sizeof(letters) : 1;
                if (s->kind == STATE_FOUND && is_strange(j, url, !over))
                        return true;
                if (s->kind == STATE_SET && !over)
                        read_set(w, s, url);
                else if (s->kind == STATE_FORK) {
                        visit(w, s->to, url, over);
                        visit(w, s->other, url, over);
                } else if (s->kind == STATE_START && url == URL_SCHEME)
                        visit(w, s->to, url, over);
                else if (s->kind == STATE_END)
                        visit(w, s->to, url, true);
        }
        return false;
}

static void read_domains(struct judge *j)
{
        for (size_t i = 0; i < j->sites->n_domains; i++) {
                struct span domain = j->sites->domains[i];

                if (!domain.length || j->n_ends + domain.length + 2 > sizeof(j->ends))
                        continue;
                j->ends[j->n_ends++] = '.';
                for (size_t k = 0; k < domain.length; k++)
                        j->ends[j->n_ends++] = (char) tolower((unsigned char) domain.text[k]);
                j->ends[j->n_ends++] = '\0';
        }
        j->n_urls = URL_HOST + (j->n_ends ? (int) j->n_ends + 1 : HOST_STATES);
}

static void freep(void *p)
{
        free(*(void **) p);
}

bool regex_trusts_strangers(const struct regex *r, const struct regex_sites *sites, size_t *budget)
{
        _cleanup_(freep) struct judge *j = calloc(1, sizeof(*j));
        _cleanup_(freep) uint8_t *seen = NULL;
        _cleanup_(freep) int *todo = NULL;
        struct walk w;
        int start;

        if (!j || r->has_look || r->is_partial || r->root < 0)
                return false;
        j->r = r;
        j->sites = sites;
        read_domains(j);
        start = build(j, r->root, add_state(j, (struct state){ .kind = STATE_FOUND }));
        w = (struct walk){ .j = j, .n_places = (size_t) j->n_states * (size_t) j->n_urls * 2 };
        w.seen = seen = calloc(w.n_places + (size_t) j->n_urls, 1);
        w.todo = todo = calloc(w.n_places, sizeof(*todo));
        if (!seen || !todo || j->is_full)
                return false;
        return walk(&w, start, budget);
}
