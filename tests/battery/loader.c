/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The object itself as the attack: what a loader or a reader of manifests would trip over
 *
 * The driver takes an honest object and has its bytes changed here. What is to be loaded names
 * "lib.so", which lies in the workspace; in the control the loader really takes it.
 */

#include "probe.h"

#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int nothing(struct linhay_run *r)
{
        (void) r;
        return 0;
}

/* finding one's way in an object that was honest before */

static Elf64_Ehdr *header_of(uint8_t *data)
{
        return (Elf64_Ehdr *) (void *) data;
}

static Elf64_Phdr *segment_of(uint8_t *data, uint32_t type, unsigned nth)
{
        Elf64_Phdr *p = (Elf64_Phdr *) (void *) (data + header_of(data)->e_phoff);

        for (unsigned i = 0; i < header_of(data)->e_phnum; i++)
                if (p[i].p_type == type && nth-- == 0)
                        return &p[i];
        return NULL;
}

static Elf64_Shdr *section_at(uint8_t *data, unsigned i)
{
        return (Elf64_Shdr *) (void *) (data + header_of(data)->e_shoff) + i;
}

static Elf64_Shdr *section_of(uint8_t *data, const char *name)
{
        const Elf64_Shdr *names = section_at(data, header_of(data)->e_shstrndx);

        for (unsigned i = 1; i < header_of(data)->e_shnum; i++) {
                Elf64_Shdr *s = section_at(data, i);

                if (strcmp((const char *) data + names->sh_offset + s->sh_name, name) == 0)
                        return s;
        }
        return NULL;
}

static Elf64_Shdr *manifest_of(uint8_t *data)
{
        return section_of(data, ".linhay.manifest");
}

static Elf64_Dyn *dynamic_of(uint8_t *data, int64_t tag)
{
        const Elf64_Phdr *p = segment_of(data, PT_DYNAMIC, 0);
        Elf64_Dyn *d = p ? (Elf64_Dyn *) (void *) (data + p->p_offset) : NULL;

        for (; d && d->d_tag != DT_NULL; d++)
                if (d->d_tag == tag)
                        return d;
        return d && tag == DT_NULL ? d : NULL;
}

/* Linkers leave room for more entries than there are. */
static bool dynamic_add(uint8_t *data, int64_t tag, uint64_t value)
{
        Elf64_Dyn *end = dynamic_of(data, DT_NULL);

        if (!end || end[1].d_tag != DT_NULL)
                return false;
        end->d_tag = tag;
        end->d_un.d_val = value;
        return true;
}

/* The scene's bytes are the object's data: a place for strings that the linker never saw. */
static bool string_put(uint8_t *data, size_t length, size_t slot, const char *text,
                       uint64_t *ret_offset)
{
        uint8_t *at = memmem(data, length, scene.mark, sizeof(scene.mark));
        const Elf64_Dyn *table = dynamic_of(data, DT_STRTAB);
        uint64_t place;

        if (!at || !table)
                return false;
        at += slot;
        memcpy(at, text, strlen(text) + 1);
        place = (uint64_t) (at - data);
        for (unsigned i = 0;; i++) {
                const Elf64_Phdr *p = segment_of(data, PT_LOAD, i);

                if (!p)
                        return false;
                if (place < p->p_offset || place >= p->p_offset + p->p_filesz)
                        continue;
                *ret_offset = p->p_vaddr + (place - p->p_offset) - table->d_un.d_ptr;
                return true;
        }
}

/* Two members of the scene that no forged object asks for. */
#define SLOT_NEEDED offsetof(struct scene, socket_path)
#define SLOT_PLACE  offsetof(struct scene, file)

static bool needs(uint8_t *data, size_t length, const char *name)
{
        Elf64_Dyn *needed = dynamic_of(data, DT_NEEDED);

        return needed && string_put(data, length, SLOT_NEEDED, name, &needed->d_un.d_val);
}

static bool names(uint8_t *data, size_t length, int64_t tag, const char *text)
{
        uint64_t offset;

        return string_put(data, length, SLOT_PLACE, text, &offset) &&
               dynamic_add(data, tag, offset);
}

#define FORGE(name) static bool name(uint8_t *data, size_t *length, size_t room)

