/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/service.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/json-check.h"
#include "base/loop.h"
#include "base/utf8.h"
#include "cell/proto.h"
#include "cell/spawn.h"

#define LOG_MAX           8192
#define FINDING_TEXT_MAX  8192 /* of one string in a finding; longer ones are cut */
#define FINDING_LIST_MAX  64
#define FINDINGS_FLUSH    49152
#define PROGRESS_EVERY_US 50000
#define AWAKE_US          30
#define WINDOW            (1U << 20) /* mapped at once while a large body is copied */

static struct service *service_of(struct linhay_run *r)
{
        return (struct service *) r;
}

/* Takes what the host sent: CANCEL and TREE are noted, anything else is for the caller. */
static int receive(struct service *s, struct frame_fds *fds, int flags)
{
        for (;;) {
                int r = frame_receive(s->socket, &s->frame, fds, flags);

                if (r <= 0)
                        return r < 0 ? r : -EPIPE;
                if (s->frame.header.type == PROTO_CANCEL)
                        s->is_cancelled = true;
                else if (s->frame.header.type == PROTO_TREE)
                        s->has_tree = true;
                else
                        return 0;
        }
}

static int send_now(struct service *s, uint16_t type, uint32_t flags, const void *body,
                    size_t length)
{
        return frame_send(s->socket, type, flags, body, length, 0);
}

/* Maps a window at a time: the limits on files and on address space do not bite. */
static int body_copy(int fd, const char *data, uint64_t length)
{
        for (uint64_t at = 0; at < length; at += WINDOW) {
                size_t n = (size_t) MIN_OF(length - at, (uint64_t) WINDOW);
                void *window = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t) at);

                if (window == MAP_FAILED)
                        return -errno;
                memcpy(window, data + at, n);
                (void) munmap(window, n);
        }
        return 0;
}

/* Asks the host for memory of that size and fills it; the next frame then refers to it. */
static int body_lend(struct service *s, const void *data, uint64_t length)
{
        struct frame_fds fds = { 0 };
        int r;

        r = send_now(s, PROTO_NEED_MEMFD, 0, &length, sizeof(length));
        if (r < 0)
                return r;
        r = receive(s, &fds, 0);
        if (r == 0 && (s->frame.header.type != PROTO_MEMFD || fds.count != 1))
                r = -EPROTO;
        if (r == 0)
                r = body_copy(fds.fd[0], data, length);
        frame_fds_done(&fds);
        return r;
}

static void serve_log(struct linhay_run *r, int level, const char *text, size_t length)
{
        char body[sizeof(uint32_t) + LOG_MAX];
        uint32_t number = (uint32_t) level;

        length = MIN_OF(length, (size_t) LOG_MAX);
        memcpy(body, &number, sizeof(number));
        memcpy(body + sizeof(number), text, length);
        (void) send_now(service_of(r), PROTO_LOG, 0, body, sizeof(number) + length);
}

static int serve_progress(struct linhay_run *r, uint64_t done, uint64_t total, const char *note)
{
        struct service *s = service_of(r);
        struct proto_progress progress = { .done = done, .total = total };
        char body[sizeof(progress) + 512];
        size_t length = note ? strnlen(note, 512) : 0;
        uint64_t now = clock_us();

        if (!s->is_running)
                return -EPERM;
        if (s->progress_us && now - s->progress_us < PROGRESS_EVERY_US)
                return 0;
        s->progress_us = now;
        memcpy(body, &progress, sizeof(progress));
        if (length)
                memcpy(body + sizeof(progress), note, length);
        return send_now(s, PROTO_PROGRESS, 0, body, sizeof(progress) + length);
}

static int input_find(struct service *s, const char *pointer, json_t **ret)
{
        json_t *value;

        if (!s->is_running)
                return -EPERM;
        value = json_pointer_get(s->input, pointer);
        if (!value)
                return -ENOENT;
        *ret = value;
        return 0;
}

