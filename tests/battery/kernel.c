/* SPDX-License-Identifier: Apache-2.0 */

/* The kernel's own surface: calls that an agent has no business with. */

#include "probe.h"

#include <sys/syscall.h>
#include <unistd.h>

static int userfaultfd(struct linhay_run *r)
{
        (void) r;
        return reached(syscall(SYS_userfaultfd, 1 /* user mode only */) >= 0);
}

static int io_uring(struct linhay_run *r)
{
        static uint8_t params[120];

        (void) r;
        return reached(syscall(SYS_io_uring_setup, 1, params) >= 0);
}

const struct probe kernel_probes[] = {
        { "kernel/userfaultfd", "handle page faults in user space", userfaultfd,
          "syscall userfaultfd", .without_seccomp = "reached" },
        { "kernel/io-uring", "set up a ring for system calls that no filter sees", io_uring,
          "ENOSYS", .without_seccomp = "ENOMEM" },
};
PROBES_END(kernel)