#define UNUSED() ((void) data, (void) length, (void) room)

/* libraries of its own */

FORGE(needed_relative)
{
        UNUSED();
        return needs(data, *length, "./lib.so");
}

FORGE(needed_absolute)
{
        char path[108];

        UNUSED();
        (void) snprintf(path, sizeof(path), "%.80s/tree/lib.so", scene.folder);
        return needs(data, *length, path);
}

FORGE(runpath)
{
        UNUSED();
        return needs(data, *length, "lib.so") && names(data, *length, DT_RUNPATH, ".");
}

FORGE(rpath)
{
        UNUSED();
        return needs(data, *length, "lib.so") && names(data, *length, DT_RPATH, ".");
}

FORGE(runpath_origin)
{
        UNUSED();
        return needs(data, *length, "lib.so") && names(data, *length, DT_RUNPATH, "$ORIGIN/tree");
}

FORGE(filter)
{
        UNUSED();
        return names(data, *length, DT_FILTER, "./lib.so");
}

FORGE(audit)
{
        UNUSED();
        return names(data, *length, DT_AUDIT, "./lib.so");
}

FORGE(interpreter)
{
        Elf64_Phdr *p = segment_of(data, PT_NOTE, 0);

        UNUSED();
        if (!p)
                return false;
        p->p_type = PT_INTERP;
        return true;
}

/* code that can be written */

FORGE(stack_runs)
{
        Elf64_Phdr *p = segment_of(data, PT_GNU_STACK, 0);

        UNUSED();
        if (!p)
                return false;
        p->p_flags |= PF_X;
        return true;
}

FORGE(text_relocations)
{
        Elf64_Dyn *flags = dynamic_of(data, DT_FLAGS);

        UNUSED();
        if (!flags)
                return dynamic_add(data, DT_FLAGS, DF_TEXTREL);
        flags->d_un.d_val |= DF_TEXTREL;
        return true;
}

FORGE(text_writable)
{
        UNUSED();
        for (unsigned i = 0;; i++) {
                Elf64_Phdr *p = segment_of(data, PT_LOAD, i);

                if (!p)
                        return false;
                if (p->p_flags & PF_X) {
                        p->p_flags |= PF_W;
                        return true;
                }
        }
}

/* objects that are none */

FORGE(cut_in_half)
{
        UNUSED();
        *length /= 2;
        return true;
}

FORGE(cut_to_header)
{
        UNUSED();
        *length = sizeof(Elf64_Ehdr);
        return true;
}

FORGE(cut_to_nothing)
{
        UNUSED();
        *length = 0;
        return true;
}

FORGE(script)
{
        UNUSED();
        memcpy(data, "#!/bin/sh\n", 10);
        return true;
}

FORGE(other_machine)
{
        UNUSED();
        header_of(data)->e_machine = EM_S390;
        return true;
}

FORGE(other_class)
{
        UNUSED();
        data[EI_CLASS] = ELFCLASS32;
        return true;
}

FORGE(program)
{
        UNUSED();
        header_of(data)->e_type = ET_EXEC;
        return true;
}

FORGE(segments_many)
{
        UNUSED();
        header_of(data)->e_phnum = 0xffff;
        return true;
}

FORGE(segments_elsewhere)
{
        UNUSED();
        header_of(data)->e_phoff = 1UL << 40;
        return true;
}

FORGE(segment_behind)
{
        Elf64_Phdr *p = segment_of(data, PT_LOAD, 1);

        UNUSED();
        if (!p)
                return false;
        p->p_offset += 1UL << 30;
        return true;
}

FORGE(segment_huge)
{
        Elf64_Phdr *last = NULL, *p;

        UNUSED();
        for (unsigned i = 0; (p = segment_of(data, PT_LOAD, i)); i++)
                last = p;
        if (!last)
                return false;
        last->p_memsz = 1UL << 46;
        return true;
}

FORGE(segments_backwards)
{
        Elf64_Phdr *first = segment_of(data, PT_LOAD, 0), *second = segment_of(data, PT_LOAD, 1);

        UNUSED();
        if (!first || !second)
                return false;
        first->p_vaddr = second->p_vaddr + (64UL << 20);
        return true;
}