static int serve_input(struct linhay_run *r, const char *pointer, const char **ret_json,
                       size_t *ret_length)
{
        struct service *s = service_of(r);
        _cleanup_(freep) char *text = NULL;
        struct service_text *kept;
        json_t *value;
        size_t length;
        int code;

        code = input_find(s, pointer, &value);
        if (code < 0)
                return code;
        text = json_canonical(value);
        length = text ? strlen(text) : 0;
        kept = text ? malloc(sizeof(*kept) + length + 1) : NULL;
        if (!kept)
                return -ENOMEM;
        memcpy(kept->text, text, length + 1);
        kept->next = s->texts;
        s->texts = kept;
        *ret_json = kept->text;
        if (ret_length)
                *ret_length = length;
        return 0;
}

static int serve_input_string(struct linhay_run *r, const char *pointer, const char **ret_text,
                              size_t *ret_length)
{
        json_t *value;
        int code = input_find(service_of(r), pointer, &value);

        if (code < 0)
                return code;
        if (!json_is_string(value))
                return -EINVAL;
        *ret_text = json_string_value(value);
        if (ret_length)
                *ret_length = json_string_length(value);
        return 0;
}

static int serve_input_int(struct linhay_run *r, const char *pointer, int64_t *ret)
{
        json_t *value;
        int code = input_find(service_of(r), pointer, &value);

        if (code < 0)
                return code;
        if (!json_is_integer(value))
                return -EINVAL;
        *ret = json_integer_value(value);
        return 0;
}

static int serve_input_real(struct linhay_run *r, const char *pointer, double *ret)
{
        json_t *value;
        int code = input_find(service_of(r), pointer, &value);

        if (code < 0)
                return code;
        if (!json_is_number(value))
                return -EINVAL;
        *ret = json_number_value(value);
        return 0;
}

static int serve_input_bool(struct linhay_run *r, const char *pointer, int *ret)
{
        json_t *value;
        int code = input_find(service_of(r), pointer, &value);

        if (code < 0)
                return code;
        if (!json_is_boolean(value))
                return -EINVAL;
        *ret = json_is_true(value);
        return 0;
}

static int serve_input_fd(struct linhay_run *r, const char *pointer)
{
        struct service *s = service_of(r);

        if (!s->is_running)
                return -EPERM;
        for (size_t i = 0; i < s->n_files; i++)
                if (strcmp(s->files[i].pointer, pointer) == 0)
                        return s->files[i].fd;
        return -ENOENT;
}

static int serve_output(struct linhay_run *r, const char *json, size_t length)
{
        struct service *s = service_of(r);
        char *copy;
        int e;

        if (!s->is_running)
                return -EPERM;
        if (length > s->limits->value[LIMIT_OUTPUT]) {
                s->overflowed = "output";
                return -E2BIG;
        }
        /* The host loads it; a tree of it here would be what most agents need most memory for. */
        e = json_check(json, length);
        if (e < 0)
                return e == -EBADMSG ? -EINVAL : e;
        copy = malloc(length + 1);
        if (!copy)
                return -ENOMEM;
        memcpy(copy, json, length);
        copy[length] = '\0';
        free(s->output);
        s->output = copy;
        s->output_length = length;
        return 0;
}

static int findings_flush(struct service *s)
{
        int r;

        if (s->findings.length == 0)
                return 0;
        r = buf_putc(&s->findings, ']');
        if (r == 0)
                r = send_now(s, PROTO_FINDINGS, 0, s->findings.data, s->findings.length);
        s->findings.length = 0;
        return r;
}

/* Text of a stranger as a JSON string; NULL is null. */
static json_t *text_json(const char *text)
{
        _cleanup_(buf_done) struct buf clean = { 0 };
        size_t length;

        if (!text)
                return json_null();
        /* The host makes it printable, and knows a secret again by its own bytes alone. */
        length = strnlen(text, FINDING_TEXT_MAX);
        if (utf8_is_valid(text, length))
                return json_stringn(text, length);
        if (utf8_clean(&clean, text, length, true) < 0)
                return NULL;
        return json_string(buf_text(&clean));
}

static json_t *list_json(const char *const *list)
{
        json_t *array = json_array();

        for (size_t i = 0; list && list[i] && i < FINDING_LIST_MAX; i++)
                (void) json_array_append_new(array, text_json(list[i]));
        return array;
}

/* The members that the agent's header knew; the rest is as if not given. */
static struct linhay_finding finding_known(const struct linhay_finding *f)
{
        struct linhay_finding known = { 0 };

