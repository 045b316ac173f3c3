/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/gate.h"

#include "config.h"

/*
 * Aho-Corasick over bytes folded into classes: one class for each letter that any literal uses, one
 * for the rest, so that the table of moves stays in the cache. The automaton ignores case; a cased
 * literal is compared once more when it hits.
 */

#define REPORTS (1u << 31)

struct ac_state {
        int32_t literal; /* first literal that ends here, or -1; the others hang on `same` */
        int32_t report;  /* nearest state, this one included, on the way of failures with a literal
                          */
        int32_t fail;
        uint32_t depth;
};

struct gate {
        uint8_t class_of[256];
        size_t n_classes;
        struct ac_state *states;
        size_t n_states;
        int32_t *moves;  /* n_states rows of n_classes */
        uint32_t *jumps; /* the same as offsets of rows, with REPORTS where something ends */
        int32_t *same;   /* next literal with the same folded text, or -1 */
        struct gate_literal *literals;
        size_t *lengths;
};

static unsigned char fold(unsigned char c)
{
        return c >= 'A' && c <= 'Z' ? (unsigned char) (c + 32) : c;
}

static void ac_free(struct gate *gate)
{
        if (!gate)
                return;
        free(gate->states);
        free(gate->moves);
        free(gate->jumps);
        free(gate->same);
        free(gate->literals);
        free(gate->lengths);
        free(gate);
}

/* Gives each letter in use a class; returns the room that the trie needs at most. */
static size_t make_classes(struct gate *gate, size_t n)
{
        size_t room = 1;

        gate->n_classes = 1;
        for (size_t i = 0; i < n; i++)
                for (const char *s = gate->literals[i].text; *s; s++, room++) {
                        unsigned char c = fold((unsigned char) *s);

                        if (!gate->class_of[c])
                                gate->class_of[c] = (uint8_t) gate->n_classes++;
                }
        for (int c = 'A'; c <= 'Z'; c++)
                gate->class_of[c] = gate->class_of[c + 32];
        return room;
}

static int32_t *move_of(const struct gate *gate, int32_t state, unsigned class)
{
        return &gate->moves[(size_t) state * gate->n_classes + class];
}

static void add_literal(struct gate *gate, int32_t index)
{
        const char *text = gate->literals[index].text;
        int32_t state = 0;

        for (const char *s = text; *s; s++) {
                int32_t *move = move_of(gate, state, gate->class_of[(unsigned char) *s]);

                if (!*move) {
                        gate->states[gate->n_states] = (struct ac_state){
                                .literal = -1, .report = -1, .depth = gate->states[state].depth + 1
                        };
                        *move = (int32_t) gate->n_states++;
                }
                state = *move;
        }
        gate->same[index] = gate->states[state].literal;
        gate->states[state].literal = index;
}

/* Breadth first: fills the missing moves from the state that a failure leads to. */
static int close_moves(struct gate *gate)
{
        int32_t *queue = calloc(gate->n_states, sizeof(*queue));
        size_t head = 0, tail = 0;

        if (!queue)
                return -ENOMEM;
        queue[tail++] = 0;
        while (head < tail) {
                int32_t at = queue[head++];
                struct ac_state *s = &gate->states[at];

                s->report = s->literal >= 0 ? at : at ? gate->states[s->fail].report : -1;
                for (unsigned c = 0; c < gate->n_classes; c++) {
                        int32_t *move = move_of(gate, at, c);
                        int32_t other = at ? *move_of(gate, s->fail, c) : 0;

                        if (*move && gate->states[*move].depth == s->depth + 1) {
                                gate->states[*move].fail = other;
                                queue[tail++] = *move;
                        } else
                                *move = other;
                }
        }
        free(queue);
        return 0;
}

/* What the scan reads: one look a byte, no multiplication. */
static int make_jumps(struct gate *gate)
{
        size_t n = gate->n_states * gate->n_classes;

        if (n >= REPORTS)
                return -E2BIG;
        gate->jumps = calloc(n, sizeof(*gate->jumps));
        if (!gate->jumps)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                int32_t to = gate->moves[i];

                gate->jumps[i] = (uint32_t) ((size_t) to * gate->n_classes) |
                                 (gate->states[to].report >= 0 ? REPORTS : 0);
        }
        free(gate->moves);
        gate->moves = NULL;
        return 0;
}

static int ac_new(struct gate **ret_gate, const struct gate_literal *literals, size_t n)
{
        struct gate *gate = calloc(1, sizeof(*gate));
        size_t room;
        int r = -ENOMEM;

        if (!gate)
                return -ENOMEM;
        gate->literals = calloc(n, sizeof(*gate->literals));
        gate->lengths = calloc(n, sizeof(*gate->lengths));
        gate->same = calloc(n, sizeof(*gate->same));
        if (gate->literals && gate->lengths && gate->same) {
                memcpy(gate->literals, literals, n * sizeof(*literals));
                room = make_classes(gate, n);
                gate->states = calloc(room, sizeof(*gate->states));
                gate->moves = calloc(room * gate->n_classes, sizeof(*gate->moves));
        }
        if (gate->states && gate->moves) {
                gate->states[gate->n_states++] = (struct ac_state){ .literal = -1, .report = -1 };
                for (size_t i = 0; i < n; i++) {
                        gate->lengths[i] = strlen(literals[i].text);
                        add_literal(gate, (int32_t) i);
                }
                r = close_moves(gate);
                if (r >= 0)
                        r = make_jumps(gate);
        }
        if (r < 0) {
                ac_free(gate);
                return r;
        }
        *ret_gate = gate;
        return 0;
}

/* Tells all literals that end at a state and at those it falls back to. */
static int report(const struct gate *gate, int32_t state, const char *data, size_t end,
                  gate_hit hit, void *owner)
{
        for (int32_t at = gate->states[state].report; at >= 0;) {
                for (int32_t i = gate->states[at].literal; i >= 0; i = gate->same[i]) {
                        const struct gate_literal *l = &gate->literals[i];
                        size_t n = gate->lengths[i];
                        int r;

                        if (l->cased && memcmp(data + end - n, l->text, n) != 0)
                                continue;
                        r = hit(owner, (unsigned) i, end);
                        if (r != 0)
                                return r;
                }
                at = at ? gate->states[gate->states[at].fail].report : -1;
        }
        return 0;
}

static int ac_scan(struct gate *gate, const char *data, size_t length, gate_hit hit, void *owner)
{
        const uint32_t *jumps = gate->jumps;
        uint32_t row = 0;

        for (size_t i = 0; i < length; i++) {
                row = jumps[(row & ~REPORTS) + gate->class_of[(unsigned char) data[i]]];
                if (row & REPORTS) {
                        int32_t state = (int32_t) ((row & ~REPORTS) / gate->n_classes);
                        int r = report(gate, state, data, i + 1, hit, owner);

                        if (r != 0)
                                return r;
                }
        }
        return 0;
}

const struct gate_engine gate_ac = {
        .name = "aho-corasick", .new = ac_new, .scan = ac_scan, .free = ac_free
};

const struct gate_engine *gate_best(void)
{
#ifdef HAVE_HYPERSCAN
        return &gate_hs;
#else
        return &gate_ac;
#endif
}