FORGE(segment_misaligned)
{
        Elf64_Phdr *p = segment_of(data, PT_LOAD, 0);

        UNUSED();
        if (!p)
                return false;
        p->p_vaddr += 8;
        return true;
}

FORGE(no_dynamic)
{
        Elf64_Phdr *p = segment_of(data, PT_DYNAMIC, 0);

        UNUSED();
        if (!p)
                return false;
        p->p_type = PT_NULL;
        return true;
}

FORGE(strings_wild)
{
        Elf64_Dyn *d = dynamic_of(data, DT_STRTAB);

        UNUSED();
        if (!d)
                return false;
        d->d_un.d_ptr = 1UL << 46;
        return true;
}

FORGE(relocations_wild)
{
        Elf64_Dyn *d = dynamic_of(data, DT_RELASZ);

        UNUSED();
        if (!d)
                return false;
        d->d_un.d_val = 1UL << 40;
        return true;
}

FORGE(init_wild)
{
        Elf64_Dyn *d = dynamic_of(data, DT_INIT);

        UNUSED();
        if (!d)
                return dynamic_add(data, DT_INIT, 1UL << 46);
        d->d_un.d_ptr = 1UL << 46;
        return true;
}

FORGE(no_entry)
{
        static const char name[] = "linhay_agent";
        uint8_t *at = data;
        bool is_there = false;

        UNUSED();
        while ((at = memmem(at, *length - (size_t) (at - data), name, sizeof(name)))) {
                at[0] = 'L';
                is_there = true;
        }
        return is_there;
}

/* Known by its digest, and then another. */
FORGE(swap)
{
        UNUSED();
        data[*length - 1] ^= 1;
        return true;
}

/* what an object does while it is loaded */

static int never_return(struct linhay_run *r)
{
        (void) r;
        while (!scene.honest)
                (void) pause();
        return 0;
}

static int end_early(struct linhay_run *r)
{
        (void) r;
        if (!scene.honest)
                quick_exit(0); /* the sanitizer has no part in it */
        return 0;
}

static int crash(struct linhay_run *r)
{
        (void) r;
        if (!scene.honest)
                __builtin_trap();
        return 0;
}

static int no_run(struct linhay_run *r)
{
        (void) r;
        if (!scene.honest)
                descriptor.run = NULL;
        return 0;
}

static int other_interface(struct linhay_run *r)
{
        (void) r;
        if (!scene.honest)
                descriptor.abi = 77;
        return 0;
}

static int other_magic(struct linhay_run *r)
{
        (void) r;
        if (!scene.honest)
                descriptor.magic = 1;
        return 0;
}

static int small_descriptor(struct linhay_run *r)
{
        (void) r;
        if (!scene.honest)
                descriptor.size = 8;
        return 0;
}

static int answered_early;

static int answer_early(struct linhay_run *r)
{
        answered_early = -linhay_output(r, "1", 1);
        return 0;
}

static int prepare_answers(struct linhay_run *r)
{
        (void) r;
        if (!scene.honest)
                descriptor.prepare = answer_early;
        return 0;
}

static int prepare_answered(struct linhay_run *r)
{
        (void) r;
        return answered_early;
}

/* A thread from before stage 2, to do what stage 2 forbids. */
static pthread_t early;
static atomic_bool is_late;

static int map_code(void)
{
        int fd = open("/usr/bin/true", O_RDONLY);

        return reached(fd >= 0 &&
                       mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED);
}

static void *early_main(void *arg)
{
        (void) arg;
        while (!is_late)
                (void) usleep(1000);
        return (void *) (intptr_t) map_code();
}

static int thread_early(struct linhay_run *r)
{
        (void) r;
        return pthread_create(&early, NULL, early_main, NULL);
}

static int thread_late(struct linhay_run *r)
{
        void *code;

        (void) r;
        is_late = true;
        return pthread_join(early, &code) == 0 ? (int) (intptr_t) code : EIO;
}

/* manifests */

FORGE(manifest_huge_claim)
{
        UNUSED();
        manifest_of(data)->sh_size = 1UL << 30;
        return true;
}

