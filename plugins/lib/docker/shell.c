/* SPDX-License-Identifier: Apache-2.0 */
#include "docker/shell.h"

#include "docker/shell-lex.h"
#include "docker/shell-name.h"

#include <ctype.h>

enum { BLOCKS_MAX = 128 };

/* A block that is open. */
struct open_block {
        enum { BLOCK_PAREN, BLOCK_BRACE, BLOCK_IF, BLOCK_LOOP, BLOCK_CASE } kind;
        bool is_pattern;   /* of a case: what comes is no command */
        unsigned pipeline; /* that the block is a part of */
};

/* A growing list of one kind. */
struct list {
        void *items;
        size_t n, size;
};

struct parser {
        struct shell_script *script;
        struct shell_lexer *lexer;
        struct shell_token token;
        struct list *commands;
        struct open_block open[BLOCKS_MAX];
        size_t n_open;
        enum shell_join join; /* of the next command */
        unsigned pipeline;
        unsigned *last_pipeline;
        unsigned depth;                  /* of substitutions around this text */
        const struct shell_word *quoted; /* the word that this text is, NULL = the script itself */
};

static int parse_text(struct parser *outer, struct shell_lexer *lexer,
                      const struct shell_word *quoted);

static void *list_add(struct list *l, size_t item)
{
        if (l->n == l->size) {
                size_t size = l->size ? 2 * l->size : 8;
                void *grown = reallocarray(l->items, size, item);

                if (!grown)
                        return NULL;
                l->items = grown;
                l->size = size;
        }
        return (char *) l->items + l->n++ * item;
}

static void list_done(struct list *l)
{
        free(l->items);
}

static void fault(struct parser *p, const char *why, size_t at)
{
        if (p->script->fault)
                return;
        p->script->fault = why;
        p->script->fault_at = p->quoted ? p->quoted->start : at;
}

static int next(struct parser *p)
{
        return shell_lex(p->lexer, &p->token);
}

static bool is_operator(const struct shell_token *t, const char *sign)
{
        return t->kind == SHELL_OPERATOR && strcmp(t->sign, sign) == 0;
}

static bool is_reserved(const struct shell_token *t, const char *word)
{
        return t->kind == SHELL_WORD && !t->word.is_quoted && strcmp(t->word.text, word) == 0;
}

static void begin_pipeline(struct parser *p, enum shell_join join)
{
        p->join = join;
        p->pipeline = ++*p->last_pipeline;
}

static void open_block(struct parser *p, int kind)
{
        if (p->n_open == BLOCKS_MAX)
                fault(p, "it is nested too deeply", p->token.start);
        else
                p->open[p->n_open++] = (struct open_block){ .kind = kind, .pipeline = p->pipeline };
        begin_pipeline(p, SHELL_FIRST);
}

/* What was not closed within it is closed with it. */
static void close_block(struct parser *p, int kind)
{
        for (size_t i = p->n_open; i-- > 0;)
                if ((int) p->open[i].kind == kind) {
                        p->pipeline = p->open[i].pipeline;
                        p->n_open = i;
                        return;
                }
        fault(p, "something ends that was not begun", p->token.start);
}

static struct open_block *top_case(struct parser *p)
{
        struct open_block *top = p->n_open ? &p->open[p->n_open - 1] : NULL;

        return top && top->kind == BLOCK_CASE ? top : NULL;
}

/* Reads the scripts in the substitutions of words that were read since `from`. */
static int parse_inner(struct parser *p, size_t from)
{
        struct shell_lexer *l = p->lexer;
        int r = 0;

        for (size_t i = from; r >= 0 && i < l->n_inner; i++) {
                struct shell_lexer inner = { .text = l->text,
                                             .length = MIN_OF(l->inner[i].end, l->length),
                                             .at = l->inner[i].start,
                                             .blocks = l->blocks };

                r = parse_text(p, &inner, p->quoted);
        }
        l->n_inner = from;
        return r;
}

static int add_word(struct parser *p, struct list *list, struct shell_word word)
{
        struct shell_word *added = list_add(list, sizeof(word));

        if (!added)
                return -ENOMEM;
        if (p->quoted) {
                word.start = p->quoted->start;
                word.end = p->quoted->end;
        }
        *added = word;
        return 0;
}

/* What one simple command is made of while it is read. */
struct draft {
        struct list words, assigns, redirects;
        size_t start, end;
};

static void draft_done(struct draft *d)
{
        list_done(&d->words);
        list_done(&d->assigns);
        list_done(&d->redirects);
}

