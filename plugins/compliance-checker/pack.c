/* SPDX-License-Identifier: Apache-2.0 */
#include "pack.h"

/* The assembler finds the files by -Wa,-I, as it does the manifest. */
#define EMBED(name, file)                                                                          \
        __asm__(".pushsection .rodata\n.balign 8\n"                                                \
                ".hidden " #name "_start\n.hidden " #name "_end\n"                                 \
                ".globl " #name "_start\n" #name "_start:\n"                                       \
                ".incbin \"" file "\"\n"                                                           \
                ".globl " #name "_end\n" #name "_end:\n"                                           \
                ".byte 0\n.popsection\n");                                                         \
        extern const char name##_start[] __attribute__((visibility("hidden")));                    \
        extern const char name##_end[] __attribute__((visibility("hidden")))

/* What rules-compile has made of rules/secrets.json and rules/env.json. */
EMBED(secrets_rules, "secrets.pack");
EMBED(env_rules, "env.pack");

struct span pack_secrets(void)
{
        return (struct span){ secrets_rules_start,
                              (size_t) (secrets_rules_end - secrets_rules_start) };
}

struct span pack_env(void)
{
        return (struct span){ env_rules_start, (size_t) (env_rules_end - env_rules_start) };
}
