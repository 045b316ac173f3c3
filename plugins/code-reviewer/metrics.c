/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include "cognitive.h"
#include "cyclomatic.h"

#include <stdio.h>

/* What a reader has to keep in mind while he reads its inside. */
static const bool is_control[ROLES_] = {
        [ROLE_IF] = true,
        [ROLE_LOOP] = true,
        [ROLE_SWITCH] = true,
        [ROLE_TRY] = true,
};

/* ---- lines that hold code ---- */

static bool starts_directive(const struct source *s, uint32_t row)
{
        uint32_t length;
        const char *p = source_line(s, row, &length);

        while (length > 0 && (*p == ' ' || *p == '\t')) {
                p++;
                length--;
        }
        return length > 0 && *p == '#';
}

static bool ends_in_backslash(const struct source *s, uint32_t row)
{
        uint32_t length;
        const char *p = source_line(s, row, &length);

        return length > 0 && p[length - 1] == '\\';
}

/* The preprocessor's lines are no lines of code: lizard's definition. */
static int find_directives(struct walk *w)
{
        const struct source *s = w->s;

        w->code = calloc(s->n_lines + 1, 1);
        w->directive = calloc(s->n_lines + 1, 1);
        if (!w->code || !w->directive)
                return -ENOMEM;
        if (s->language->family != FAMILY_C)
                return 0;
        for (uint32_t row = 0; row < s->n_lines; row++)
                w->directive[row] = starts_directive(s, row) || (row > 0 && w->directive[row - 1] &&
                                                                 ends_in_backslash(s, row - 1));
        return 0;
}

static void mark_code(struct walk *w, TSNode token)
{
        uint32_t first = ts_node_start_point(token).row;
        TSPoint end = ts_node_end_point(token);
        uint32_t last = end.column == 0 && end.row > first ? end.row - 1 : end.row;

        if (ts_node_start_byte(token) == ts_node_end_byte(token) ||
            w->s->data[ts_node_start_byte(token)] == '\n')
                return;
        for (uint32_t row = first; row <= last && row < w->s->n_lines; row++)
                w->code[row] = !w->directive[row];
}

/* ---- functions ---- */

/* The classes and namespaces around it, in Python the functions as well, in front of its own name.
 */
static void qualify(struct walk *w, const struct function_name *name, char ret[NAME_MAX_BYTES])
{
        const char *separator = w->s->language->family == FAMILY_C ? "::" : ".";
        size_t frame = w->n_frames - 1;
        unsigned used = 0;

        (void) snprintf(ret, NAME_MAX_BYTES, "%s", name->own);
        if (name->qualifier[0])
                text_join(ret, NAME_MAX_BYTES, name->qualifier, separator, ret);
        for (size_t i = w->n_steps - 1; i > 0 && used < NAME_SCOPE_LIMIT; i--) {
                const struct step *step = &w->steps[i - 1];
                char scope[NAME_MAX_BYTES] = "";

                if (step->opened_function) {
                        if (w->s->language->family != FAMILY_PYTHON)
                                return;
                        (void) snprintf(scope, sizeof(scope), "%s", w->frames[frame--].name.own);
                } else if (step->role == ROLE_SCOPE) {
                        scope_name_find(scope, w->s, step->node, w->path, i - 1);
                }
                if (scope[0]) {
                        text_join(ret, NAME_MAX_BYTES, scope, separator, ret);
                        used++;
                }
        }
}

static int add_row(struct walk *w, const struct function_name *name, TSNode function)
{
        struct metrics *m = w->m;
        char qualified[NAME_MAX_BYTES];
        struct function_row row = {
                .start_byte = ts_node_start_byte(function),
                .line = name->row + 1,
                .end_line = ts_node_end_point(function).row + 1,
                .column = ts_node_start_point(function).column + 1,
                .cyclomatic = 1,
                .params = name->params,
        };

        if (ARRAY_GROW(m->rows, m->n_rows, w->rows_size) < 0)
                return -ENOMEM;
        qualify(w, name, qualified);
        row.name = strdup(qualified);
        if (!row.name)
                return -ENOMEM;
        m->rows[m->n_rows++] = row;
        return 0;
}

