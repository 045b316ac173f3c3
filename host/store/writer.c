/* SPDX-License-Identifier: Apache-2.0 */
#include "store/writer.h"

#include "base/blob.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>

#define END_MS 50 /* for retention, when the store is closed */

/* One submitted batch on its way: queued, being written, told. */
struct entry {
        struct entry *next;
        struct batch *batch;
        store_done done;
        void *user;
        bool is_awaited;  /* writer_commit() waits for it and frees it */
        bool is_finished; /* under the lock */
        bool is_judged;   /* `result` is known, whatever becomes of the transaction */
        int result;
        struct err err;
};

struct entry_list {
        struct entry *first;
        struct entry **end;
};

struct writer {
        struct db *db;
        int blobs;
        struct retain *retain; /* the thread's; NULL = none */
        pthread_t thread;
        bool has_thread;

        pthread_mutex_t lock;
        pthread_cond_t work;     /* queue or stop changed */
        pthread_cond_t finished; /* an awaited entry is finished */
        struct entry_list queue;
        struct entry_list told; /* finished, their callbacks not yet called */
        struct err failure;     /* the commit that failed; code 0 = none */
        struct store_stats stats;
        bool stop;
        unsigned hurries; /* times that writer_settle() was called */
        unsigned settled; /* of those, whose time has come */
        bool is_hurrying;

        int event; /* readable while `told` may hold something */
        struct loop *loop;
        struct loop_source source;
        size_t pending; /* loop's thread only */
};

static void list_clear(struct entry_list *list)
{
        *list = (struct entry_list){ NULL, &list->first };
}

static void list_add(struct entry_list *list, struct entry *e)
{
        e->next = NULL;
        *list->end = e;
        list->end = &e->next;
}

/* Moves all entries out, as a chain. */
static struct entry *list_take(struct entry_list *list)
{
        struct entry *first = list->first;

        list_clear(list);
        return first;
}

static struct entry *entry_free(struct entry *e)
{
        if (e)
                (void) batch_free(e->batch);
        free(e);
        return NULL;
}

DEFINE_FREEP(struct entry, entry_free);

static void chain_free(struct entry *e)
{
        while (e) {
                struct entry *next = e->next;

                (void) entry_free(e);
                e = next;
        }
}

/* Blobs first: a row must never name bytes that a power cut can take away. */
static int sync_blobs(struct writer *w, const struct entry *group, struct err *err)
{
        bool named = false;
        int r;

        for (const struct entry *e = group; e; e = e->next) {
                r = batch_spill(e->batch, w->blobs, err);
                if (r < 0)
                        return err_wrap(err, r, "cannot keep a large output");
                named = named || e->batch->has_blobs;
        }
        r = named ? blob_sync(w->blobs) : 0;
        return r < 0 ? err_sys(err, r, "cannot make the store's blobs durable") : 0;
}

static bool is_behind_refused(struct entry *e)
{
        const struct strand *strand = e->batch->strand;

        if (!strand || !strand_is_cut(strand))
                return false;
        e->result = err_set(&e->err, -ECANCELED, "what it builds on could not be recorded");
        return true;
}

/* It is not written again without those beside it, so that is its end. */
static void refuse(const struct entry *e)
{
        if (e->batch->strand && !e->batch->is_trial)
                strand_cut(e->batch->strand);
}

/* Has nothing to be written: what was judged stays so, though its strand was cut since. */
static bool is_out(struct entry *e)
{
        return e->is_judged ? e->result < 0 : is_behind_refused(e);
}

/* DB_REFUSED, DB_UNDONE: a batch broke a rule, and nothing behind it was tried. */
static int write_entries(struct writer *w, struct entry *group, bool is_guarded, struct err *err)
{
        bool is_alone = !group->next;

        for (struct entry *e = group; e; e = e->next) {
                int r;

                if (is_out(e))
                        continue;
                r = w->db->ops->write(w->db, e->batch, &e->err);
                e->result = r > 0 ? e->err.code : 0;
                e->is_judged = is_guarded;
                if (r < 0)
                        *err = e->err;
                if (r > 0 && (is_guarded || is_alone))
                        refuse(e);
                if (r < 0 || r == DB_UNDONE || (r == DB_REFUSED && !is_guarded))
                        return r;
        }
        return 0;
}

