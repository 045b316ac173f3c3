/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include "store/control.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

/* An engine that answers in this thread, and a client in another. */
struct fixture {
        char *folder;
        char *dir;
        int dirfd;
        struct loop *loop;
        struct control *control;
        struct control_call *later; /* a request that waits for the next one */
        struct loop_source timer;
        struct control_peer peer;
        int status; /* of a client that is a process */
        void (*client)(struct fixture *f);
};

static void on_request(void *user, struct control_call *call, const struct control_peer *peer,
                       const json_t *request)
{
        const char *verb = json_string_value(json_object_get(request, "verb"));
        struct fixture *f = user;

        f->peer = *peer;
        if (verb && strcmp(verb, "later") == 0)
                f->later = call;
        else if (verb && strcmp(verb, "none") == 0)
                control_reply(call, NULL);
        else
                control_reply(call, json_pack("{s:O}", "echo", request));
        if (verb && strcmp(verb, "now") == 0 && f->later)
                control_reply(TAKE(f->later), json_pack("{s:s}", "was", "later"));
}

static void fixture_listen(struct fixture *f)
{
        struct err err = { 0 };

        if (control_new(&f->control, f->loop, f->dirfd, on_request, f, &err) < 0)
                fail_msg("%s", err.text);
}

static struct fixture *fixture_new(const char *name)
{
        struct fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        f->folder = helper_folder();
        f->dir = helper_path(f->folder, name);
        assert_int_equal(dir_make(f->dir, NULL), 0);
        f->dirfd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(f->dirfd >= 0);
        assert_int_equal(loop_new(&f->loop), 0);
        fixture_listen(f);
        return f;
}

static int setup(void **state)
{
        *state = fixture_new("s");
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        (void) control_free(f->control);
        (void) loop_free(f->loop);
        (void) close(f->dirfd);
        helper_remove(f->folder);
        free(f->dir);
        free(f);
        return 0;
}

static int on_end(struct loop_source *source, uint32_t events)
{
        struct fixture *f = source->owner;

        (void) events;
        loop_stop(f->loop);
        return 0;
}

struct client {
        struct fixture *f;
        int done; /* pipe: closed at its end */
};

static void *client_main(void *user)
{
        struct client *c = user;

        c->f->client(c->f);
        (void) close(c->done);
        return NULL;
}