FORGE(manifest_behind)
{
        UNUSED();
        manifest_of(data)->sh_offset = *length - 1;
        return true;
}

FORGE(manifest_wraps)
{
        UNUSED();
        manifest_of(data)->sh_offset = UINT64_MAX - 8;
        return true;
}

FORGE(manifest_twice)
{
        Elf64_Shdr *other = section_of(data, ".comment");

        UNUSED();
        if (!other)
                return false;
        other->sh_name = manifest_of(data)->sh_name;
        return true;
}

FORGE(manifest_over_header)
{
        UNUSED();
        manifest_of(data)->sh_offset = 0;
        return true;
}

FORGE(manifest_over_code)
{
        Elf64_Shdr *code = section_of(data, ".text");

        UNUSED();
        if (!code)
                return false;
        code->sh_offset = manifest_of(data)->sh_offset;
        return true;
}

FORGE(manifest_over_sections)
{
        UNUSED();
        manifest_of(data)->sh_offset = header_of(data)->e_shoff;
        return true;
}

FORGE(manifest_no_bytes)
{
        UNUSED();
        manifest_of(data)->sh_type = SHT_NOBITS;
        return true;
}

FORGE(manifest_compressed)
{
        UNUSED();
        manifest_of(data)->sh_flags |= SHF_COMPRESSED;
        return true;
}

FORGE(manifest_none)
{
        UNUSED();
        manifest_of(data)->sh_name++;
        return true;
}

FORGE(manifest_name_outside)
{
        UNUSED();
        manifest_of(data)->sh_name = UINT32_MAX;
        return true;
}

FORGE(sections_many)
{
        UNUSED();
        header_of(data)->e_shnum = 0xffff;
        return true;
}

/* More sections than the header can say: their number is in the first of them. */
FORGE(sections_extended)
{
        UNUSED();
        header_of(data)->e_shnum = 0;
        section_at(data, 0)->sh_size = 1UL << 60;
        return true;
}

FORGE(sections_elsewhere)
{
        UNUSED();
        header_of(data)->e_shoff = *length - 8;
        return true;
}

FORGE(sections_small)
{
        UNUSED();
        header_of(data)->e_shentsize = 1;
        return true;
}

FORGE(names_elsewhere)
{
        UNUSED();
        header_of(data)->e_shstrndx = 0xfff0;
        return true;
}

FORGE(names_endless)
{
        const Elf64_Shdr *table = section_at(data, header_of(data)->e_shstrndx);

        UNUSED();
        data[table->sh_offset + table->sh_size - 1] = 'x';
        return true;
}

/* Another text, behind everything else; it was room for that in the object's memory. */
static bool manifest_replace(uint8_t *data, size_t *length, size_t room, const char *text,
                             size_t times)
{
        size_t n = strlen(text);

        if (n * times > room)
                return false;
        manifest_of(data)->sh_offset = *length;
        manifest_of(data)->sh_size = n * times;
        for (size_t i = 0; i < times; i++)
                memcpy(data + *length + i * n, text, n);
        *length += n * times;
        return true;
}

FORGE(manifest_empty)
{
        return manifest_replace(data, length, room, "", 0);
}

FORGE(manifest_long)
{
        return manifest_replace(data, length, room, "{\"name\": \"x\"}          ", 100000);
}

FORGE(manifest_deep)
{
        return manifest_replace(data, length, room, "[", 500000);
}

FORGE(manifest_nested)
{
        return manifest_replace(data, length, room, "{\"name\":", 400) &&
               manifest_replace(data, length, room, "}", 400);
}

FORGE(manifest_list)
{
        return manifest_replace(data, length, room, "[]", 1);
}

FORGE(manifest_no_utf8)
{
        return manifest_replace(data, length, room, "{\"name\": \"\xff\"}", 1);
}

/* Changes a value where it stands, by one that is as long. */
static bool manifest_edit(uint8_t *data, const char *from, const char *to)
{
        const Elf64_Shdr *s = manifest_of(data);
        uint8_t *at = memmem(data + s->sh_offset, s->sh_size, from, strlen(from));

        if (!at || strlen(from) != strlen(to))
                return false;
        memcpy(at, to, strlen(to));
        return true;
}

