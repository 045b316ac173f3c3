/* SPDX-License-Identifier: Apache-2.0 */
#include "plug/elf.h"

#include <elf.h>
#include <string.h>
#include <sys/stat.h>

#if defined(__x86_64__)
#define ELF_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define ELF_MACHINE EM_AARCH64
#elif defined(__riscv)
#define ELF_MACHINE EM_RISCV
#else
#error "name this machine's e_machine"
#endif

/* What was read of one object. */
struct elf {
        const struct elf_source *source;
        Elf64_Ehdr header;
        Elf64_Shdr *sections;
        char *names; /* the section name table; its last byte is NUL */
        size_t names_size;
};

static void elf_done(struct elf *e)
{
        free(e->sections);
        free(e->names);
}

static int memory_read(const struct elf_source *source, uint64_t offset, void *ret, size_t length)
{
        memcpy(ret, (const char *) source->data + offset, length);
        return 0;
}

static int fd_read(const struct elf_source *source, uint64_t offset, void *ret, size_t length)
{
        for (char *p = ret; length > 0;) {
                ssize_t n = pread(source->fd, p, length, (off_t) offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -ENODATA; /* it shrank under us */
                p += n;
                offset += (uint64_t) n;
                length -= (size_t) n;
        }
        return 0;
}

struct elf_source elf_source_memory(const void *data, size_t length)
{
        return (struct elf_source){ .size = length, .read = memory_read, .data = data, .fd = -1 };
}

int elf_source_fd(struct elf_source *ret, int fd, struct err *err)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return err_sys(err, -errno, "cannot stat the object");
        if (!S_ISREG(st.st_mode))
                return err_set(err, -EINVAL, "not a regular file");
        *ret = (struct elf_source){ .size = (uint64_t) st.st_size, .read = fd_read, .fd = fd };
        return 0;
}

static bool range_is_inside(uint64_t offset, uint64_t length, uint64_t size)
{
        return offset <= size && length <= size - offset;
}

static bool ranges_meet(uint64_t a, uint64_t n_a, uint64_t b, uint64_t n_b)
{
        return n_a > 0 && n_b > 0 && a < b + n_b && b < a + n_a;
}

/* Copies a proven range into new memory with a NUL behind it. */
static int range_read(const struct elf_source *source, uint64_t offset, size_t length, char **ret,
                      struct err *err)
{
        _cleanup_(freep) char *data = malloc(length + 1);
        int r;

        if (!data)
                return err_set(err, -ENOMEM, "out of memory");
        r = length > 0 ? source->read(source, offset, data, length) : 0;
        if (r < 0)
                return err_sys(err, r, "cannot read the object");
        data[length] = '\0';
        *ret = TAKE(data);
        return 0;
}

static int ident_check(const Elf64_Ehdr *h, struct err *err)
{
        if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
                return err_set(err, -ENOEXEC, "not an ELF object");
        if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB)
                return err_set(err, -ENOEXEC, "not a 64-bit little-endian ELF object");
        if (h->e_ident[EI_VERSION] != EV_CURRENT || h->e_version != EV_CURRENT)
                return err_set(err, -ENOEXEC, "an ELF object of an unknown version");
        if (h->e_machine != ELF_MACHINE)
                return err_set(err, -ENOEXEC,
                               "built for another machine (e_machine %u, this one is %u)",
                               h->e_machine, (unsigned) ELF_MACHINE);
        if (h->e_type != ET_DYN)
                return err_set(err, -ENOEXEC,
                               "not a shared object (e_type %u); link it with -shared", h->e_type);
        return 0;
}

static int header_read(struct elf *e, struct err *err)
{
        int r;

        if (e->source->size < sizeof(e->header))
                return err_set(err, -ENOEXEC, "not an ELF object: only %llu bytes long",
                               (unsigned long long) e->source->size);
        r = e->source->read(e->source, 0, &e->header, sizeof(e->header));
        if (r < 0)
                return err_sys(err, r, "cannot read the object");
        return ident_check(&e->header, err);
}

static int sections_read(struct elf *e, struct err *err)
{
        const Elf64_Ehdr *h = &e->header;
        uint64_t bytes = (uint64_t) h->e_shnum * sizeof(Elf64_Shdr);
        char *table = NULL;
        int r;

        if (h->e_shoff == 0)
                return err_set(err, -ENOEXEC, "has no section table; do not strip it away");
        if (h->e_shentsize != sizeof(Elf64_Shdr))
                return err_set(err, -ENOEXEC, "section headers of %u bytes instead of %zu",
                               h->e_shentsize, sizeof(Elf64_Shdr));
        if (h->e_shnum == 0 || h->e_shnum > ELF_SECTIONS_MAX)
                return err_set(err, -ENOEXEC, "%u sections; 1 to %u are read", h->e_shnum,
                               ELF_SECTIONS_MAX);
        if (h->e_shoff < sizeof(*h) || !range_is_inside(h->e_shoff, bytes, e->source->size))
                return err_set(err, -ENOEXEC,
                               "the section table lies outside the object (cut short?)");

        r = range_read(e->source, h->e_shoff, bytes, &table, err);
        if (r < 0)
                return r;
        e->sections = (Elf64_Shdr *) (void *) table;
        return 0;
}