        memcpy(&known, f, MIN_OF((size_t) f->size, sizeof(known)));
        return known;
}

static char *finding_text(const struct linhay_finding *given)
{
        static const char *const severities[] = { "info", "low", "medium", "high", "critical" };
        struct linhay_finding f = finding_known(given);
        json_t *value;
        char *text;

        if (!f.rule || !*f.rule || !f.message || !*f.message ||
            f.severity >= ARRAY_SIZE(severities))
                return NULL;
        value = json_pack("{s:o, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}",
                          "rule", text_json(f.rule), "severity", severities[f.severity], "message",
                          text_json(f.message), "path", text_json(f.path), "line",
                          (json_int_t) f.line, "column", (json_int_t) f.column, "end_line",
                          (json_int_t) f.end_line, "end_column", (json_int_t) f.end_column,
                          "excerpt", text_json(f.excerpt), "fingerprint", text_json(f.fingerprint),
                          "fix", text_json(f.fix), "cwe", list_json(f.cwe), "tags",
                          list_json(f.tags));
        text = value ? json_dumps(value, JSON_COMPACT) : NULL;
        json_decref(value);
        return text;
}

static int serve_finding(struct linhay_run *r, const struct linhay_finding *finding)
{
        struct service *s = service_of(r);
        _cleanup_(freep) char *text = NULL;
        size_t length;
        int code = 0;

        if (!s->is_running)
                return -EPERM;
        if (!finding || finding->size < offsetof(struct linhay_finding, path))
                return -EINVAL;
        if (s->n_findings >= s->limits->value[LIMIT_FINDINGS]) {
                s->overflowed = "findings";
                return -E2BIG;
        }
        text = finding_text(finding);
        if (!text)
                return -EINVAL;
        length = strlen(text);
        if (length + 2 > FRAME_BODY)
                return -EMSGSIZE;
        if (s->findings.length + length + 2 > FRAME_BODY)
                code = findings_flush(s);
        if (code == 0)
                code = buf_putc(&s->findings, s->findings.length ? ',' : '[');
        if (code == 0)
                code = buf_add(&s->findings, text, length);
        if (code < 0)
                return code;
        s->n_findings++;
        return s->findings.length > FINDINGS_FLUSH ? findings_flush(s) : 0;
}

static bool artifact_name_is_valid(const char *name)
{
        size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789._-")
                        : 0;

        return n >= 1 && n <= 128 && !name[n];
}

static int serve_artifact(struct linhay_run *r, const char *name, const char *media_type,
                          const void *data, size_t length)
{
        struct service *s = service_of(r);
        struct proto_artifact head = { .size = length };
        _cleanup_(buf_done) struct buf body = { 0 };
        bool is_large;
        int code = 0;

        if (!s->is_running)
                return -EPERM;
        if (!artifact_name_is_valid(name) || (media_type && strlen(media_type) > 255))
                return -EINVAL;
        if (length > s->limits->value[LIMIT_ARTIFACTS] - s->artifact_bytes) {
                s->overflowed = "artifacts";
                return -E2BIG;
        }
        if (!media_type)
                media_type = "application/octet-stream";
        head.name_length = (uint16_t) strlen(name);
        head.media_length = (uint16_t) strlen(media_type);
        is_large = length > FRAME_BODY - 1024;
        if (is_large)
                code = body_lend(s, data, length);
        if (code == 0 &&
            (buf_add(&body, &head, sizeof(head)) < 0 || buf_puts(&body, name) < 0 ||
             buf_puts(&body, media_type) < 0 || (!is_large && buf_add(&body, data, length) < 0)))
                code = -ENOMEM;
        if (code == 0)
                code = send_now(s, PROTO_ARTIFACT, is_large ? FRAME_IN_MEMFD : 0, body.data,
                                body.length);
        if (code == 0)
                s->artifact_bytes += length;
        return code;
}

static int serve_workspace(struct linhay_run *r)
{
        struct service *s = service_of(r);

        if (!s->is_running)
                return -EPERM;
        return s->workspace_fd >= 0 ? s->workspace_fd : -ENOENT;
}