static int parse_quoted(struct parser *p, const struct shell_command *c)
{
        const struct shell_word *word = shell_quoted_script(c);
        struct shell_lexer lexer;

        if (!word)
                return 0;
        lexer = (struct shell_lexer){ .text = word->text,
                                      .length = strlen(word->text),
                                      .blocks = p->lexer->blocks };
        return parse_text(p, &lexer, word);
}

static int add_command(struct parser *p, const struct draft *d)
{
        struct block **blocks = p->lexer->blocks;
        struct shell_command *c, command = { .n_words = d->words.n,
                                             .n_assigns = d->assigns.n,
                                             .n_redirects = d->redirects.n,
                                             .join = p->join,
                                             .pipeline = p->pipeline,
                                             .depth = p->depth + (unsigned) p->n_open,
                                             .is_quoted = p->quoted != NULL,
                                             .start = p->quoted ? p->quoted->start : d->start,
                                             .end = p->quoted ? p->quoted->end : d->end };

        if (p->commands->n == SHELL_COMMANDS_MAX) {
                fault(p, "it has too many commands", d->start);
                return 0;
        }
        command.words = block_copy(blocks, d->words.items, d->words.n, sizeof(*command.words));
        command.assigns =
                block_copy(blocks, d->assigns.items, d->assigns.n, sizeof(*command.assigns));
        command.redirects =
                block_copy(blocks, d->redirects.items, d->redirects.n, sizeof(*command.redirects));
        c = list_add(p->commands, sizeof(*c));
        if (!c || !command.words || !command.assigns || !command.redirects)
                return -ENOMEM;
        shell_find_name(&command);
        *c = command;
        return parse_quoted(p, &command);
}

static int read_redirect(struct parser *p, struct draft *d)
{
        struct shell_redirect *redirect = list_add(&d->redirects, sizeof(*redirect));
        int r;

        if (!redirect)
                return -ENOMEM;
        *redirect = (struct shell_redirect){ .sign = block_text(p->lexer->blocks, p->token.sign,
                                                                strlen(p->token.sign)),
                                             .target = { .text = "" } };
        d->end = p->token.end;
        r = next(p);
        if (r < 0 || p->token.kind != SHELL_WORD)
                return r;
        redirect->target = p->token.word;
        if (p->quoted)
                redirect->target.start = redirect->target.end = p->quoted->start;
        d->end = p->token.end;
        return redirect->sign ? next(p) : -ENOMEM;
}

/* NAME=( words ): its words are skipped. */
static int skip_array(struct parser *p)
{
        int r = next(p);

        while (r >= 0 && p->token.kind != SHELL_END && !is_operator(&p->token, ")"))
                r = next(p);
        return r < 0 ? r : next(p);
}

static int read_assignment(struct parser *p, struct draft *d)
{
        const char *text = p->token.word.text;
        int r = add_word(p, &d->assigns, p->token.word);

        d->end = p->token.end;
        if (r >= 0)
                r = next(p);
        if (r >= 0 && text[strlen(text) - 1] == '=' && is_operator(&p->token, "(") &&
            p->token.start == d->end)
                r = skip_array(p);
        return r;
}

/* Inside [[ ]] operators and redirections are words. */
static int read_condition(struct parser *p, struct draft *d)
{
        int r = 0;

        while (r >= 0 && p->token.kind != SHELL_END) {
                bool is_last = is_reserved(&p->token, "]]");
                struct shell_word sign = { .text = "",
                                           .start = p->token.start,
                                           .end = p->token.end };

                if (p->token.kind == SHELL_WORD)
                        sign = p->token.word;
                else if (p->token.kind != SHELL_NEWLINE)
                        sign.text =
                                block_text(p->lexer->blocks, p->token.sign, strlen(p->token.sign));
                if (!sign.text)
                        return -ENOMEM;
                d->end = p->token.end;
                r = add_word(p, &d->words, sign);
                if (r >= 0)
                        r = next(p);
                if (is_last)
                        break;
        }
        return r;
}

/* Reads the words and redirections of a simple command: 0, or 1 when it is a function's head. */
static int read_simple(struct parser *p, struct draft *d)
{
        int r = 0;

        d->start = d->end = p->token.start;
        if (is_reserved(&p->token, "[["))
                r = read_condition(p, d);
        while (r >= 0) {
                if (p->token.kind == SHELL_REDIRECT) {
                        r = read_redirect(p, d);
                } else if (p->token.kind == SHELL_WORD) {
                        if (d->words.n == 0 && shell_is_assignment(p->token.word.text)) {
                                r = read_assignment(p, d);
                                continue;
                        }
                        d->end = p->token.end;
                        r = add_word(p, &d->words, p->token.word);
                        if (r >= 0)
                                r = next(p);
                } else if (d->words.n == 1 && is_operator(&p->token, "(")) {
                        r = skip_array(p);
                        return r < 0 ? r : 1;
                } else {
                        break;
                }
        }
        return r;
}