static int write_all(struct writer *w, struct entry *group, bool is_guarded, struct err *err)
{
        int r;

        r = w->db->ops->begin(w->db, is_guarded, err);
        if (r < 0)
                return r;
        r = write_entries(w, group, is_guarded, err);
        if (r == 0)
                r = w->db->ops->commit(w->db, err);
        if (r != 0)
                w->db->ops->rollback(w->db);
        return r;
}

/*
 * One transaction for the whole group; trouble is everybody's. Hardly ever is a batch refused, so
 * it is tried without the means to take back a single one; with them only where that is needed.
 * A rule that undoes all is broken by nobody but ourselves, so the others may be written again.
 */
static int write_group(struct writer *w, struct entry *group, struct err *err)
{
        int r;

        r = sync_blobs(w, group, err);
        if (r < 0)
                return r;
        r = write_all(w, group, false, err);
        if (r == DB_REFUSED && group->next)
                do
                        r = write_all(w, group, true, err);
                while (r == DB_UNDONE);
        return r < 0 ? r : 0;
}

static void fail_group(struct entry *group, const struct err *err)
{
        for (struct entry *e = group; e; e = e->next) {
                e->result = err->code;
                e->err = *err;
        }
}

static void count_group(struct writer *w, const struct entry *group)
{
        w->stats.commits++;
        for (const struct entry *e = group; e; e = e->next)
                if (e->result == 0)
                        w->stats.batches++;
                else
                        w->stats.refusals++;
}

/* Under the lock: hands the group to those who wait for it. */
static void tell_group(struct writer *w, struct entry *group)
{
        static const uint64_t one = 1;

        while (group) {
                struct entry *next = group->next;

                group->is_finished = true;
                if (!group->is_awaited)
                        list_add(&w->told, group);
                group = next;
        }
        (void) pthread_cond_broadcast(&w->finished);
        /* Fails only when the counter is at its end, and then it is readable anyway. */
        (void) !write(w->event, &one, sizeof(one));
}

/* Under the lock: sleeps until there is work, or that time has passed. */
static void sleep_for(struct writer *w, int64_t ms)
{
        struct timespec until;

        (void) clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += ms / 1000;
        until.tv_nsec += ms % 1000 * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void) pthread_cond_timedwait(&w->work, &w->lock, &until);
}

/* Under the lock, which it lets go meanwhile: one piece of retention. When the next one is due. */
static int64_t retain_once(struct writer *w)
{
        unsigned hurries = w->hurries;
        bool hurry = w->hurries != w->settled && !w->is_hurrying;
        struct err err = { 0 };
        int64_t ms;

        (void) pthread_mutex_unlock(&w->lock);
        if (hurry)
                retain_hurry(w->retain);
        ms = retain_piece(w->retain, &err);
        if (ms >= 0)
                w->db->ops->tidy(w->db, true);
        (void) pthread_mutex_lock(&w->lock);

        w->is_hurrying = w->is_hurrying || hurry;
        if (ms < 0)
                w->failure = err;
        if (ms != 0) {
                w->is_hurrying = false;
                w->settled = hurries;
                (void) pthread_cond_broadcast(&w->finished);
        }
        return ms;
}

/* Under the lock. */
static void wait_for_work(struct writer *w)
{
        while (!w->queue.first && !w->stop) {
                int64_t ms = -1;

                if (w->retain && w->failure.code == 0)
                        ms = retain_once(w);
                if (ms == 0 || w->queue.first || w->stop || (ms > 0 && w->hurries != w->settled))
                        continue;
                if (ms > 0)
                        sleep_for(w, ms);
                else
                        (void) pthread_cond_wait(&w->work, &w->lock);
        }
}

