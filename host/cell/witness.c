/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Witness of what an agent ran out of
 *
 * This program comes first in the order in which names are looked up, so an agent's calls to these
 * functions arrive here. They do what the C library does, and remember a refusal: an agent that
 * aborts because it got no memory has the verdict `memory`, not `signal`.
 */

#include "cell/fault.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>

atomic_bool fault_saw_no_memory;
atomic_bool fault_saw_no_processes;

#define WITNESS __attribute__((visibility("default")))

#ifndef LINHAY_SANITIZE /* the sanitizer has an allocator of its own */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *p);

static void *witnessed(void *p)
{
        if (!p)
                fault_saw_no_memory = true;
        return p;
}

WITNESS void *malloc(size_t size)
{
        return witnessed(__libc_malloc(size));
}

WITNESS void *calloc(size_t n, size_t size)
{
        return witnessed(__libc_calloc(n, size));
}

WITNESS void *realloc(void *old, size_t size)
{
        void *p = __libc_realloc(old, size);

        return size ? witnessed(p) : p;
}

WITNESS void free(void *p)
{
        __libc_free(p);
}

WITNESS void *memalign(size_t alignment, size_t size)
{
        return witnessed(__libc_memalign(alignment, size));
}

WITNESS void *aligned_alloc(size_t alignment, size_t size)
{
        return witnessed(__libc_memalign(alignment, size));
}

WITNESS int posix_memalign(void **ret, size_t alignment, size_t size)
{
        void *p;

        if (alignment % sizeof(void *) || alignment == 0 || (alignment & (alignment - 1)))
                return EINVAL;
        p = witnessed(__libc_memalign(alignment, size));
        if (!p)
                return ENOMEM;
        *ret = p;
        return 0;
}

#endif

/* Looked up when first used: nearly no agent has threads. */
WITNESS int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                           void *arg)
{
        static int (*real)(pthread_t *, const pthread_attr_t *, void *(*) (void *), void *);
        int r;

        if (!real)
                *(void **) &real = dlsym(RTLD_NEXT, "pthread_create");
        r = real(thread, attr, start, arg);
        if (r == EAGAIN)
                fault_saw_no_processes = true;
        return r;
}

WITNESS pid_t fork(void)
{
        static pid_t (*real)(void);
        pid_t pid;

        if (!real)
                *(void **) &real = dlsym(RTLD_NEXT, "fork");
        pid = real();
        if (pid < 0 && errno == EAGAIN)
                fault_saw_no_processes = true;
        return pid;
}
