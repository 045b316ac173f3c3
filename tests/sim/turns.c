/* SPDX-License-Identifier: Apache-2.0 */
#include "turns.h"

#include <assert.h>
#include <pthread.h>
#include <semaphore.h>

static struct {
        sem_t its_turn, our_turn;
        void *(*main)(void *user);
        void *user;
        bool is_alive;
        bool is_due;
} turns;

static _Thread_local bool is_the_thread;

int __real_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*start)(void *),
                          void *user);
int __real_pthread_join(pthread_t thread, void **ret);

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*start)(void *),
                          void *user);
int __wrap_pthread_join(pthread_t thread, void **ret);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *until);
int __wrap_pthread_cond_signal(pthread_cond_t *cond);
int __wrap_pthread_cond_broadcast(pthread_cond_t *cond);

static void wait_for(sem_t *turn)
{
        while (sem_wait(turn) < 0)
                ;
}

bool turns_is_due(void)
{
        return turns.is_alive && turns.is_due;
}

void turns_give(void)
{
        turns.is_due = false;
        if (!turns.is_alive)
                return;
        (void) sem_post(&turns.its_turn);
        wait_for(&turns.our_turn);
}

static void *thread_main(void *user)
{
        (void) user;
        is_the_thread = true;
        wait_for(&turns.its_turn);
        (void) turns.main(turns.user);
        turns.is_alive = false;
        (void) sem_post(&turns.our_turn);
        return NULL;
}

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*start)(void *),
                          void *user)
{
        int r;

        assert(!turns.is_alive);
        (void) sem_init(&turns.its_turn, 0, 0);
        (void) sem_init(&turns.our_turn, 0, 0);
        turns.main = start;
        turns.user = user;
        turns.is_alive = true;
        r = __real_pthread_create(ret, attr, thread_main, NULL);
        if (r == 0)
                turns_give();
        else
                turns.is_alive = false;
        return r;
}

int __wrap_pthread_join(pthread_t thread, void **ret)
{
        while (turns.is_alive)
                turns_give();
        return __real_pthread_join(thread, ret);
}

int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
        (void) cond;
        (void) pthread_mutex_unlock(mutex);
        if (is_the_thread) {
                (void) sem_post(&turns.our_turn);
                wait_for(&turns.its_turn);
        } else {
                turns_give();
        }
        return pthread_mutex_lock(mutex);
}

/* The thread's time is up whenever it gets a turn and there is nothing to do. */
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *until)
{
        (void) until;
        (void) __wrap_pthread_cond_wait(cond, mutex);
        return ETIMEDOUT;
}

int __wrap_pthread_cond_signal(pthread_cond_t *cond)
{
        (void) cond;
        turns.is_due |= !is_the_thread;
        return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *cond)
{
        return __wrap_pthread_cond_signal(cond);
}