/* Into pages that no core dump holds, with a NUL behind. */
static int secret_load(struct service_secret *secret)
{
        struct stat st;
        size_t done = 0;
        char *bytes;

        if (fstat(secret->fd, &st) < 0)
                return -errno;
        bytes = mmap(NULL, (size_t) st.st_size + 1, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (bytes == MAP_FAILED)
                return -errno;
        (void) madvise(bytes, (size_t) st.st_size + 1, MADV_DONTDUMP);
        secret->bytes = bytes;
        secret->size = (size_t) st.st_size + 1;
        while (done < (size_t) st.st_size) {
                ssize_t n =
                        pread(secret->fd, bytes + done, (size_t) st.st_size - done, (off_t) done);

                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                done += (size_t) n;
        }
        secret->length = done;
        return 0;
}

static int serve_secret(struct linhay_run *r, const char *name, const void **ret_data,
                        size_t *ret_length)
{
        struct service *s = service_of(r);

        if (!s->is_running)
                return -EPERM;
        for (size_t i = 0; name && i < s->n_secrets; i++) {
                struct service_secret *secret = &s->secrets[i];
                int code;

                if (strcmp(secret->name, name) != 0)
                        continue;
                code = secret->length ? 0 : secret_load(secret);
                if (code < 0)
                        return code;
                *ret_data = secret->bytes;
                *ret_length = secret->length;
                return 0;
        }
        return -ENOENT;
}

static int serve_granted(struct linhay_run *r, const char *group)
{
        static const struct {
                const char *name;
                uint32_t flag;
        } groups[] = {
                { "threads", SPAWN_GROUP_THREADS },
                { "spawn", SPAWN_GROUP_SPAWN },
                { "jit", SPAWN_JIT },
                { "identity", SPAWN_GROUP_IDENTITY },
        };

        for (size_t i = 0; group && i < ARRAY_SIZE(groups); i++)
                if (strcmp(groups[i].name, group) == 0)
                        return (service_of(r)->flags & groups[i].flag) != 0;
        return 0;
}

static int serve_key(struct linhay_run *r, unsigned char ret[LINHAY_KEY])
{
        struct service *s = service_of(r);

        if (!s->is_running)
                return -EPERM;
        if (!s->has_key)
                return -ENOENT;
        memcpy(ret, s->key, LINHAY_KEY);
        return 0;
}

/* The memory files are sealed: closed, the kernel clears their pages. */
void service_secrets_wipe(struct service *s)
{
        explicit_bzero(s->key, sizeof(s->key));
        for (size_t i = 0; i < s->n_secrets; i++) {
                struct service_secret *secret = &s->secrets[i];

                if (secret->bytes) {
                        explicit_bzero(secret->bytes, secret->size);
                        (void) munmap(secret->bytes, secret->size);
                }
                closep(&secret->fd);
                free(secret->name);
        }
        free(s->secrets);
        s->secrets = NULL;
        s->n_secrets = 0;
}

/* A truth value: an errno would read as "yes". */
static int serve_cancelled(struct linhay_run *r)
{
        struct service *s = service_of(r);

        if (s->is_running && !s->is_cancelled)
                (void) receive(s, NULL, MSG_DONTWAIT);
        return s->is_cancelled;
}

static int serve_spend(struct linhay_run *r, const char *unit, uint64_t amount)
{
        struct service *s = service_of(r);
        size_t length = unit ? strlen(unit) : 0;
        char body[sizeof(amount) + 64];

        if (!s->is_running)
                return -EPERM;
        if (length < 1 || length > 64)
                return -EINVAL;
        memcpy(body, &amount, sizeof(amount));
        memcpy(body + sizeof(amount), unit, length);
        return send_now(s, PROTO_SPEND, 0, body, sizeof(amount) + length);
}

static int serve_fail(struct linhay_run *r, int fail_class, const char *code, const char *message)
{
        struct service *s = service_of(r);

        free(s->fail_code);
        free(s->fail_message);
        s->has_failed = true;
        s->fail_class = fail_class;
        s->fail_code = strdup(code ? code : "");
        s->fail_message = strdup(message ? message : "");
        return 0;
}

static const struct linhay_services services = {
        .size = sizeof(services),
        .abi = LINHAY_ABI,
        .log = serve_log,
        .progress = serve_progress,
        .input = serve_input,
        .input_string = serve_input_string,
        .input_int = serve_input_int,
        .input_real = serve_input_real,
        .input_bool = serve_input_bool,
        .input_fd = serve_input_fd,
        .output = serve_output,
        .finding = serve_finding,
        .artifact = serve_artifact,
        .workspace = serve_workspace,
        .secret = serve_secret,
        .cancelled = serve_cancelled,
        .spend = serve_spend,
        .fail = serve_fail,
        .key = serve_key,
        .granted = serve_granted,
};

void service_init(struct service *s, int socket, int workspace_fd, const struct limits *limits)
{
        /* The frame stays as it is: its 16 pages are not touched before something is received. */
        memset(s, 0, offsetof(struct service, frame));
        s->run = (struct linhay_run){ .size = sizeof(s->run), .services = &services };
        s->socket = socket;
        s->workspace_fd = workspace_fd;
        s->limits = limits;
}

static int files_read(struct service *s, const json_t *pointers, struct frame_fds *fds,
                      size_t first)
{
        size_t n = json_array_size(pointers);

        if (n != fds->count - first)
                return -EPROTO;
        s->files = calloc(n ? n : 1, sizeof(*s->files));
        if (!s->files)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const char *pointer = json_string_value(json_array_get(pointers, i));

                s->files[i].pointer = pointer ? strdup(pointer) : NULL;
                s->files[i].fd = frame_fds_take(fds, first + i);
                if (!s->files[i].pointer)
                        return -ENOMEM;
        }
        s->n_files = n;
        return 0;
}

