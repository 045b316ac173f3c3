/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Agent "patcher", action apply-patch: inputs in, a patch applied, a summary out. What a patch is
 * stands in patch.h, what git makes of it in image.h and apply.h.
 */

#include <linhay/agent.h>

#include <jansson.h>
#include <string.h>

#include "apply.h"
#include "patch.h"
#include "words.h"

LINHAY_MANIFEST("agent.json")

/* The bytes of the patch, owned. */
struct input {
        char *data;
        size_t length;
};

static void input_done(struct input *input)
{
        free(input->data);
}

static int input_too_large(struct refusal *why)
{
        return refuse(why, REFUSAL_LIMIT, "the patch is larger than %u MiB; split it",
                      PATCH_BYTES_MAX >> 20);
}

/* All bytes of a descriptor. */
static int input_read(struct input *input, int fd, struct refusal *why)
{
        size_t size = 0;
        ssize_t n = 1;
        char *grown;

        while (n != 0) {
                if (input->length > PATCH_BYTES_MAX)
                        return input_too_large(why);
                if (input->length == size) {
                        size = size ? 2 * size : 64u << 10;
                        grown = realloc(input->data, size);
                        if (!grown)
                                return refuse_memory(why);
                        input->data = grown;
                }
                n = read(fd, input->data + input->length, size - input->length);
                if (n < 0 && errno != EINTR)
                        return refuse(why, REFUSAL_INTERNAL, "cannot read patch_file: %s",
                                      strerror(errno));
                input->length += n > 0 ? (size_t) n : 0;
        }
        return 0;
}