static int parse_simple(struct parser *p)
{
        _cleanup_(draft_done) struct draft d = { 0 };
        size_t inner = p->lexer->n_inner;
        int r = 0;

        /* The first token's own substitutions were noted when it was read. */
        for (; inner > 0 && p->lexer->inner[inner - 1].start >= p->token.start; inner--)
                ;
        r = read_simple(p, &d);
        if (r == 1) {
                begin_pipeline(p, SHELL_FIRST);
                return 0;
        }
        if (r >= 0)
                r = add_command(p, &d);
        /* The token behind the command may have noted some already: they are this command's turn.
         */
        return r < 0 ? r : parse_inner(p, inner);
}

/* `for NAME in words`: up to the line's end. */
static int parse_for(struct parser *p)
{
        size_t inner = p->lexer->n_inner;
        int r;

        open_block(p, BLOCK_LOOP);
        do
                r = next(p);
        while (r >= 0 && p->token.kind != SHELL_END && p->token.kind != SHELL_NEWLINE &&
               !is_operator(&p->token, ";") && !is_reserved(&p->token, "do"));
        return r < 0 ? r : parse_inner(p, inner);
}

/* `case WORD in`. */
static int parse_case(struct parser *p)
{
        size_t inner = p->lexer->n_inner;
        int r = next(p);

        open_block(p, BLOCK_CASE);
        while (r >= 0 && p->token.kind != SHELL_END && !is_reserved(&p->token, "in"))
                r = next(p);
        if (p->n_open && p->open[p->n_open - 1].kind == BLOCK_CASE)
                p->open[p->n_open - 1].is_pattern = true;
        if (r >= 0)
                r = parse_inner(p, inner);
        return r < 0 ? r : next(p);
}

/* `function NAME`, with or without (). */
static int parse_function(struct parser *p)
{
        int r = next(p);

        if (r >= 0 && p->token.kind == SHELL_WORD)
                r = next(p);
        if (r >= 0 && is_operator(&p->token, "("))
                r = skip_array(p);
        return r;
}

static const struct {
        const char *word;
        enum { WORD_OPENS, WORD_CLOSES, WORD_GOES_ON, WORD_FOR, WORD_CASE, WORD_FUNCTION } does;
        int kind;
} reserved[] = {
        { "if", WORD_OPENS, BLOCK_IF },
        { "while", WORD_OPENS, BLOCK_LOOP },
        { "until", WORD_OPENS, BLOCK_LOOP },
        { "{", WORD_OPENS, BLOCK_BRACE },
        { "fi", WORD_CLOSES, BLOCK_IF },
        { "done", WORD_CLOSES, BLOCK_LOOP },
        { "}", WORD_CLOSES, BLOCK_BRACE },
        { "esac", WORD_CLOSES, BLOCK_CASE },
        { "then", WORD_GOES_ON, 0 },
        { "else", WORD_GOES_ON, 0 },
        { "elif", WORD_GOES_ON, 0 },
        { "do", WORD_GOES_ON, 0 },
        { "!", WORD_GOES_ON, 0 },
        { "for", WORD_FOR, 0 },
        { "select", WORD_FOR, 0 },
        { "case", WORD_CASE, 0 },
        { "function", WORD_FUNCTION, 0 },
};

/* A word where a command may begin. */
static int parse_word(struct parser *p)
{
        size_t i = 0;

        while (i < ARRAY_SIZE(reserved) && !is_reserved(&p->token, reserved[i].word))
                i++;
        if (i == ARRAY_SIZE(reserved))
                return parse_simple(p);
        switch (reserved[i].does) {
        case WORD_OPENS:
                open_block(p, reserved[i].kind);
                return next(p);
        case WORD_CLOSES:
                close_block(p, reserved[i].kind);
                return next(p);
        case WORD_GOES_ON:
                if (strcmp(reserved[i].word, "!") != 0)
                        begin_pipeline(p, SHELL_FIRST);
                return next(p);
        case WORD_FOR:
                return parse_for(p);
        case WORD_CASE:
                return parse_case(p);
        default:
                return parse_function(p);
        }
}

/* In `case`, before the `)` of a pattern. */
static int parse_pattern(struct parser *p, struct open_block *top)
{
        if (is_reserved(&p->token, "esac"))
                close_block(p, BLOCK_CASE);
        else if (is_operator(&p->token, ")")) {
                top->is_pattern = false;
                begin_pipeline(p, SHELL_FIRST);
        }
        return next(p);
}

