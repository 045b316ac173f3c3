/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Assignments
 *
 * Reads NAME and VALUE around a word that was found in a name, in the spellings of most languages
 * and file formats:
 *
 *     name = "value"      "name": "value"     name := `value`      set("name", "value")
 *     name: value         <name>value</name>  --name value         name("value")
 *     NAME=value&...      char name[9] = "v"  name: str = "value"  - name: NAME \n value: v
 *     "value" == name  ENV NAME value
 *
 * No parser of any language: it looks at some hundred bytes behind the name and never allocates.
 */

#include "scan/def.h"

struct assign {
        struct span name;
        struct span value; /* without quotes */
        bool quoted;
        bool call;   /* name("value"): the value of a call, which is often no value of the name */
        bool list;   /* "name", "value": which may as well be two names of a list */
        bool array;  /* both are elements of an array that has more of them: ["a", "name", "value"]
                      */
        bool markup; /* the text of an element: <name>value</name> */
};

/* The name holds data[start..end). True when a value was found that belongs to it. */
bool assign_read(const char *data, size_t length, size_t start, size_t end, struct assign *ret);
