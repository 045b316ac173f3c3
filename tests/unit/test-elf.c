/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/io.h"
#include "plug/elf.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>

#define SECTION ".linhay.manifest"

/*
 * An object of the smallest shape: header, three bytes of manifest, name table, section table. The
 * rows below each tell one lie in it.
 */
struct object {
        Elf64_Ehdr header;
        char manifest[8]; /* "{}\n" and padding */
        char names[64];
        Elf64_Shdr sections[4]; /* null, manifest, names, another */
        char other[8];
};

#define AT(member) offsetof(struct object, member)

static const char names[] = "\0" SECTION "\0.shstrtab\0.other";

static void object_make(struct object *o)
{
        memset(o, 0, sizeof(*o));
        memcpy(o->header.e_ident, ELFMAG, SELFMAG);
        o->header.e_ident[EI_CLASS] = ELFCLASS64;
        o->header.e_ident[EI_DATA] = ELFDATA2LSB;
        o->header.e_ident[EI_VERSION] = EV_CURRENT;
        o->header.e_type = ET_DYN;
#if defined(__aarch64__)
        o->header.e_machine = EM_AARCH64;
#elif defined(__riscv)
        o->header.e_machine = EM_RISCV;
#else
        o->header.e_machine = EM_X86_64;
#endif
        o->header.e_version = EV_CURRENT;
        o->header.e_shoff = AT(sections);
        o->header.e_shentsize = sizeof(Elf64_Shdr);
        o->header.e_shnum = 4;
        o->header.e_shstrndx = 2;
        memcpy(o->manifest, "{}\n", 3);
        memcpy(o->names, names, sizeof(names));
        o->sections[1] = (Elf64_Shdr){
                .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = AT(manifest), .sh_size = 3
        };
        o->sections[2] = (Elf64_Shdr){ .sh_name = 18,
                                       .sh_type = SHT_STRTAB,
                                       .sh_offset = AT(names),
                                       .sh_size = sizeof(names) };
        o->sections[3] = (Elf64_Shdr){
                .sh_name = 28, .sh_type = SHT_PROGBITS, .sh_offset = AT(other), .sh_size = 8
        };
}

