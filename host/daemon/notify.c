/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/notify.h"

#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* 0 = there is none. */
static socklen_t socket_of(struct sockaddr_un *ret)
{
        const char *name = getenv("NOTIFY_SOCKET");
        size_t length = name ? strlen(name) : 0;

        if (length < 2 || length >= sizeof(ret->sun_path) || (*name != '/' && *name != '@'))
                return 0;
        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        memcpy(ret->sun_path, name, length);
        if (*name == '@')
                ret->sun_path[0] = '\0';
        return (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length + (*name == '/'));
}

void notify_send(const char *format, ...)
{
        struct sockaddr_un address;
        socklen_t size = socket_of(&address);
        _cleanup_(closep) int fd = -1;
        char text[1024];
        va_list args;

        if (size == 0)
                return;
        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd >= 0)
                (void) sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                              (struct sockaddr *) &address, size);
}

static uint64_t number_of(const char *name)
{
        const char *text = getenv(name);

        return text ? strtoull(text, NULL, 10) : 0;
}

uint64_t notify_watchdog_ms(void)
{
        uint64_t us = number_of("WATCHDOG_USEC"), pid = number_of("WATCHDOG_PID");

        if (us == 0 || (pid != 0 && pid != (uint64_t) getpid()))
                return 0;
        return MAX_OF(us / 2000, (uint64_t) 1); /* twice in its time */
}
