/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/base64.h"

#include <nettle/base64.h>

char *base64_encode(const void *data, size_t length)
{
        size_t size = BASE64_ENCODE_RAW_LENGTH(length);
        char *text = malloc(size + 1);

        if (!text)
                return NULL;
        base64_encode_raw(text, length, data);
        text[size] = '\0';
        return text;
}