/* One lie: `width` bytes at `at` become `value`. */
static const struct lie {
        const char *why;
        size_t at, width;
        uint64_t value;
        int want;
        const char *says; /* part of the message */
} lies[] = {
        { "an honest object is read", 0, 0, 0, 0, NULL },
        { "no magic", AT(header.e_ident[0]), 1, 0x7e, -ENOEXEC, "not an ELF object" },
        { "32-bit", AT(header.e_ident[EI_CLASS]), 1, ELFCLASS32, -ENOEXEC, "64-bit" },
        { "big-endian", AT(header.e_ident[EI_DATA]), 1, ELFDATA2MSB, -ENOEXEC, "little-endian" },
        { "unknown version", AT(header.e_version), 4, 9, -ENOEXEC, "version" },
        { "another machine", AT(header.e_machine), 2, EM_S390, -ENOEXEC, "another machine" },
        { "a relocatable file", AT(header.e_type), 2, ET_REL, -ENOEXEC, "-shared" },
        { "a fixed executable", AT(header.e_type), 2, ET_EXEC, -ENOEXEC, "-shared" },
        { "no section table", AT(header.e_shoff), 8, 0, -ENOEXEC, "no section table" },
        { "table over the header", AT(header.e_shoff), 8, 8, -ENOEXEC, "outside" },
        { "table behind the end", AT(header.e_shoff), 8, 1ULL << 40, -ENOEXEC, "outside" },
        { "table that wraps around", AT(header.e_shoff), 8, UINT64_MAX - 63, -ENOEXEC, "outside" },
        { "odd entry size", AT(header.e_shentsize), 2, 63, -ENOEXEC, "section headers of 63" },
        { "no sections", AT(header.e_shnum), 2, 0, -ENOEXEC, "0 sections" },
        { "more sections than fit", AT(header.e_shnum), 2, 4000, -ENOEXEC, "outside" },
        { "more sections than are read", AT(header.e_shnum), 2, 65000, -ENOEXEC, "65000 sections" },
        { "names nowhere", AT(header.e_shstrndx), 2, 0, -ENOEXEC, "names are missing" },
        { "names behind the table", AT(header.e_shstrndx), 2, 4, -ENOEXEC, "names are missing" },
        { "names in an extended index", AT(header.e_shstrndx), 2, SHN_XINDEX, -ENOEXEC,
          "names are missing" },
        { "names that are no string table", AT(sections[2].sh_type), 4, SHT_PROGBITS, -ENOEXEC,
          "table of section names" },
        { "empty names", AT(sections[2].sh_size), 8, 0, -ENOEXEC, "table of section names" },
        { "huge names", AT(sections[2].sh_size), 8, UINT64_MAX, -ENOEXEC,
          "table of section names" },
        { "names without end", AT(sections[2].sh_size), 8, 20, -ENOEXEC, "no end" },
        { "names outside", AT(sections[2].sh_offset), 8, UINT64_MAX - 1, -ENOEXEC,
          "table of section names" },
        { "a name outside the names", AT(sections[3].sh_name), 4, UINT32_MAX, -ENOEXEC,
          "name outside" },
        { "two manifests", AT(sections[3].sh_name), 4, 1, -ENOEXEC, "more than one" },
        { "no manifest", AT(sections[1].sh_name), 4, 18, -ENOENT, "has no section" },
        { "the tail of the name is another name", AT(sections[1].sh_name), 4, 8, -ENOENT,
          "has no section" },
        { "a manifest without bytes in the file", AT(sections[1].sh_type), 4, SHT_NOBITS, -ENOEXEC,
          "plain bytes" },
        { "a compressed manifest", AT(sections[1].sh_flags), 8, SHF_COMPRESSED, -ENOEXEC,
          "plain bytes" },
        { "a manifest over the limit", AT(sections[1].sh_size), 8, 1025, -EFBIG, "more than 1024" },
        { "a manifest of all bytes there are", AT(sections[1].sh_size), 8, UINT64_MAX, -EFBIG,
          "more than 1024" },
        { "a manifest behind the end", AT(sections[1].sh_offset), 8, sizeof(struct object) - 2,
          -ENOEXEC, "outside" },
        { "a manifest that wraps around", AT(sections[1].sh_offset), 8, UINT64_MAX, -ENOEXEC,
          "outside" },
        { "a manifest in the header", AT(sections[1].sh_offset), 8, 0, -ENOEXEC, "headers" },
        { "a manifest in the section table", AT(sections[1].sh_offset), 8, AT(sections) + 70,
          -ENOEXEC, "headers" },
        { "a manifest in another section", AT(sections[1].sh_offset), 8, AT(other), -ENOEXEC,
          "overlaps section 3" },
        { "a manifest in the names", AT(sections[1].sh_offset), 8, AT(names) + 4, -ENOEXEC,
          "overlaps section 2" },
        { "another section behind the end", AT(sections[3].sh_offset), 8, UINT64_MAX, -ENOEXEC,
          "section 3 lies outside" },
        { "an empty manifest is for the JSON reader to refuse", AT(sections[1].sh_size), 8, 0, 0,
          NULL },
};

static void test_lies(void **state)
{
        (void) state;

        for (size_t i = 0; i < TEST_ROWS(lies); i++) {
                const struct lie *lie = &lies[i];
                struct object o;
                struct elf_source source = elf_source_memory(&o, sizeof(o));
                _cleanup_(freep) char *text = NULL;
                struct err err = { 0 };
                size_t length = 0;
                int r;

                object_make(&o);
                memcpy((char *) &o + lie->at, &lie->value, lie->width); /* little-endian */
                r = elf_section_read(&source, SECTION, 1024, &text, &length, &err);
                if (r != lie->want)
                        fail_msg("%s: got %d (%s), not %d", lie->why, r, err.text, lie->want);
                if (lie->says && !strstr(err.text, lie->says))
                        fail_msg("%s: the message is \"%s\"", lie->why, err.text);
                if (r == 0 && lie->width == 0)
                        assert_string_equal(text, "{}\n");
        }
}

