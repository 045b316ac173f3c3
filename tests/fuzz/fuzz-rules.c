/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a pack of rules
 *
 * `{…` is a pack as JSON, `#…` is a list of changes to a compiled pack (two bytes of place, one
 * that is put there), anything else a configuration of gitleaks.
 *
 * Promises: what is taken can be compiled and says the same then; a compiled pack with any bytes
 * changed is refused or can be used; what is imported can be loaded; an error has words.
 */
#include "fuzz.h"

#include "../../plugins/compliance-checker/gitleaks.h"
#include "scan/match.h"
#include "scan/packfile.h"

#include <stdlib.h>

static const char small[] =
        "{\"allow\":[{\"paths\":[\"^v/"
        "\"],\"words\":[\"x\"]}],\"disable\":[\"y\"],\"rules\":[{\"id\":"
        "\"a\",\"name\":\"A\",\"keywords\":[\"zq_\"],\"regex\":\"zq_([0-9a-f]{16})\",\"group\":1,"
        "\"entropy\":2.1,\"allow\":[{\"regexes\":[\"^0\"],\"all\":true}],\"examples\":[\"zq_1\"]}]"
        "}";

/* Looks through a text with the rules; none of the library's own saved bytes are touched. */
static void use(struct rule_pack *pack)
{
        static const char text[] = "a zq_93f2c1a4b5d6e708 password = \"k9x8f7d6s5\"\nzq_0";
        struct matcher m;

        pack->gates[0].data.length = 0;
        if (matcher_init(&m, pack, &gate_ac) < 0)
                return;
        if (matcher_scan(&m, "v/a", text, sizeof(text) - 1) >= 0)
                for (size_t i = 0; i < m.n_found; i++)
                        promise(m.found[i].start < m.found[i].end &&
                                        m.found[i].end <= sizeof(text) - 1,
                                "a match lies in the text");
        else
                promise(*m.error, "an expression that is none has words");
        matcher_done(&m);
}

/* The bytes of a pack, compiled without a gate. */
static char *compile(const char *text, size_t size, size_t *ret_length)
{
        const struct packfile_gate none = { 0 };
        struct rule_pack pack;
        char error[512] = "", *data = NULL;
        int r = rule_pack_load(&pack, text, size, error, sizeof(error));

        promise(r >= 0 || r == -ENOMEM || *error, "a fault has words");
        if (r < 0)
                return NULL;
        promise(packfile_write(&data, ret_length, &pack, &none) == 0, "what is taken is compiled");
        use(&pack);
        rule_pack_done(&pack);
        return data;
}

static void json_try(const char *text, size_t size)
{
        struct rule_pack pack;
        size_t length = 0;
        char error[512] = "", *data = compile(text, size, &length);

        if (!data)
                return;
        promise(packfile_read(&pack, data, length, true, error, sizeof(error)) == 0,
                "what was compiled can be read");
        use(&pack);
        rule_pack_done(&pack);
        free(data);
}

static void change_try(const uint8_t *data, size_t size)
{
        struct rule_pack pack;
        size_t length = 0;
        char error[512] = "", *bytes = compile(small, sizeof(small) - 1, &length);

        for (size_t i = 0; i + 2 < size; i += 3) {
                size_t at = ((size_t) data[i] << 8 | data[i + 1]) % length;

                bytes[at] = (char) data[i + 2];
        }
        if (packfile_read(&pack, bytes, length, false, error, sizeof(error)) >= 0) {
                use(&pack);
                rule_pack_done(&pack);
        } else
                promise(*error, "a fault has words");
        free(bytes);
}

static void note(void *owner, unsigned line, const char *rule, const char *text)
{
        (void) line;
        (void) rule;
        promise(*text, "a note has words");
        *(size_t *) owner += 1;
}

static void toml_try(const char *text, size_t size)
{
        size_t notes = 0;
        struct gitleaks g = { .tell = note, .owner = &notes };
        const char *second = memchr(text, '\f', size); /* behind it, the file that is extended */
        struct span base = { NULL, 0 };
        char error[512] = "", *json;
        json_t *pack = NULL;
        struct rule_pack loaded;

        if (second) {
                base = (struct span){ second + 1, size - (size_t) (second + 1 - text) };
                size = (size_t) (second - text);
        }
        if (gitleaks_import(&g, (struct span){ text, size }, base, &pack, error, sizeof(error)) <
            0) {
                promise(!pack && *error, "a fault has words");
                return;
        }
        json = json_dumps(pack, JSON_COMPACT);
        promise(json, "what is imported is JSON");
        if (rule_pack_load(&loaded, json, strlen(json), error, sizeof(error)) < 0)
                promise(false, "what is imported can be loaded");
        rule_pack_done(&loaded);
        free(json);
        json_decref(pack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (size > 0 && data[0] == '{')
                json_try((const char *) data, size);
        else if (size > 0 && data[0] == '#')
                change_try(data + 1, size - 1);
        else
                toml_try((const char *) data, size);
        return 0;
}