/* They come when the host has heard that the agent is loaded, and are not waited for otherwise. */
static int secrets_receive(struct service *s, const json_t *names)
{
        struct frame_fds fds = { 0 };
        size_t n = json_array_size(names);
        int r = n ? receive(s, &fds, 0) : 0;

        if (n && r == 0 && (s->frame.header.type != PROTO_SECRETS || fds.count != n))
                r = -EPROTO;
        if (n && r == 0) {
                s->secrets = calloc(n, sizeof(*s->secrets));
                r = s->secrets ? 0 : -ENOMEM;
        }
        for (size_t i = 0; i < n && r == 0; i++) {
                const char *name = json_string_value(json_array_get(names, i));

                s->secrets[i] = (struct service_secret){ .name = name ? strdup(name) : NULL,
                                                         .fd = frame_fds_take(&fds, i) };
                s->n_secrets++;
                if (!s->secrets[i].name)
                        r = -ENOMEM;
        }
        frame_fds_done(&fds);
        return r;
}

/* The request is JSON; its input is inside, or the first descriptor holds it. */
static int input_read(struct service *s, json_t *request, struct frame_fds *fds)
{
        _cleanup_(closep) int fd = -1;
        size_t length, done = 0;
        char *text;
        int r = 0;

        s->input = json_incref(json_object_get(request, "input"));
        if (!(s->frame.header.flags & FRAME_IN_MEMFD))
                return s->input ? 0 : -EPROTO;
        fd = frame_fds_take(fds, 0);
        length = (size_t) json_integer_value(json_object_get(request, "input_length"));
        text = malloc(length ? length : 1);
        if (!text)
                return -ENOMEM;
        while (done < length && r == 0) {
                ssize_t n = pread(fd, text + done, length - done, (off_t) done);

                if (n <= 0)
                        r = n < 0 ? -errno : -EPROTO;
                else
                        done += (size_t) n;
        }
        if (r == 0)
                r = json_text_load(&s->input, text, length, "input", NULL);
        free(text);
        return r;
}

/*
 * The zygote mounts the tree while the request is read, and is about as fast. To sleep and be woken
 * takes longer than what is left to wait.
 */
static int frame_await(struct service *s, struct frame_fds *fds)
{
        uint64_t until = clock_us() + AWAKE_US;
        int r;

        do
                r = frame_receive(s->socket, &s->frame, fds, MSG_DONTWAIT);
        while (r == -EAGAIN && clock_us() < until);
        return r == -EAGAIN ? frame_receive(s->socket, &s->frame, fds, 0) : r;
}

