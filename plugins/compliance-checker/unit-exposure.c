/* SPDX-License-Identifier: Apache-2.0 */
#include "unit-exposure.h"

#include <stdio.h>
#include <strings.h>

static bool value_is(const struct unit_file *u, const char *key, const char *value)
{
        const struct unit_assignment *a = unit_last(u, key);

        return a && a->value.length == strlen(value) &&
               !strncasecmp(a->value.text, value, a->value.length);
}

static bool has_value(const struct unit_file *u, const char *key)
{
        const struct unit_assignment *a = unit_last(u, key);

        return a && a->value.length && !value_is(u, key, "no") && !value_is(u, key, "false");
}

bool unit_is_root(const struct unit_file *u)
{
        return !unit_is_true(u, "DynamicUser") &&
               (!has_value(u, "User") || value_is(u, "User", "root") || value_is(u, "User", "0"));
}

/* ---- Questions: is it taken away? ---- */

static bool set_true(const struct unit_file *u, const char *key)
{
        return unit_is_true(u, key);
}

static bool set_any(const struct unit_file *u, const char *key)
{
        return has_value(u, key);
}

static bool has_user(const struct unit_file *u, const char *key)
{
        (void) key;
        return !unit_is_root(u);
}

/* Implied by DynamicUser=, as systemd.exec(5) says. */
static bool set_or_dynamic(const struct unit_file *u, const char *key)
{
        return has_value(u, key) || unit_is_true(u, "DynamicUser");
}

static bool is_strict(const struct unit_file *u, const char *key)
{
        return value_is(u, key, "strict") || value_is(u, key, "full") ||
               unit_is_true(u, "DynamicUser");
}

static bool is_bounded(const struct unit_file *u, const char *key)
{
        const struct unit_assignment *a = unit_last(u, key);

        return a && !unit_list_has(u, key, "CAP_SYS_ADMIN");
}

/* Nothing but numbers and names that are hard to guess can be told of a list that denies. */
static bool is_filtered(const struct unit_file *u, const char *key)
{
        return has_value(u, key);
}

static bool is_umask(const struct unit_file *u, const char *key)
{
        const struct unit_assignment *a = unit_last(u, key);

        return a && a->value.length >= 2 && a->value.text[a->value.length - 1] == '7';
}

static const struct {
        const char *key;
        unsigned weight;
        bool (*is_taken)(const struct unit_file *u, const char *key);
} settings[] = {
        { "CapabilityBoundingSet", 30, is_bounded },
        { "PrivateNetwork", 10, set_true },
        { "User", 20, has_user },
        { "SystemCallFilter", 25, is_filtered },
        { "RestrictNamespaces", 15, set_any },
        { "RestrictAddressFamilies", 15, set_any },
        { "NoNewPrivileges", 12, set_or_dynamic },
        { "ProtectSystem", 10, is_strict },
        { "ProtectHome", 10, set_or_dynamic },
        { "PrivateTmp", 10, set_or_dynamic },
        { "PrivateDevices", 10, set_any },
        { "PrivateUsers", 6, set_any },
        { "ProtectKernelModules", 10, set_true },
        { "ProtectKernelTunables", 10, set_true },
        { "ProtectKernelLogs", 8, set_true },
        { "ProtectControlGroups", 8, set_any },
        { "ProtectClock", 8, set_true },
        { "ProtectHostname", 2, set_any },
        { "ProtectProc", 6, set_any },
        { "RestrictSUIDSGID", 8, set_or_dynamic },
        { "RestrictRealtime", 4, set_true },
        { "LockPersonality", 2, set_true },
        { "MemoryDenyWriteExecute", 4, set_true },
        { "SystemCallArchitectures", 8, set_any },
        { "IPAddressDeny", 6, set_any },
        { "DeviceAllow", 4, set_any },
        { "RemoveIPC", 1, set_or_dynamic },
        { "UMask", 1, is_umask },
};

unsigned unit_exposure(const struct unit_file *u, char missing[UNIT_MISSING_MAX])
{
        unsigned all = 0, left = 0, names = 0;
        size_t have = 0;

        missing[0] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
                all += settings[i].weight;
                if (settings[i].is_taken(u, settings[i].key))
                        continue;
                left += settings[i].weight;
                if (settings[i].weight < 8 || names == 8)
                        continue;
                have += (size_t) snprintf(missing + have, UNIT_MISSING_MAX - have,
                                          "%s%s=", names++ ? ", " : "", settings[i].key);
        }
        return (left * 96 + all / 2) / all; /* what every service can do is not to be taken away */
}