/* The text of the input "patch", which may hold NULs: so not linhay_input_string(). */
static int input_decode(struct input *input, const char *json, size_t length, struct refusal *why)
{
        json_t *value;

        value = json_loadb(json, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        if (!json_is_string(value)) {
                json_decref(value);
                return refuse(why, REFUSAL_INPUT, "the input `patch` must be a string");
        }
        input->length = json_string_length(value);
        input->data = malloc(input->length + 1);
        if (input->data)
                memcpy(input->data, json_string_value(value), input->length + 1);
        json_decref(value);
        if (!input->data)
                return refuse_memory(why);
        return input->length > PATCH_BYTES_MAX ? input_too_large(why) : 0;
}

static int input_take(struct linhay_run *r, struct input *input, struct refusal *why)
{
        int fd = linhay_input_fd(r, "/patch_file");
        const char *json;
        size_t length;
        bool has_text = linhay_input(r, "/patch", &json, &length) == 0;

        if (has_text == (fd >= 0))
                return refuse(why, REFUSAL_INPUT,
                              "give exactly one of `patch` (the text of a patch) and `patch_file` "
                              "(a file that holds one)");
        return has_text ? input_decode(input, json, length, why) : input_read(input, fd, why);
}

static const char *result_op(const struct apply_result *res)
{
        const struct patch_file *f = res->file;

        if (f->is_delete == PATCH_YES)
                return "delete";
        if (f->is_rename)
                return "rename";
        if (f->is_copy)
                return "copy";
        return res->is_new ? "add" : "modify";
}

static json_t *json_path(const char *path)
{
        _cleanup_(freep) char *clean = path ? words_clean(path) : NULL;

        return clean ? json_string(clean) : json_null();
}

static json_t *json_mode(mode_t mode)
{
        char text[16];

        if (!mode)
                return json_null();
        (void) snprintf(text, sizeof(text), "%06o", mode);
        return json_string(text);
}

static json_t *json_result(const struct apply_result *res)
{
        const struct patch_file *f = res->file;
        json_t *offsets = json_array();

        for (size_t i = 0; i < f->n_hunks; i++)
                (void) json_array_append_new(offsets, json_integer(res->offsets[i]));
        return json_pack("{s:o, s:o, s:s, s:o, s:o, s:b, s:I, s:o}", "path", json_path(res->path),
                         "from", json_path(f->is_rename || f->is_copy ? f->old_name : NULL), "op",
                         result_op(res), "mode_before", json_mode(res->old_mode), "mode_after",
                         json_mode(f->is_delete == PATCH_YES ? 0 : res->mode), "binary",
                         (int) f->is_binary, "hunks", (json_int_t) f->n_hunks, "offsets", offsets);
}

static int output_give(struct linhay_run *r, const struct apply *a, struct refusal *why)
{
        json_t *files = json_array(), *output;
        json_int_t hunks = 0, off = 0;
        char *text;
        int code;

        for (size_t i = 0; i < a->n_results; i++) {
                (void) json_array_append_new(files, json_result(&a->results[i]));
                hunks += (json_int_t) a->results[i].file->n_hunks;
                off += (json_int_t) a->results[i].off;
        }
        output = json_pack("{s:o, s:I, s:I}", "files", files, "hunks", hunks, "offset_hunks", off);
        text = output ? json_dumps(output, JSON_COMPACT) : NULL;
        json_decref(output);
        if (!text)
                return refuse_memory(why);
        code = linhay_output(r, text, strlen(text));
        free(text);
        if (code < 0)
                return refuse(why, REFUSAL_INTERNAL, "the host did not take the output: %s",
                              strerror(-code));
        return 0;
}

/* People want to know of hunks that went elsewhere: a log line for each of the first few. */
static void offsets_log(struct linhay_run *r, const struct apply *a)
{
        size_t left = 100;

        for (size_t i = 0; i < a->n_results; i++) {
                const struct apply_result *res = &a->results[i];

                for (size_t h = 0; res->off && h < res->file->n_hunks && left; h++) {
                        if (!res->offsets[h])
                                continue;
                        linhay_log(r, LINHAY_INFO, "%s: hunk %zu applied %+lld lines off its place",
                                   res->path, h + 1, (long long) res->offsets[h]);
                        left--;
                }
        }
}

static int patch_apply(struct linhay_run *r, struct patch *p, struct apply *a, struct refusal *why)
{
        int root = linhay_workspace(r);

        if (root < 0)
                return refuse(why, REFUSAL_INTERNAL, "there is no workspace: %s", strerror(-root));
        if (linhay_input_bool(r, "/reverse", 0))
                patch_reverse(p);
        (void) linhay_progress(r, 0, p->n_files, "checking");
        if (apply_check(a, root, p, why) < 0)
                return -1;
        offsets_log(r, a);
        (void) linhay_progress(r, 0, p->n_files, "writing");
        if (apply_write(a, why) < 0)
                return -1;
        return output_give(r, a, why);
}

static int patch_run(struct linhay_run *r, struct patch *p, struct apply *a, struct refusal *why)
{
        _cleanup_(input_done) struct input input = { 0 };
        int64_t strip = linhay_input_int(r, "/strip", 1);

        if (strip < 0 || strip > PATCH_STRIP_MAX)
                return refuse(why, REFUSAL_INPUT, "`strip` must be between 0 and %u",
                              PATCH_STRIP_MAX);
        if (linhay_input_int(r, "/fuzz", 0) != 0)
                return refuse(why, REFUSAL_INPUT,
                              "`fuzz` can only be 0: hunks may be off their place, but every line "
                              "must match");
        if (input_take(r, &input, why) < 0)
                return -1;
        p->strip = (unsigned) strip;
        if (patch_parse(p, input.data, input.length, why) < 0)
                return -1;
        return patch_apply(r, p, a, why);
}

static int refusal_tell(struct linhay_run *r, const struct refusal *why)
{
        _cleanup_(freep) char *text = words_clean(why->text);

        /* Names and lines of the patch must not break out of the one line of a message. */
        for (char *p = text; p && *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        *p = '?';
        return linhay_fail(r, (enum linhay_fail) refusal_class(why->kind), refusal_code(why->kind),
                           "%s", text ? text : "out of memory");
}

static int run(struct linhay_run *r)
{
        _cleanup_(patch_done) struct patch p = { 0 };
        _cleanup_(apply_done) struct apply a = { 0 };
        struct refusal why = { 0 };

        if (!r->action || strcmp(r->action, "apply-patch") != 0)
                return linhay_fail(r, LINHAY_FAIL_INPUT, "action-unknown",
                                   "patcher knows the action apply-patch and no other");
        return patch_run(r, &p, &a, &why) < 0 ? refusal_tell(r, &why) : 0;
}

LINHAY_AGENT(.run = run)