/* Nothing else is sent between the request and the answer to what was not asked yet. */
static int tree_receive(struct service *s)
{
        struct frame_fds fds = { 0 };

        while (!s->has_tree) {
                int r = frame_await(s, &fds);

                frame_fds_done(&fds);
                if (r <= 0)
                        return r < 0 ? r : -EPIPE;
                if (s->frame.header.type == PROTO_CANCEL)
                        s->is_cancelled = true;
                else if (s->frame.header.type == PROTO_TREE)
                        s->has_tree = true;
                else
                        return -EPROTO;
        }
        return 0;
}

/* What was mounted meanwhile is not seen by a descriptor, or a working folder, from before. */
int service_tree_enter(struct service *s)
{
        _cleanup_(closep) int folder = -1;
        int r;

        r = tree_receive(s);
        if (r < 0)
                return r;
        folder = open("/ws/work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0 || dup3(folder, s->workspace_fd, O_CLOEXEC) < 0 ||
            fchdir(s->workspace_fd) < 0)
                return -errno;
        return 0;
}

void service_rehearse(void)
{
        static const char text[] = "{\"action\":\"\",\"files\":[\"\"],\"input\":{\"a\":[1,true]}}";
        json_t *request = NULL;
        _cleanup_(freep) char *again = NULL;

        if (json_text_load(&request, text, strlen(text), "request", NULL) == 0)
                again = json_canonical(json_object_get(request, "input"));
        json_decref(request);
        (void) fflush(NULL);
        (void) clock_us();
}

static int key_read(struct service *s, const json_t *key)
{
        const char *hex = json_string_value(key);

        if (!key)
                return 0;
        if (!hex || strlen(hex) != 2 * sizeof(s->key))
                return -EPROTO;
        for (size_t i = 0; i < sizeof(s->key); i++) {
                unsigned byte;

                if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
                        return -EPROTO;
                s->key[i] = (unsigned char) byte;
        }
        s->has_key = true;
        return 0;
}

int service_request_receive(struct service *s)
{
        const char *body = s->frame.body, *action;
        struct frame_fds fds = { 0 };
        json_t *request = NULL;
        int r;

        r = receive(s, &fds, 0);
        if (r < 0)
                return r;
        if (s->frame.header.type != PROTO_REQUEST)
                r = -EPROTO;
        if (r == 0)
                r = json_text_load(&request, body, s->frame.header.length, "request", NULL);
        if (r == 0)
                r = input_read(s, request, &fds);
        if (r == 0)
                r = files_read(s, json_object_get(request, "files"), &fds,
                               s->frame.header.flags & FRAME_IN_MEMFD ? 1 : 0);
        if (r == 0)
                r = key_read(s, json_object_get(request, "key"));
        action = json_string_value(json_object_get(request, "action"));
        s->action = action ? strdup(action) : NULL;
        if (r == 0 && !s->action)
                r = -EPROTO;
        s->run.action = s->action;
        frame_fds_done(&fds);
        if (r == 0)
                r = secrets_receive(s, json_object_get(request, "secrets"));
        json_decref(request);
        s->is_running = r == 0;
        return r;
}

int service_result_send(struct service *s)
{
        const char *text = s->output ? s->output : "null";
        size_t length = s->output ? s->output_length : 4;
        int r = findings_flush(s);

        if (r == 0 && length > FRAME_BODY) {
                r = body_lend(s, text, length);
                return r < 0 ? r : send_now(s, PROTO_RESULT, FRAME_IN_MEMFD, NULL, 0);
        }
        return r < 0 ? r : send_now(s, PROTO_RESULT, 0, text, length);
}

int service_failed_send(struct service *s, const char *otherwise)
{
        const char *code = s->has_failed && s->fail_code ? s->fail_code : "failed";
        const char *message = s->has_failed && s->fail_message ? s->fail_message : otherwise;
        struct proto_failed head = {
                .fail_class = s->has_failed ? s->fail_class : LINHAY_FAIL_INTERNAL,
                .code_length = (uint32_t) strnlen(code, 64),
        };
        char body[sizeof(head) + 64 + 4096];
        size_t length = strnlen(message, 4096);
        int r = findings_flush(s);

        if (r < 0)
                return r;
        memcpy(body, &head, sizeof(head));
        memcpy(body + sizeof(head), code, head.code_length);
        memcpy(body + sizeof(head) + head.code_length, message, length);
        return send_now(s, PROTO_FAILED, 0, body, sizeof(head) + head.code_length + length);
}