/* Serves until the client's function returned. */
static void serve(struct fixture *f, void (*client)(struct fixture *f))
{
        struct loop_source end;
        struct client c = { .f = f };
        pthread_t thread;
        int done[2];

        f->client = client;
        assert_int_equal(pipe2(done, O_CLOEXEC), 0);
        c.done = done[1];
        assert_int_equal(loop_add_fd(f->loop, &end, done[0], EPOLLIN, on_end, f), 0);
        assert_int_equal(pthread_create(&thread, NULL, client_main, &c), 0);
        assert_int_equal(loop_run(f->loop), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        loop_remove(f->loop, &end);
        (void) close(done[0]);
}

static json_t *request(struct fixture *f, const char *verb)
{
        _cleanup_(json_decrefp) json_t *ask = json_pack("{s:s}", "verb", verb);
        struct err err = { 0 };
        json_t *reply = NULL;

        if (control_request(f->dir, ask, 20000, &reply, &err) < 0)
                fail_msg("%s", err.text);
        return reply;
}

static void client_echo(struct fixture *f)
{
        _cleanup_(json_decrefp) json_t *reply = request(f, "hello");

        helper_text(reply, "/echo/verb", "hello");
}

static void test_request_and_reply(void **state)
{
        struct fixture *f = *state;
        struct stat st;

        serve(f, client_echo);
        assert_int_equal(f->peer.uid, geteuid());
        assert_int_equal(f->peer.pid, getpid());
        assert_int_equal(fstatat(f->dirfd, "control", &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_long_store_path(void **state)
{
        char name[201];

        memset(name, 'n', 200);
        name[200] = '\0';
        *state = fixture_new(name);
        serve(*state, client_echo);
        (void) teardown(state);
}

static int raw_connect(struct fixture *f)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/control",
                        f->dirfd);
        assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        return fd;
}

/* Sends bytes and reads until `lines` lines came or the engine hung up. */
static char *raw_talk(struct fixture *f, const char *bytes, size_t length, int lines)
{
        char *got = calloc(1, 65536);
        int fd = raw_connect(f);
        size_t n = 0;
        ssize_t r;

        assert_non_null(got);
        /* Hung up on in the middle of it is an answer too. */
        (void) !send(fd, bytes, length, MSG_NOSIGNAL);
        while (lines > 0 && n < 65535 && (r = read(fd, got + n, 65535 - n)) > 0)
                for (n += (size_t) r; r > 0; r--)
                        lines -= got[n - (size_t) r] == '\n';
        (void) close(fd);
        return got;
}

/* Requests in one packet are answered one by one, in order. */
static void client_pipeline(struct fixture *f)
{
        static const char bytes[] = "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n";
        _cleanup_(freep) char *got = raw_talk(f, bytes, sizeof(bytes) - 1, 3);

        assert_string_equal(got,
                            "{\"echo\":{\"n\":1}}\n{\"echo\":{\"n\":2}}\n{\"echo\":{\"n\":3}}\n");
}

static void test_pipeline(void **state)
{
        serve(*state, client_pipeline);
}

static void client_hostile(struct fixture *f)
{
        static const struct {
                const char *why;
                const char *bytes;
                const char *words;
        } rows[] = {
                { "not JSON", "hello\n", "not valid JSON" },
                { "an array", "[]\n", "one JSON object" },
                { "nothing", "\n", "bad-request" },
                { "two values", "{} {}\n", "bad-request" },
                { "a good one after a bad one", "x\n{\"verb\":\"ok\"}\n", "echo" },
        };
        _cleanup_(freep) char *large = malloc(200000);
        _cleanup_(freep) char *got = NULL;

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                int lines = strchr(strchr(rows[i].bytes, '\n') + 1, '\n') ? 2 : 1;
                _cleanup_(freep) char *answer =
                        raw_talk(f, rows[i].bytes, strlen(rows[i].bytes), lines);

                if (!strstr(answer, rows[i].words))
                        fail_msg("%s: %s", rows[i].why, answer);
        }
        assert_non_null(large);
        memset(large, 'x', 200000);
        got = raw_talk(f, large, 200000, 1);
        assert_true(got[0] == '\0' || strstr(got, "too-long"));
        client_echo(f);
}

static void test_hostile_bytes(void **state)
{
        serve(*state, client_hostile);
}

/* More peers than are served at once: the others are turned away, and nobody is stuck. */
static void client_crowd(struct fixture *f)
{
        int fds[40];

        for (size_t i = 0; i < TEST_ROWS(fds); i++)
                fds[i] = raw_connect(f);
        for (size_t i = 0; i < TEST_ROWS(fds); i++)
                (void) close(fds[i]);
}

static void client_echo_soon(struct fixture *f)
{
        _cleanup_(json_decrefp) json_t *ask = json_object();
        json_t *reply = NULL;

        /* The engine may still be counting those who left. */
        for (int i = 0; i < 1000 && !reply; i++)
                (void) control_request(f->dir, ask, 20000, &reply, NULL);
        assert_non_null(reply);
        json_decref(reply);
}

static void test_crowd(void **state)
{
        serve(*state, client_crowd);
        serve(*state, client_echo_soon);
}

/* An answer that comes after the commit, and one whose peer did not wait for it. */
static void client_leaves(struct fixture *f)
{
        int fd = raw_connect(f);

        assert_true(write(fd, "{\"verb\":\"later\"}\n", 17) == 17);
        client_echo(f);
        (void) close(fd);
        client_echo(f);
}

static void client_now(struct fixture *f)
{
        _cleanup_(json_decrefp) json_t *reply = request(f, "now");

        helper_text(reply, "/echo/verb", "now");
}

static void test_reply_to_one_who_left(void **state)
{
        struct fixture *f = *state;

        serve(f, client_leaves);
        assert_non_null(f->later);
        serve(f, client_now);
        assert_null(f->later);
}

static int on_later(struct loop_source *source, uint32_t events)
{
        struct fixture *f = source->owner;

        (void) events;
        if (!f->later)
                return loop_add_timer(f->loop, &f->timer, 5, on_later, f);
        control_reply(TAKE(f->later), json_pack("{s:s}", "was", "later"));
        return 0;
}

static void client_waits(struct fixture *f)
{
        _cleanup_(json_decrefp) json_t *reply = request(f, "later");

        helper_text(reply, "/was", "later");
}

static void test_reply_later(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(loop_add_timer(f->loop, &f->timer, 5, on_later, f), 0);
        serve(f, client_waits);
}

static void client_timeout(struct fixture *f)
{
        _cleanup_(json_decrefp) json_t *ask = json_pack("{s:s}", "verb", "later");
        json_t *reply = NULL;

        assert_int_equal(control_request(f->dir, ask, 50, &reply, NULL), -ETIMEDOUT);
}

static void test_timeout(void **state)
{
        serve(*state, client_timeout);
}

static void client_no_memory(struct fixture *f)
{
        _cleanup_(json_decrefp) json_t *reply = request(f, "none");

        helper_text(reply, "/error/code", "no-memory");
}

static void test_reply_of_nothing(void **state)
{
        serve(*state, client_no_memory);
}

/* The socket of a dead engine is no engine, and is replaced by the next one. */
static void test_dead_engine(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *ask = json_object();
        json_t *reply = NULL;
        int status;
        pid_t pid;

        f->control = control_free(f->control);
        assert_int_equal(control_request(f->dir, ask, 1000, &reply, NULL), -ECONNREFUSED);
        pid = fork();
        if (pid == 0)
                _exit(control_new(&f->control, f->loop, f->dirfd, on_request, f, NULL) < 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(faccessat(f->dirfd, "control", F_OK, 0), 0);
        assert_int_equal(control_request(f->dir, ask, 1000, &reply, NULL), -ECONNREFUSED);
        fixture_listen(f);
        serve(f, client_echo);
}

/* Another user is not served, even where the folder lets him in. */
static int stranger(struct fixture *f)
{
        _cleanup_(json_decrefp) json_t *ask = json_object();
        json_t *reply = NULL;
        int r;

        if (setgid(65534) < 0 || setuid(65534) < 0)
                return 77;
        r = control_request(f->dir, ask, 5000, &reply, NULL);
        return r == -ECONNRESET || r == -EPIPE ? 0 : 1;
}

static void client_stranger(struct fixture *f)
{
        pid_t pid = fork();

        if (pid == 0)
                _exit(stranger(f));
        if (waitpid(pid, &f->status, 0) != pid)
                f->status = -1;
}

static void test_stranger(void **state)
{
        struct fixture *f = *state;

        if (geteuid() != 0)
                skip();
        assert_int_equal(chmod(f->folder, 0755), 0);
        assert_int_equal(chmod(f->dir, 0755), 0);
        assert_int_equal(fchmodat(f->dirfd, "control", 0666, 0), 0);
        serve(f, client_stranger);
        assert_int_equal(f->status, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
                TEST(test_request_and_reply),
                cmocka_unit_test(test_long_store_path),
                TEST(test_pipeline),
                TEST(test_hostile_bytes),
                TEST(test_crowd),
                TEST(test_reply_to_one_who_left),
                TEST(test_reply_later),
                TEST(test_timeout),
                TEST(test_reply_of_nothing),
                TEST(test_dead_engine),
                TEST(test_stranger),
        };

        return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
