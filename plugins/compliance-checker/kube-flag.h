/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the CIS benchmark wants of the arguments of Kubernetes' own parts: one row for each.
 */

#include "check.h"

enum kube_component { API, MANAGER, SCHEDULER, ETCD, KUBELET, COMPONENTS_ };

enum kube_flag_test {
        MUST_BE,      /* bad unless it has this value */
        MUST_NOT_BE,  /* bad if it has this value */
        MUST_SET,     /* bad unless both flags are there */
        EITHER,       /* bad unless one of both is there */
        UNWANTED,     /* bad if it is there */
        LIST_WITH,    /* bad unless this is among its values */
        LIST_WITHOUT, /* bad if this is among its values */
        PLUGIN,       /* bad if it is there without this (one of these), or the second has it */
        AT_LEAST,     /* bad unless it is a number not below this */
        AT_MOST,      /* bad if it is a number above this */
        DURATION,     /* bad if it is there and no duration */
        KEY_FILE,     /* bad if one of both is there and names no file of a key or certificate */
        GATE_OFF,     /* bad if it switches this off */
        CIPHERS,      /* bad if one of its values is a weak cipher */
};

struct kube_flag_rule {
        enum kube_component component;
        enum kube_flag_test test;
        const char *flag, *second;
        const char *value;
        struct notice notice;
};

extern const struct kube_flag_rule kube_flag_rules[];
extern const size_t kube_flag_rules_n;