/* A decorator's shape: a function that defines one and returns it. Its inside is not nested deeper.
 */
static bool is_wrapper_body(const struct walk *w, const struct step *function)
{
        const struct step *block = function > w->steps ? function - 1 : NULL;
        unsigned n = 0;
        bool returns = false;

        if (w->s->language->family != FAMILY_PYTHON || !block)
                return false;
        for (uint32_t i = 0; i < ts_node_named_child_count(block->node) && n < 3; i++) {
                const char *type = ts_node_type(ts_node_named_child(block->node, i));

                if (strcmp(type, "comment") == 0)
                        continue;
                returns = strcmp(type, "return_statement") == 0;
                n++;
        }
        return n == 2 && returns;
}

/* Does a function inside another burden the outer one, and nest in it? JavaScript's stand alone. */
static bool nests_in_outer(const struct walk *w)
{
        return w->s->language->family != FAMILY_SCRIPT && w->n_frames > 1;
}

static int open_function(struct walk *w)
{
        struct step *step = walk_step(w);
        struct frame frame = { .row = w->m->n_rows };
        int r;

        if (step->role == ROLE_BLOCK && (w->n_frames > 1 || w->s->language->family != FAMILY_C))
                return 0;
        if (step->role == ROLE_LAMBDA && w->n_frames > 1) {
                w->nesting++;
                step->raised_nesting = true;
                return 0;
        }
        if (w->m->n_rows >= METRICS_FUNCTIONS) {
                w->m->truncated = true;
                return 0;
        }
        if (!function_name_find(&frame.name, w->s, step->node, w->path, w->n_steps - 1))
                return 0;
        r = add_row(w, &frame.name, step->node);
        if (r < 0 || (r = ARRAY_GROW(w->frames, w->n_frames, w->frames_size)) < 0)
                return r;
        if (nests_in_outer(w) && !is_wrapper_body(w, step) && !step->raised_nesting) {
                w->nesting++;
                step->raised_nesting = true;
        }
        frame.base = w->nesting;
        w->frames[w->n_frames++] = frame;
        step->opened_function = true;
        return 0;
}

static void close_function(struct walk *w)
{
        struct frame *f = walk_frame(w);

        f->cognitive += f->is_recursive;
        w->m->rows[f->row].cognitive = f->cognitive;
        w->n_frames--;
        if (nests_in_outer(w))
                cognitive_merge(walk_frame(w), f);
}

/* ---- the walk ---- */

static bool is_docstring(const struct walk *w, const struct step *step)
{
        TSNode string = ts_node_named_child(step->node, 0);
        uint32_t length;
        const char *text;

        if (step->role != ROLE_STATEMENT || ts_node_named_child_count(step->node) != 1 ||
            strcmp(ts_node_type(string), "string") != 0)
                return false;
        text = source_text(w->s, string, &length);
        while (length > 0 && *text != '"' && *text != '\'') {
                text++;
                length--;
        }
        return length >= 6 && text[0] == text[1] && text[1] == text[2];
}

/* Comments, docstrings and the preprocessor's own text hold nothing to measure. */
static bool is_opaque(const struct walk *w, const struct step *step, const struct step *parent)
{
        if (step->role == ROLE_COMMENT || step->role == ROLE_DIRECTIVE)
                return true;
        if (parent && step->field == FIELD_CONDITION &&
            (parent->role == ROLE_DIRECTIVE_IF || parent->role == ROLE_DIRECTIVE_ELIF))
                return true;
        return is_docstring(w, step);
}

