/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/inspect.h"

#include <string.h>

void inspect_main(int socket, int object_fd, child_inspect inspect)
{
        struct err err = { 0 };
        char *text = NULL;
        size_t length = 0;
        int r;

        r = inspect(object_fd, &text, &length, &err);
        if (r < 0) {
                (void) frame_send(socket, INSPECT_ERROR, 0, err_text(&err), strlen(err_text(&err)),
                                  0);
                _exit(1);
        }
        for (size_t at = 0; at < length; at += FRAME_BODY)
                if (frame_send(socket, INSPECT_TEXT, 0, text + at,
                               MIN_OF(length - at, (size_t) FRAME_BODY), 0) < 0)
                        _exit(1);
        (void) frame_send(socket, INSPECT_END, 0, NULL, 0, 0);
        _exit(0);
}