/* Short-lived programs take away what they add: a run that was one too many goes now. */
static void retain_before_end(struct writer *w)
{
        uint64_t until = clock_ms() + END_MS;

        if (!w->retain)
                return;
        while (w->failure.code == 0 && clock_ms() < until)
                if (retain_once(w) != 0)
                        break;
        if (w->failure.code == 0)
                (void) retain_save(w->retain, NULL);
}

static void *writer_main(void *user)
{
        struct writer *w = user;

        (void) pthread_setname_np(pthread_self(), "store-writer");
        w->db->ops->tidy(w->db, true);
        (void) pthread_mutex_lock(&w->lock);
        for (;;) {
                struct err err;
                struct entry *group;
                bool idle, is_full;

                wait_for_work(w);
                group = list_take(&w->queue);
                if (!group)
                        break;
                err = w->failure;
                (void) pthread_mutex_unlock(&w->lock);

                if (err.code < 0 || write_group(w, group, &err) < 0)
                        fail_group(group, &err);

                (void) pthread_mutex_lock(&w->lock);
                if (err.code < 0)
                        w->failure = err;
                else
                        count_group(w, group);
                tell_group(w, group);
                idle = !w->queue.first;
                (void) pthread_mutex_unlock(&w->lock);

                if (err.code == 0)
                        w->db->ops->tidy(w->db, idle);
                if (err.code == 0)
                        (void) w->db->ops->fold(w->db, &err);
                is_full = err.code == 0 && w->retain && retain_look(w->retain);
                (void) pthread_mutex_lock(&w->lock);
                w->failure = err;
                if (is_full)
                        (void) retain_once(w);
        }
        retain_before_end(w);
        (void) pthread_mutex_unlock(&w->lock);
        return NULL;
}

/* Signals are the loop's: the thread blocks every one, from its first instruction. */
static int thread_start(struct writer *w)
{
        sigset_t all, before;
        int r;

        (void) sigfillset(&all);
        (void) pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&w->thread, NULL, writer_main, w);
        (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
        w->has_thread = r == 0;
        return -r;
}

int writer_new(struct writer **ret, struct db *db, int blobs, struct retain *retain,
               struct err *err)
{
        _cleanup_(writer_freep) struct writer *w = calloc(1, sizeof(*w));
        pthread_condattr_t steady;
        int r;

        if (!w)
                return err_sys(err, -ENOMEM, "cannot start the store's writer");
        w->db = db;
        w->blobs = blobs;
        w->retain = retain;
        (void) pthread_mutex_init(&w->lock, NULL);
        (void) pthread_condattr_init(&steady);
        (void) pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
        (void) pthread_cond_init(&w->work, &steady);
        (void) pthread_condattr_destroy(&steady);
        (void) pthread_cond_init(&w->finished, NULL);
        list_clear(&w->queue);
        list_clear(&w->told);

        w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (w->event < 0)
                return err_sys(err, -errno, "cannot start the store's writer");
        r = thread_start(w);
        if (r < 0)
                return err_sys(err, r, "cannot start the store's writer");

        *ret = TAKE(w);
        return 0;
}

struct writer *writer_free(struct writer *w)
{
        if (!w)
                return NULL;
        if (w->has_thread) {
                (void) pthread_mutex_lock(&w->lock);
                w->stop = true;
                (void) pthread_cond_signal(&w->work);
                (void) pthread_mutex_unlock(&w->lock);
                (void) pthread_join(w->thread, NULL);
        }
        writer_detach(w);
        chain_free(w->told.first);
        closep(&w->event);
        (void) pthread_cond_destroy(&w->finished);
        (void) pthread_cond_destroy(&w->work);
        (void) pthread_mutex_destroy(&w->lock);
        free(w);
        return NULL;
}