FORGE(manifest_name_path)
{
        UNUSED();
        return manifest_edit(data, "\"hostile\"", "\"../../x\"");
}

FORGE(manifest_name_controls)
{
        UNUSED();
        return manifest_edit(data, "\"hostile\"", "\"a\x1b[31ma\"");
}

#define LOADED(what, technique, by, outcome)                                                       \
        {                                                                                          \
                "loader/" what, technique, nothing, outcome,                                       \
                        .at_load = "-", .forge = (by),                                             \
                        .without_seccomp = "load or reached" /* MDWE, where the kernel has it */   \
        }
#define BROKEN(what, technique, by, outcome)                                                       \
        {                                                                                          \
                "loader/" what, technique, nothing, outcome, .at_load = "-", .forge = (by),        \
                                                             .control = CONTROL_HONEST             \
        }
#define LIBRARY(what, technique, by)                                                               \
        {                                                                                          \
                "loader/" what, technique, nothing, "load", .at_load = "-", .forge = (by),         \
                                                            .workspace = WORKSPACE_RO              \
        }
#define MANIFEST(what, technique, by)                                                              \
        {                                                                                          \
                "loader/" what, technique, nothing, "refused", .at_load = "-", .forge = (by),      \
                                                               .is_inspected = true,               \
                                                               .control = CONTROL_HONEST           \
        }
#define SPOILT(what, technique, attack, outcome)                                                   \
        {                                                                                          \
                "loader/" what, technique, attack, outcome,                                        \
                        .at_load = "-", .entry = ENTRY_CONSTRUCTOR, .control = CONTROL_HONEST      \
        }