static int parse_paren(struct parser *p)
{
        size_t start = p->token.end;
        int r = next(p);

        if (r < 0 || !is_operator(&p->token, "(") || p->token.start != start) {
                open_block(p, BLOCK_PAREN);
                return r;
        }
        /* (( … )): arithmetic. */
        for (unsigned depth = 2; r >= 0 && depth > 0 && p->token.kind != SHELL_END;) {
                r = next(p);
                depth += is_operator(&p->token, "(");
                depth -= is_operator(&p->token, ")");
        }
        return r < 0 ? r : next(p);
}

static int parse_operator(struct parser *p)
{
        const char *sign = p->token.sign;
        struct open_block *top = top_case(p);

        if (strcmp(sign, "(") == 0)
                return parse_paren(p);
        if (strcmp(sign, ")") == 0)
                close_block(p, BLOCK_PAREN);
        else if (strncmp(sign, ";;", 2) == 0 || strcmp(sign, ";&") == 0) {
                if (top)
                        top->is_pattern = true;
        } else if (*sign == '|' && sign[1] != '|') {
                p->join = SHELL_PIPE;
                p->script->n_pipes += !p->quoted;
        } else
                begin_pipeline(p, strcmp(sign, "&&") == 0   ? SHELL_AND
                                  : strcmp(sign, "||") == 0 ? SHELL_OR
                                                            : SHELL_THEN);
        return next(p);
}

static int parse_token(struct parser *p)
{
        struct open_block *top = top_case(p);

        if (top && top->is_pattern)
                return parse_pattern(p, top);
        switch (p->token.kind) {
        case SHELL_NEWLINE:
                /* A line may end behind && and |. */
                if (p->join != SHELL_PIPE && p->join != SHELL_AND && p->join != SHELL_OR)
                        begin_pipeline(p, SHELL_THEN);
                return next(p);
        case SHELL_OPERATOR:
                return parse_operator(p);
        case SHELL_WORD:
                return parse_word(p);
        default:
                return parse_simple(p);
        }
}

static int parse_text(struct parser *outer, struct shell_lexer *lexer,
                      const struct shell_word *quoted)
{
        struct parser p = { .script = outer->script,
                            .lexer = lexer,
                            .commands = outer->commands,
                            .last_pipeline = outer->last_pipeline,
                            .depth = outer->depth + 1,
                            .quoted = quoted };
        int r = 0;

        if (p.depth > SHELL_DEPTH_MAX)
                return 0;
        begin_pipeline(&p, SHELL_FIRST);
        r = next(&p);
        while (r >= 0 && p.token.kind != SHELL_END) {
                size_t before = p.commands->n;

                r = parse_token(&p);
                /* What stood before a command does not stand before the next. */
                if (p.commands->n > before && p.token.kind != SHELL_END)
                        p.join = SHELL_THEN;
        }
        if (p.lexer->fault)
                fault(&p, p.lexer->fault, p.lexer->fault_at);
        if (p.n_open > 0)
                fault(&p, "a block is not ended", lexer->length);
        shell_lexer_done(lexer);
        return r;
}

static int finish(struct shell_script *script, struct list *commands, int r)
{
        if (r >= 0) {
                script->commands = block_copy(&script->blocks, commands->items, commands->n,
                                              sizeof(struct shell_command));
                script->n_commands = commands->n;
                r = script->commands ? 0 : -ENOMEM;
        }
        list_done(commands);
        if (r < 0)
                shell_done(script);
        return r;
}

int shell_parse(struct shell_script *ret_script, const char *text, size_t length)
{
        struct list commands = { 0 };
        unsigned last_pipeline = 0;
        struct parser outer = { .script = ret_script,
                                .commands = &commands,
                                .last_pipeline = &last_pipeline };
        struct shell_lexer lexer = { .text = text,
                                     .length = length,
                                     .blocks = &ret_script->blocks };

        *ret_script = (struct shell_script){ 0 };
        /* The script itself is at depth 0. */
        outer.depth = (unsigned) -1;
        return finish(ret_script, &commands, parse_text(&outer, &lexer, NULL));
}

int shell_from_words(struct shell_script *ret_script, const struct shell_word *words, size_t n)
{
        struct list commands = { 0 };
        unsigned last_pipeline = 0;
        struct shell_lexer lexer = { .blocks = &ret_script->blocks };
        struct parser p = { .script = ret_script,
                            .lexer = &lexer,
                            .commands = &commands,
                            .last_pipeline = &last_pipeline };
        struct draft d = { .words = { (void *) words, n, n },
                           .start = n ? words[0].start : 0,
                           .end = n ? words[n - 1].end : 0 };

        *ret_script = (struct shell_script){ 0 };
        return finish(ret_script, &commands, add_command(&p, &d));
}

void shell_done(struct shell_script *script)
{
        block_done(&script->blocks);
        *script = (struct shell_script){ 0 };
}