/* On the loop's thread: calls back for all that is on disk. */
static int deliver(struct loop_source *source, uint32_t events)
{
        struct writer *w = source->owner;
        struct entry *e;
        uint64_t count;

        (void) events;
        (void) !read(w->event, &count, sizeof(count));
        (void) pthread_mutex_lock(&w->lock);
        e = list_take(&w->told);
        (void) pthread_mutex_unlock(&w->lock);

        while (e) {
                struct entry *next = e->next;

                w->pending--;
                if (e->done)
                        e->done(e->user, e->result, &e->err);
                (void) entry_free(e);
                e = next;
        }
        return 0;
}

int writer_attach(struct writer *w, struct loop *loop)
{
        int r = loop_add_fd(loop, &w->source, w->event, EPOLLIN, deliver, w);

        if (r == 0)
                w->loop = loop;
        return r;
}

void writer_detach(struct writer *w)
{
        if (w->loop)
                loop_remove(TAKE(w->loop), &w->source);
}

/* Makes the entry, or frees the batch. */
static int entry_new(struct entry **ret, struct batch *batch, struct err *err)
{
        _cleanup_(batch_freep) struct batch *owned = batch;
        struct entry *e;

        if (batch->error == -EILSEQ)
                return err_set(err, -EILSEQ,
                               "the workspace's path is not UTF-8: use a folder whose name is");
        if (batch->error < 0)
                return err_sys(err, batch->error, "cannot collect what is to be recorded");
        e = calloc(1, sizeof(*e));
        if (!e)
                return err_sys(err, -ENOMEM, "cannot collect what is to be recorded");
        e->batch = TAKE(owned);
        *ret = e;
        return 0;
}

/* Under the lock. */
static int queue_add(struct writer *w, struct entry *e, struct err *err)
{
        if (w->failure.code < 0)
                return err_set(err, w->failure.code, "the store takes no more writes: %s",
                               w->failure.text);
        list_add(&w->queue, e);
        (void) pthread_cond_signal(&w->work);
        return 0;
}

int writer_submit(struct writer *w, struct batch *batch, store_done done, void *user,
                  struct err *err)
{
        _cleanup_(entry_freep) struct entry *e = NULL;
        int r;

        r = entry_new(&e, batch, err);
        if (r < 0)
                return r;
        e->done = done;
        e->user = user;

        (void) pthread_mutex_lock(&w->lock);
        r = queue_add(w, e, err);
        (void) pthread_mutex_unlock(&w->lock);
        if (r < 0)
                return r;
        (void) TAKE(e);
        w->pending++;
        return 0;
}

int writer_commit(struct writer *w, struct batch *batch, struct err *err)
{
        _cleanup_(entry_freep) struct entry *e = NULL;
        int r;

        r = entry_new(&e, batch, err);
        if (r < 0)
                return r;
        e->is_awaited = true;

        (void) pthread_mutex_lock(&w->lock);
        r = queue_add(w, e, err);
        while (r == 0 && !e->is_finished)
                (void) pthread_cond_wait(&w->finished, &w->lock);
        (void) pthread_mutex_unlock(&w->lock);
        if (r == 0 && e->result < 0)
                r = err_set(err, e->result, "%s", err_text(&e->err));
        return r;
}

int writer_settle(struct writer *w, struct err *err)
{
        unsigned mine;
        int r = 0;

        if (!w->retain)
                return 0;
        (void) pthread_mutex_lock(&w->lock);
        mine = ++w->hurries;
        (void) pthread_cond_signal(&w->work);
        while (w->failure.code == 0 && (int) (w->settled - mine) < 0)
                (void) pthread_cond_wait(&w->finished, &w->lock);
        if (w->failure.code < 0)
                r = err_set(err, w->failure.code, "%s", w->failure.text);
        (void) pthread_mutex_unlock(&w->lock);
        return r;
}

size_t writer_pending(const struct writer *w)
{
        return w->pending;
}

void writer_stats(struct writer *w, struct store_stats *ret)
{
        (void) pthread_mutex_lock(&w->lock);
        *ret = w->stats;
        (void) pthread_mutex_unlock(&w->lock);
}
