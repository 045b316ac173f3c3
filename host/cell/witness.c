/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Witness of what an agent ran out of
 *
 * This program comes first in the order in which names are looked up, so an agent's calls to these
 * functions arrive here. They do what the C library does, and remember a refusal: an agent that
 * aborts because it got no memory has the verdict `memory`, not `signal`.
 */

#include "config.h"

#include "cell/fault.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <spawn.h>

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

/* Looked up when first used: nearly no agent has threads or starts programs. */
static void *real_of(const char *name)
{
        fault_forbid_process();
        return dlsym(RTLD_NEXT, name);
}

static int witnessed_process(int error)
{
        if (error == EAGAIN)
                fault_saw_no_processes = true;
        return error;
}

WITNESS int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                           void *arg)
{
        int (*real)(pthread_t *, const pthread_attr_t *, void *(*) (void *), void *);

        *(void **) &real = real_of("pthread_create");
        return witnessed_process(real(thread, attr, start, arg));
}

WITNESS pid_t fork(void)
{
        pid_t (*real)(void);
        pid_t pid;

        *(void **) &real = real_of("fork");
        pid = real();
        if (pid < 0)
                (void) witnessed_process(errno);
        return pid;
}

WITNESS int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
        int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                    const posix_spawnattr_t *, char *const[], char *const[]);

        *(void **) &real = real_of("posix_spawn");
        return witnessed_process(real(pid, path, actions, attr, argv, envp));
}

WITNESS int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                         const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
        int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                    const posix_spawnattr_t *, char *const[], char *const[]);

        *(void **) &real = real_of("posix_spawnp");
        return witnessed_process(real(pid, file, actions, attr, argv, envp));
}

WITNESS int system(const char *command)
{
        int (*real)(const char *);

        *(void **) &real = real_of("system");
        return real(command);
}

WITNESS FILE *popen(const char *command, const char *type)
{
        FILE *(*real)(const char *, const char *);

        *(void **) &real = real_of("popen");
        return real(command, type);
}