static int names_read(struct elf *e, struct err *err)
{
        const Elf64_Shdr *s;
        int r;

        if (e->header.e_shstrndx == SHN_UNDEF || e->header.e_shstrndx >= e->header.e_shnum)
                return err_set(err, -ENOEXEC, "section names are missing");
        s = &e->sections[e->header.e_shstrndx];
        if (s->sh_type != SHT_STRTAB || s->sh_size == 0 || s->sh_size > ELF_SECTION_SIZE_MAX ||
            !range_is_inside(s->sh_offset, s->sh_size, e->source->size))
                return err_set(err, -ENOEXEC, "the table of section names is broken");

        r = range_read(e->source, s->sh_offset, s->sh_size, &e->names, err);
        if (r < 0)
                return r;
        if (e->names[s->sh_size - 1] != '\0')
                return err_set(err, -ENOEXEC, "the table of section names has no end");
        e->names_size = s->sh_size;
        return 0;
}

static int section_find(const struct elf *e, const char *name, unsigned *ret, struct err *err)
{
        unsigned found = 0;

        for (unsigned i = 1; i < e->header.e_shnum; i++) {
                if (e->sections[i].sh_name >= e->names_size)
                        return err_set(err, -ENOEXEC,
                                       "section %u has its name outside the name table", i);
                if (strcmp(e->names + e->sections[i].sh_name, name) != 0)
                        continue;
                if (found)
                        return err_set(err, -ENOEXEC, "more than one section is called %s", name);
                found = i;
        }
        if (!found)
                return err_set(err, -ENOENT, "has no section %s", name);
        *ret = found;
        return 0;
}

/* A section that shares bytes with a header or another section was made by hand, to deceive. */
static int overlap_check(const struct elf *e, unsigned at, const char *name, struct err *err)
{
        const Elf64_Shdr *s = &e->sections[at];

        if (ranges_meet(s->sh_offset, s->sh_size, 0, sizeof(e->header)) ||
            ranges_meet(s->sh_offset, s->sh_size, e->header.e_shoff,
                        (uint64_t) e->header.e_shnum * sizeof(Elf64_Shdr)))
                return err_set(err, -ENOEXEC, "section %s overlaps the object's headers", name);

        for (unsigned i = 1; i < e->header.e_shnum; i++) {
                const Elf64_Shdr *o = &e->sections[i];

                if (i == at || o->sh_type == SHT_NOBITS || o->sh_type == SHT_NULL)
                        continue;
                if (!range_is_inside(o->sh_offset, o->sh_size, e->source->size))
                        return err_set(err, -ENOEXEC, "section %u lies outside the object", i);
                if (ranges_meet(s->sh_offset, s->sh_size, o->sh_offset, o->sh_size))
                        return err_set(err, -ENOEXEC, "section %s overlaps section %u", name, i);
        }
        return 0;
}

static int section_check(const struct elf *e, unsigned at, const char *name, size_t limit,
                         struct err *err)
{
        const Elf64_Shdr *s = &e->sections[at];

        if (s->sh_type != SHT_PROGBITS || (s->sh_flags & SHF_COMPRESSED))
                return err_set(err, -ENOEXEC, "section %s does not hold plain bytes", name);
        if (s->sh_size > MIN_OF(limit, (size_t) ELF_SECTION_SIZE_MAX))
                return err_set(err, -EFBIG, "section %s has %llu bytes, more than %zu", name,
                               (unsigned long long) s->sh_size,
                               MIN_OF(limit, (size_t) ELF_SECTION_SIZE_MAX));
        if (!range_is_inside(s->sh_offset, s->sh_size, e->source->size))
                return err_set(err, -ENOEXEC, "section %s lies outside the object", name);
        return overlap_check(e, at, name, err);
}

int elf_section_read(const struct elf_source *source, const char *name, size_t limit, char **ret,
                     size_t *ret_length, struct err *err)
{
        _cleanup_(elf_done) struct elf e = { .source = source };
        char *data = NULL;
        unsigned at = 0;
        int r;

        r = header_read(&e, err);
        if (r < 0)
                return r;
        r = sections_read(&e, err);
        if (r < 0)
                return r;
        r = names_read(&e, err);
        if (r < 0)
                return r;
        r = section_find(&e, name, &at, err);
        if (r < 0)
                return r;
        r = section_check(&e, at, name, limit, err);
        if (r < 0)
                return r;
        r = range_read(source, e.sections[at].sh_offset, e.sections[at].sh_size, &data, err);
        if (r < 0)
                return r;

        *ret = data;
        *ret_length = e.sections[at].sh_size;
        return 0;
}