static bool has_operator(const struct walk *w, TSNode binary)
{
        TSNode op = ts_node_child_by_field_name(binary, "operator", 8);

        return !ts_node_is_null(op) && role_is_operator(language_role(w->s->language, op));
}

static bool ends_in_markup(const struct walk *w, TSNode binary)
{
        TSNode right = ts_node_child_by_field_name(binary, "right", 5);

        while (!ts_node_is_null(right) && language_role(w->s->language, right) == ROLE_PAREN)
                right = ts_node_named_child(right, 0);
        return !ts_node_is_null(right) && language_role(w->s->language, right) == ROLE_MARKUP;
}

static bool is_literal(TSNode node)
{
        static const char *const types[] = { "string", "number", "true",  "false",
                                             "null",   "regex",  "array", "object" };

        for (size_t i = 0; !ts_node_is_null(node) && i < ARRAY_SIZE(types); i++)
                if (strcmp(ts_node_type(node), types[i]) == 0)
                        return true;
        return false;
}

/* `x = a || 1` is how JavaScript writes a default. */
static bool is_default(const struct walk *w, const struct step *step, const struct step *parent)
{
        TSNode op = ts_node_child_by_field_name(step->node, "operator", 8), left;
        uint32_t n;
        const char *text;
        char target[NAME_MAX_BYTES];

        if (w->s->language->family != FAMILY_SCRIPT || !parent || ts_node_is_null(op))
                return false;
        if (language_role(w->s->language, op) == ROLE_AND ||
            !is_literal(ts_node_child_by_field_name(step->node, "right", 5)))
                return false;
        if (strcmp(ts_node_type(parent->node), "variable_declarator") == 0)
                return true;
        if (strcmp(ts_node_type(parent->node), "assignment_expression") != 0)
                return false;
        left = ts_node_child_by_field_name(parent->node, "left", 4);
        text = source_text(w->s, left, &n);
        if (n >= sizeof(target))
                return false;
        memcpy(target, text, n);
        target[n] = '\0';
        return source_is(w->s, ts_node_child_by_field_name(step->node, "left", 4), target);
}

/* Operands in parentheses belong to the same chain: a && (b && c) is one sequence. */
static void find_chain(struct walk *w)
{
        struct step *step = walk_step(w);
        const struct step *parent = walk_parent(w);
        bool inside = parent && (parent->is_logical || parent->role == ROLE_PAREN) &&
                      parent->chain != UINT32_MAX && !parent->is_default;

        step->chain = UINT32_MAX;
        if (step->role == ROLE_PAREN && inside)
                step->chain = parent->chain;
        if (step->role != ROLE_BINARY || !has_operator(w, step->node))
                return;
        step->is_logical = true;
        step->chain = inside ? parent->chain : (uint32_t) w->n_steps - 1;
        if (inside)
                return;
        step->ignored = ends_in_markup(w, step->node);
        step->is_default = is_default(w, step, parent);
}

static void count_control(struct walk *w)
{
        struct step *step = walk_step(w);
        struct frame *f = walk_frame(w);
        struct function_row *row;

        if (w->n_frames == 1)
                return;
        row = &w->m->rows[f->row];
        row->cyclomatic += cyclomatic_of(w);
        if (is_control[step->role] && !step->is_else_if) {
                step->raised_depth = true;
                f->depth++;
                row->nesting = MAX_OF(row->nesting, f->depth);
        }
}

static int push(struct walk *w, TSTreeCursor *cursor)
{
        TSNode node = ts_tree_cursor_current_node(cursor);

        if (ARRAY_GROW(w->steps, w->n_steps, w->steps_size) < 0 ||
            ARRAY_GROW(w->path, w->n_steps, w->path_size) < 0)
                return -ENOMEM;
        w->path[w->n_steps] = node;
        w->steps[w->n_steps++] = (struct step){
                .node = node,
                .role = language_role(w->s->language, node),
                .field = language_field(w->s->language, ts_tree_cursor_current_field_id(cursor)),
        };
        return 0;
}