/* Bytes that end where a page without any rights begins: one read too far is a SIGSEGV. */
struct guarded {
        char *pages, *data;
        size_t size, length;
};

static void guarded_make(struct guarded *g, const void *data, size_t length)
{
        g->size = (length / 4096 + 2) * 4096;
        g->length = length;
        g->pages = mmap(NULL, g->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_ptr_not_equal(g->pages, MAP_FAILED);
        assert_int_equal(mprotect(g->pages + g->size - 4096, 4096, PROT_NONE), 0);
        g->data = g->pages + g->size - 4096 - length;
        memcpy(g->data, data, length);
}

static void guarded_done(struct guarded *g)
{
        (void) munmap(g->pages, g->size);
}

static void real_object(struct buf *b)
{
        char path[4096];
        struct err err = { 0 };

        (void) snprintf(path, sizeof(path), "%s/tests/unit/tiny/tiny.so", test_builddir());
        if (file_read(path, b, &err) < 0)
                fail_msg("%s", err.text);
}

static int read_bytes(const void *data, size_t length)
{
        struct elf_source source = elf_source_memory(data, length);
        _cleanup_(freep) char *text = NULL;
        size_t n = 0;

        return elf_section_read(&source, SECTION, ELF_SECTION_SIZE_MAX, &text, &n, NULL);
}

static void test_truncated(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf b = { 0 };

        real_object(&b);
        assert_int_equal(read_bytes(b.data, b.length), 0);
        for (size_t length = 0; length < b.length; length++) {
                struct guarded g;
                int r;

                guarded_make(&g, b.data, length);
                r = read_bytes(g.data, length);
                guarded_done(&g);
                if (r != -ENOEXEC)
                        fail_msg("cut to %zu of %zu bytes: got %d", length, b.length, r);
        }
}

static void flip_and_read(struct guarded *g, size_t at)
{
        static const unsigned char masks[] = { 0x01, 0x80, 0xff };

        for (size_t m = 0; m < sizeof(masks); m++) {
                g->data[at] ^= (char) masks[m];
                (void) read_bytes(g->data, g->length);
                g->data[at] ^= (char) masks[m];
        }
}

static void test_flipped(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf b = { 0 };
        Elf64_Ehdr header;
        struct guarded g;

        real_object(&b);
        memcpy(&header, b.data, sizeof(header));
        guarded_make(&g, b.data, b.length);
        for (size_t at = 0; at < sizeof(header); at++)
                flip_and_read(&g, at);
        for (size_t at = header.e_shoff; at < b.length; at++)
                flip_and_read(&g, at);
        assert_int_equal(read_bytes(g.data, g.length), 0);
        guarded_done(&g);
}

static void test_descriptor(void **state)
{
        (void) state;
        char path[4096];
        _cleanup_(closep) int fd = -1, dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(freep) char *text = NULL;
        struct elf_source source;
        size_t length;

        (void) snprintf(path, sizeof(path), "%s/tests/unit/tiny/tiny.so", test_builddir());
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(elf_source_fd(&source, fd, NULL), 0);
        assert_int_equal(elf_section_read(&source, SECTION, 65536, &text, &length, NULL), 0);
        assert_int_equal(text[0], '{');
        assert_int_equal(strlen(text), length);
        assert_int_equal(elf_source_fd(&source, dir, NULL), -EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lies),
                cmocka_unit_test(test_truncated),
                cmocka_unit_test(test_flipped),
                cmocka_unit_test(test_descriptor),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