const struct probe loader_probes[] = {
        LIBRARY("needed", "need a library of the workspace, by a path from the working folder",
                needed_relative),
        LIBRARY("needed-absolute", "need a library by its path on the host", needed_absolute),
        LIBRARY("runpath", "have libraries looked for in the working folder", runpath),
        LIBRARY("rpath", "the same by the older entry, which others inherit", rpath),
        LIBRARY("runpath-origin", "have them looked for beside the object", runpath_origin),
        LIBRARY("filter", "be a filter for a library of the workspace", filter),
        { "loader/audit", "have a library of the workspace audit the loading", nothing, "reached",
          .at_load = "-", .forge = audit, .workspace = WORKSPACE_RO, .control = CONTROL_NONE,
          .reason =
                  "the loader takes auditors only from the program itself; the entry is ignored" },
        { "loader/interpreter", "name another loader", nothing, "reached", .at_load = "-",
          .forge = interpreter, .control = CONTROL_NONE,
          .reason = "only execve() asks for a loader, and nothing executes an agent" },

        BROKEN("stack-runs", "ask for a stack that is code", stack_runs,
               "syscall mprotect or load"),
        LOADED("text-relocations", "ask for code that can be written while it is relocated",
               text_relocations, "syscall mprotect"),
        LOADED("text-writable", "be code that can be written", text_writable, "syscall mmap"),

        BROKEN("cut-in-half", "be half an object", cut_in_half, "load"),
        BROKEN("cut-to-header", "be a header and nothing else", cut_to_header, "load"),
        BROKEN("cut-to-nothing", "be nothing at all", cut_to_nothing, "load or refused"),
        BROKEN("script", "be a script", script, "load"),
        BROKEN("machine", "be for another machine", other_machine, "load"),
        BROKEN("class", "be of 32 bits", other_class, "load"),
        BROKEN("program", "be a program", program, "load"),
        BROKEN("segments-many", "have 65,535 segments", segments_many, "load"),
        BROKEN("segments-elsewhere", "have them behind the end", segments_elsewhere, "load"),
        BROKEN("segment-behind", "have one that begins behind the end", segment_behind, "load"),
        BROKEN("segment-huge", "have one of 64 TiB", segment_huge, "load"),
        BROKEN("segments-backwards", "have them in descending order", segments_backwards,
               "load or signal"),
        BROKEN("segment-misaligned", "have one that does not begin where its page does",
               segment_misaligned, "load"),
        BROKEN("no-dynamic", "have nothing for the loader to go by", no_dynamic, "load"),
        BROKEN("strings-wild", "have names outside of all memory", strings_wild, "signal"),
        BROKEN("relocations-wild", "have relocations without end", relocations_wild, "signal"),
        BROKEN("init-wild", "begin outside of all memory", init_wild, "signal"),
        BROKEN("no-entry", "have no entry that the runtime could ask", no_entry, "load"),
        { "loader/swap", "be other bytes than those whose digest was taken", nothing, "refused",
          .at_load = "-", .forge = swap, .is_swapped = true, .control = CONTROL_HONEST },

        { "loader/never-returns", "never come back from a constructor", never_return, "timeout",
          .at_load = "-", .entry = ENTRY_CONSTRUCTOR, .is_slow = true, .limit = LIMIT_WALL,
          .value = 200, .control = CONTROL_HONEST },
        SPOILT("exits", "end well in a constructor", end_early, "protocol"),
        { "loader/resolver-crashes", "crash in the resolver of an indirect function", crash,
          "signal", .at_load = "-", .entry = ENTRY_IFUNC, .control = CONTROL_HONEST,
          .is_unsanitized = true },
        SPOILT("no-run", "be an agent that cannot be run", no_run, "load"),
        SPOILT("interface", "be for another version of the interface", other_interface, "load"),
        SPOILT("magic", "answer with what is no agent's descriptor", other_magic, "load"),
        SPOILT("small", "answer with a descriptor that ends before run()", small_descriptor,
               "load"),
        { "loader/prepare", "answer before there was a question", prepare_answers, "EPERM",
          .at_load = "-", .entry = ENTRY_CONSTRUCTOR, .later = prepare_answered,
          .control = CONTROL_HONEST },
        { "loader/early-thread", "have a thread from before stage 2 map code after it",
          thread_early, "syscall mmap", .at_load = "-", .entry = ENTRY_CONSTRUCTOR,
          .later = thread_late, .without_seccomp = "reached", .group = "threads",
          .limit = LIMIT_PROCESSES, .value = 2 },

        MANIFEST("manifest-huge-claim", "claim a manifest of 1 GiB", manifest_huge_claim),
        MANIFEST("manifest-behind", "have it end behind the end", manifest_behind),
        MANIFEST("manifest-wraps", "have it end where addresses begin again", manifest_wraps),
        MANIFEST("manifest-twice", "have two, for two readers", manifest_twice),
        MANIFEST("manifest-over-header", "have it be the header", manifest_over_header),
        MANIFEST("manifest-over-sections", "have it be the list of sections",
                 manifest_over_sections),
        MANIFEST("manifest-over-code", "have it be code as well", manifest_over_code),
        MANIFEST("manifest-no-bytes", "have it take no room in the file", manifest_no_bytes),
        MANIFEST("manifest-compressed", "have it unpacked by whoever reads it",
                 manifest_compressed),
        MANIFEST("manifest-none", "have none", manifest_none),
        MANIFEST("manifest-name-outside", "have its name outside of the names",
                 manifest_name_outside),
        MANIFEST("sections-many", "have 65,535 sections", sections_many),
        MANIFEST("sections-extended", "have 2^60, said in the place for so many",
                 sections_extended),
        MANIFEST("sections-elsewhere", "have them behind the end", sections_elsewhere),
        MANIFEST("sections-small", "have sections of a byte", sections_small),
        MANIFEST("names-elsewhere", "have their names in none of them", names_elsewhere),
        MANIFEST("names-endless", "have names that do not end", names_endless),
        MANIFEST("manifest-empty", "have a manifest of no bytes", manifest_empty),
        MANIFEST("manifest-long", "have one of 2 MiB", manifest_long),
        MANIFEST("manifest-deep", "have one of 500,000 arrays, one in the other", manifest_deep),
        MANIFEST("manifest-nested", "have one that ends before it is whole", manifest_nested),
        MANIFEST("manifest-list", "have one that is a list", manifest_list),
        MANIFEST("manifest-no-utf8", "have one that is no UTF-8", manifest_no_utf8),
        MANIFEST("manifest-name-path", "have a path for a name", manifest_name_path),
        MANIFEST("manifest-name-controls", "have a name that colours a terminal",
                 manifest_name_controls),
};
PROBES_END(loader)