/* 1 = look inside, 0 = do not, or -ENOMEM. */
static int enter(struct walk *w, TSTreeCursor *cursor)
{
        struct step *step;
        int r = push(w, cursor);

        if (r < 0)
                return r;
        step = walk_step(w);
        if (is_opaque(w, step, walk_parent(w)))
                return 0;
        find_chain(w);
        cognitive_enter(w);
        count_control(w);
        if (step->role == ROLE_FUNCTION || step->role == ROLE_LAMBDA || step->role == ROLE_BLOCK)
                r = open_function(w);
        if (r < 0)
                return r;
        if (ts_node_child_count(step->node) == 0)
                mark_code(w, step->node);
        if (w->n_steps >= METRICS_DEPTH) {
                w->m->truncated = true;
                return 0;
        }
        return 1;
}

static void leave(struct walk *w)
{
        struct step *step = walk_step(w);

        if (step->opened_function)
                close_function(w);
        if (step->raised_depth)
                walk_frame(w)->depth--;
        if (step->raised_nesting)
                w->nesting--;
        w->n_steps--;
}

static int walk_tree(struct walk *w, TSTreeCursor *cursor)
{
        for (;;) {
                int r = enter(w, cursor);

                if (r < 0)
                        return r;
                if (r > 0 && ts_tree_cursor_goto_first_child(cursor))
                        continue;
                leave(w);
                while (!ts_tree_cursor_goto_next_sibling(cursor)) {
                        if (!ts_tree_cursor_goto_parent(cursor))
                                return 0;
                        leave(w);
                }
        }
}

/* Lines of code of every function, now that all lines are known. */
static int count_lines(struct walk *w)
{
        uint32_t n = w->s->n_lines;
        uint32_t *before = calloc((size_t) n + 1, sizeof(*before));

        if (!before)
                return -ENOMEM;
        for (uint32_t row = 0; row < n; row++)
                before[row + 1] = before[row] + w->code[row];
        for (size_t i = 0; i < w->m->n_rows; i++) {
                struct function_row *f = &w->m->rows[i];

                f->nloc = before[MIN_OF(f->end_line, n)] - before[MIN_OF(f->line - 1, n)];
        }
        w->m->nloc = before[n];
        free(before);
        return 0;
}

static int compare_rows(const void *a, const void *b)
{
        const struct function_row *x = a, *y = b;

        if (x->line != y->line)
                return x->line < y->line ? -1 : 1;
        return (x->start_byte > y->start_byte) - (x->start_byte < y->start_byte);
}

static void walk_done(struct walk *w)
{
        free(w->steps);
        free(w->path);
        free(w->frames);
        free(w->code);
        free(w->directive);
}

int metrics_measure(struct metrics *ret, const struct source *s)
{
        struct metrics m = { 0 };
        __attribute__((cleanup(walk_done))) struct walk w = { .s = s, .m = &m };
        TSTreeCursor cursor;
        int r;

        r = ARRAY_GROW(w.frames, w.n_frames, w.frames_size);
        if (r >= 0)
                r = find_directives(&w);
        if (r < 0)
                return r;
        w.frames[w.n_frames++] = (struct frame){ 0 };
        cursor = ts_tree_cursor_new(ts_tree_root_node(s->tree));
        r = walk_tree(&w, &cursor);
        ts_tree_cursor_delete(&cursor);
        if (r >= 0)
                r = count_lines(&w);
        if (r < 0) {
                metrics_done(&m);
                return r;
        }
        if (m.n_rows > 0)
                qsort(m.rows, m.n_rows, sizeof(*m.rows), compare_rows);
        *ret = m;
        return 0;
}

void metrics_done(struct metrics *m)
{
        for (size_t i = 0; i < m->n_rows; i++)
                free(m->rows[i].name);
        free(m->rows);
        *m = (struct metrics){ 0 };
}
