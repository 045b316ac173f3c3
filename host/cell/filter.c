/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>

#include "base/buf.h"
#include "base/io.h"
#include "cell/memfd.h"
#include "cell/policy.h"
#include "cell/spawn.h"

void filter_done(struct filter *f)
{
        closep(&f->fd);
}

static void filter_releasep(scmp_filter_ctx *ctx)
{
        if (*ctx)
                seccomp_release(*ctx);
}

/* A name that this machine or this library does not know cannot be called either. */
static int row_add(scmp_filter_ctx ctx, const struct policy_row *row, struct err *err)
{
        int number = seccomp_syscall_resolve_name(row->name), r;

        if (number < 0)
                return 0;
        r = seccomp_rule_add_array(ctx, row->action, number, row->n_args, row->args);
        /* The same row may come with two groups. */
        if (r < 0 && r != -EEXIST)
                return err_sys(err, r, "cannot add %s to the system call filter", row->name);
        return 0;
}

static int rows_add(scmp_filter_ctx ctx, const struct policy_row *rows, size_t n, struct err *err)
{
        for (size_t i = 0; i < n; i++) {
                int r = row_add(ctx, &rows[i], err);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int names_add(scmp_filter_ctx ctx, const char *const *names, size_t n, struct err *err)
{
        for (size_t i = 0; i < n; i++) {
                int r = row_add(ctx,
                                &(struct policy_row){ .name = names[i], .action = SCMP_ACT_ALLOW },
                                err);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Another architecture's entry has other numbers: no name to give, the kernel kills. */
static scmp_filter_ctx filter_new(uint32_t otherwise)
{
        scmp_filter_ctx ctx = seccomp_init(otherwise);

        if (!ctx)
                return NULL;
        if (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) < 0 ||
            seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0) {
                seccomp_release(ctx);
                return NULL;
        }
        return ctx;
}

/* libseccomp writes to a descriptor only; a memfd takes it. */
static int filter_export(scmp_filter_ctx ctx, struct buf *program, struct err *err)
{
        _cleanup_(closep) int fd = memfd_create("linhay-filter", MFD_CLOEXEC);
        int r;

        if (fd < 0)
                return err_sys(err, -errno, "cannot make memory for the system call filter");
        r = seccomp_export_bpf(ctx, fd);
        if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        if (r == 0)
                r = fd_read_all(fd, program);
        return r < 0 ? err_sys(err, r, "cannot write the system call filter") : 0;
}

static int set_add(scmp_filter_ctx ctx, const struct policy_set *set, struct err *err)
{
        int r = names_add(ctx, set->names, set->n_names, err);

        return r < 0 ? r : rows_add(ctx, set->rows, set->n_rows, err);
}

static int stage1_build(struct buf *program, const struct policy *p, struct err *err)
{
        _cleanup_(filter_releasep) scmp_filter_ctx ctx = filter_new(POLICY_END);
        int r = 0;

        if (!ctx)
                return err_set(err, -ENOMEM, "cannot make a system call filter");
        for (size_t i = 0; i < p->n_stage1 && r == 0; i++)
                r = set_add(ctx, p->stage1[i], err);
        return r < 0 ? r : filter_export(ctx, program, err);
}

static int stage2_build(struct buf *program, const struct policy *p, struct err *err)
{
        _cleanup_(filter_releasep) scmp_filter_ctx ctx = filter_new(SCMP_ACT_ALLOW);
        int r = 0;

        if (!ctx)
                return err_set(err, -ENOMEM, "cannot make a system call filter");
        for (size_t i = 0; i < p->n_stage2 && r == 0; i++)
                r = set_add(ctx, p->stage2[i], err);
        return r < 0 ? r : filter_export(ctx, program, err);
}

static int filter_store(struct filter *ret, const struct buf *stage1, const struct buf *stage2,
                        uint32_t flags, struct err *err)
{
        _cleanup_(buf_done) struct buf both = { 0 };
        int fd;

        if (buf_add(&both, stage1->data, stage1->length) < 0 ||
            buf_add(&both, stage2->data, stage2->length) < 0)
                return err_set(err, -ENOMEM, "no memory for the system call filter");
        fd = memfd_of_bytes("linhay-filter", both.data, both.length);
        if (fd < 0)
                return err_sys(err, fd, "cannot seal the system call filter");
        *ret = (struct filter){
                .fd = fd,
                .stage1_bytes = (uint32_t) stage1->length,
                .stage2_bytes = (uint32_t) stage2->length,
                .flags = flags,
        };
        return 0;
}

int filter_build(struct filter *ret, const char *const *names, struct err *err)
{
        _cleanup_(buf_done) struct buf stage1 = { 0 }, stage2 = { 0 };
        struct policy policy;
        int r;

        r = policy_make(&policy, names, err);
        if (r == 0)
                r = stage1_build(&stage1, &policy, err);
        if (r == 0)
                r = stage2_build(&stage2, &policy, err);
        return r < 0 ? r : filter_store(ret, &stage1, &stage2, policy.flags, err);
}

int filter_build_inspector(struct filter *ret, struct err *err)
{
        static const char *const names[] = {
                "brk",     "close",        "exit",       "exit_group",  "fstat",
                "futex",   "lseek",        "newfstatat", "madvise",     "munmap",
                "pread64", "rt_sigreturn", "sendmsg",    "sigaltstack",
        };
        static const struct policy_row rows[] = {
                { "mmap", SCMP_ACT_ALLOW, 1, { SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) } }
        };
        _cleanup_(filter_releasep) scmp_filter_ctx ctx = filter_new(SCMP_ACT_KILL_PROCESS);
        _cleanup_(buf_done) struct buf program = { 0 }, none = { 0 };
        int r;

        if (!ctx)
                return err_set(err, -ENOMEM, "cannot make a system call filter");
        r = names_add(ctx, names, ARRAY_SIZE(names), err);
        if (r == 0)
                r = rows_add(ctx, rows, ARRAY_SIZE(rows), err);
        if (r == 0)
                r = filter_export(ctx, &program, err);
        return r < 0 ? r : filter_store(ret, &program, &none, 0, err);
}

char *filter_syscall_name(uint32_t arch, int number)
{
        uint32_t token = arch == AUDIT_ARCH_X86_64    ? SCMP_ARCH_X86_64
                         : arch == AUDIT_ARCH_AARCH64 ? SCMP_ARCH_AARCH64
                                                      : 0;

        return token && number >= 0 ? seccomp_syscall_resolve_num_arch(token, number) : NULL;
}
