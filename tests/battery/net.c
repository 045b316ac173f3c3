/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The network, and sockets of any kind
 *
 * Without seccomp a cell is alone in an empty network namespace: "reached" there means a socket
 * that leads nowhere, unless its family knows no namespaces.
 */

#include "probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct sockaddr_in loopback(uint16_t port)
{
        return (struct sockaddr_in){ .sin_family = AF_INET,
                                     .sin_port = htons(port),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static struct sockaddr_un local(const char *path)
{
        struct sockaddr_un un = { .sun_family = AF_UNIX };

        (void) snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
        return un;
}

static int connect_loopback(int type, int protocol)
{
        struct sockaddr_in to = loopback(scene.tcp_port);
        int fd = socket(AF_INET, type, protocol);

        return reached(fd >= 0 && connect(fd, (struct sockaddr *) &to, sizeof(to)) == 0);
}

/* The cell's own socket; a control makes one of the same kind. */
static int own_socket(void)
{
        int ends[2];

        if (in_cell())
                return CELL_SOCKET;
        return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0 ? -1 : ends[0];
}

ATTACK(tcp_connect)
{
        return connect_loopback(SOCK_STREAM, 0);
}

/* To who the host is on its own network: a path that Landlock's rule on TCP does not see. */
ATTACK(mptcp_connect)
{
        return connect_loopback(SOCK_STREAM, IPPROTO_MPTCP);
}

ATTACK(sctp)
{
        return reached(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP) >= 0);
}

ATTACK(tcp_fast_open)
{
        struct sockaddr_in to = loopback(scene.tcp_port);
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        return reached(fd >= 0 &&
                       sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *) &to, sizeof(to)) == 1);
}

ATTACK(tcp_bind)
{
        struct sockaddr_in at = { .sin_family = AF_INET };
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        return reached(fd >= 0 && bind(fd, (struct sockaddr *) &at, sizeof(at)) == 0);
}

ATTACK(tcp_listen)
{
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        return reached(fd >= 0 && listen(fd, 1) == 0);
}

/* The target is the same, the family is not. */
ATTACK(ipv6_connect)
{
        struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(scene.tcp_port) };
        int fd = socket(AF_INET6, SOCK_STREAM, 0);

        (void) inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr);
        return reached(fd >= 0 && connect(fd, (struct sockaddr *) &to, sizeof(to)) == 0);
}

ATTACK(udp_send)
{
        struct sockaddr_in to = loopback(scene.udp_port);
        int fd = socket(AF_INET, SOCK_DGRAM, 0);

        return reached(fd >= 0 && sendto(fd, "x", 1, 0, (struct sockaddr *) &to, sizeof(to)) == 1);
}

ATTACK(raw)
{
        return reached(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0);
}

ATTACK(packet)
{
        return reached(socket(AF_PACKET, SOCK_RAW, 0) >= 0);
}

/* Who made it, and on which machine, is no matter of network namespaces. */
ATTACK(vsock)
{
        return reached(socket(AF_VSOCK, SOCK_STREAM, 0) >= 0);
}

ATTACK(algorithm)
{
        return reached(socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0);
}

ATTACK(express_data_path)
{
        return reached(socket(AF_XDP, SOCK_RAW, 0) >= 0);
}

/* Asks for a dump of what the family knows, so that the kernel's code behind it has run. */
static int netlink_dump(int protocol, uint16_t type)
{
        struct {
                struct nlmsghdr head;
                char body[128];
        } request = { { sizeof(request), type, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 }, { AF_INET } };
        int fd = socket(AF_NETLINK, SOCK_RAW, protocol);

        return reached(fd >= 0 && send(fd, &request, sizeof(request), 0) == sizeof(request));
}

ATTACK(netlink_route)
{
        return netlink_dump(NETLINK_ROUTE, 18 /* RTM_GETLINK */);
}

ATTACK(netlink_sockets)
{
        return netlink_dump(NETLINK_SOCK_DIAG, 20 /* SOCK_DIAG_BY_FAMILY */);
}

ATTACK(netlink_generic)
{
        return netlink_dump(NETLINK_GENERIC, 16 /* GENL_ID_CTRL */);
}

ATTACK(netlink_events)
{
        struct sockaddr_nl at = { .nl_family = AF_NETLINK, .nl_groups = 1 };
        int fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);

        return reached(fd >= 0 && bind(fd, (struct sockaddr *) &at, sizeof(at)) == 0);
}

ATTACK(netlink_audit)
{
        return reached(socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT) >= 0);
}

ATTACK(unix_path)
{
        struct sockaddr_un to = local(scene.socket_path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        return reached(fd >= 0 && connect(fd, (struct sockaddr *) &to, sizeof(to)) == 0);
}

ATTACK(unix_abstract)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        size_t length = strlen(scene.abstract);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        memcpy(to.sun_path + 1, scene.abstract, length);
        return reached(fd >= 0 && connect(fd, (struct sockaddr *) &to,
                                          (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 +
                                                       length)) == 0);
}

ATTACK(unix_pair)
{
        int ends[2];

        return reached(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}

/* No new socket is needed where the one that is there can be led elsewhere. */
ATTACK(own_connect)
{
        struct sockaddr_un to = local(scene.socket_path);
        int fd = in_cell() ? CELL_SOCKET : socket(AF_UNIX, SOCK_STREAM, 0);

        return reached(connect(fd, (struct sockaddr *) &to, sizeof(to)) == 0);
}

ATTACK(own_send_many)
{
        struct iovec part = { (void *) (uintptr_t) "x", 1 };
        struct mmsghdr messages[1] = { { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 0 } } };

        return reached(sendmmsg(own_socket(), messages, 0, 0) >= 0);
}

ATTACK(own_receive_many)
{
        struct mmsghdr messages[1] = { 0 };

        return passed(recvmmsg(own_socket(), messages, 1, MSG_DONTWAIT, NULL), EAGAIN);
}

ATTACK(own_filter)
{
        struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, ~0U) };
        struct sock_fprog program = { 1, all };

        return reached(setsockopt(own_socket(), SOL_SOCKET, SO_ATTACH_FILTER, &program,
                                  sizeof(program)) == 0);
}

ATTACK(own_peer)
{
        struct ucred peer = { 0 };
        socklen_t length = sizeof(peer);

        if (getsockopt(own_socket(), SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
                return errno;
        return peer.pid > 0 ? 0 : ENODATA;
}

ATTACK(own_name)
{
        struct sockaddr_un un = { 0 };
        socklen_t length = sizeof(un);

        return reached(getsockname(own_socket(), (struct sockaddr *) &un, &length) == 0);
}

ATTACK(own_shutdown)
{
        return reached(shutdown(own_socket(), SHUT_RDWR) == 0);
}

/* Any socket answers for the interfaces of its namespace. */
ATTACK(own_interfaces)
{
        struct ifreq all[8] = { 0 };
        struct ifconf request = { .ifc_len = sizeof(all), .ifc_req = all };

        return reached(ioctl(own_socket(), SIOCGIFCONF, &request) == 0);
}

ATTACK(tunnel)
{
        return reached(open("/dev/net/tun", O_RDWR | O_CLOEXEC) >= 0);
}

ATTACK(resolve)
{
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;

        return getaddrinfo("localhost", NULL, &hints, &found) == 0 ? 0 : EHOSTUNREACH;
}

#define LEADS_NOWHERE "ENETUNREACH"
/* Landlock's rules on TCP came with ABI 4. */
#define NO_TCP "EACCES or ENETUNREACH"

const struct probe net_probes[] = {
        { "net/tcp-connect", "connect by TCP to a port of the host's", tcp_connect,
          "syscall socket", .without_seccomp = NO_TCP },
        { "net/mptcp-connect", "the same by multipath TCP, which Landlock did not see at first",
          mptcp_connect, "syscall socket", .without_seccomp = NO_TCP },
        { "net/sctp", "a socket of SCTP", sctp, "syscall socket", .without_seccomp = "reached" },
        { "net/tcp-fast-open", "send to a port of the host's without connect()", tcp_fast_open,
          "syscall socket", .without_seccomp = NO_TCP },
        { "net/tcp-bind", "take a TCP port on all addresses", tcp_bind, "syscall socket",
          .without_seccomp = "EACCES or reached", .without_landlock = "syscall socket" },
        { "net/tcp-listen", "wait for connections on a port that the kernel chooses", tcp_listen,
          "syscall socket", .without_seccomp = "reached" },
        { "net/ipv6-connect", "connect by IPv6 to a port of the host's", ipv6_connect,
          "syscall socket", .without_seccomp = NO_TCP },
        { "net/udp", "send a datagram to a port of the host's", udp_send, "syscall socket",
          .without_seccomp = LEADS_NOWHERE },
        { "net/raw", "send and receive ICMP", raw, "syscall socket", .without_seccomp = "EPERM",
          .control = CONTROL_ROOT },
        { "net/packet", "see all packets of an interface", packet, "syscall socket",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "net/vsock", "a socket to the machine below this one", vsock, "syscall socket",
          .without_seccomp = "reached" },
        { "net/alg", "the kernel's ciphers, by a socket", algorithm, "syscall socket",
          .without_seccomp = "reached" },
        { "net/xdp", "rings that an interface writes its packets to", express_data_path,
          "syscall socket", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "net/netlink-route", "ask the kernel for its interfaces", netlink_route, "syscall socket",
          .without_seccomp = "reached" },
        { "net/netlink-sockets", "ask the kernel for the sockets of all processes", netlink_sockets,
          "syscall socket", .without_seccomp = "reached" },
        { "net/netlink-generic", "ask the kernel for its other families", netlink_generic,
          "syscall socket", .without_seccomp = "reached" },
        { "net/netlink-events", "be told which devices come and go", netlink_events,
          "syscall socket", .without_seccomp = "reached" },
        { "net/netlink-audit", "a socket to the audit system", netlink_audit, "syscall socket",
          .without_seccomp = "reached" },
        { "net/unix-path", "connect to a Unix socket that the host has as a file", unix_path,
          "EACCES", .without_seccomp = "ENOENT" },
        { "net/unix-abstract", "connect to a Unix socket of the abstract name space", unix_abstract,
          "EACCES", .without_seccomp = "ECONNREFUSED" },
        { "net/socketpair", "make sockets to carry descriptors with", unix_pair,
          "syscall socketpair", .without_seccomp = "reached" },
        { "net/own-connect", "lead the cell's own socket to another of the host's", own_connect,
          "syscall connect", .without_seccomp = "ENOENT" },
        { "net/own-sendmmsg", "send by the call that nobody remembers to deny", own_send_many,
          "syscall sendmmsg", .without_seccomp = "reached" },
        { "net/own-recvmmsg", "receive by the call that nobody remembers to deny", own_receive_many,
          "syscall recvmmsg", .without_seccomp = "reached" },
        { "net/own-filter", "put a packet filter on the cell's own socket", own_filter,
          "syscall setsockopt", .without_seccomp = "reached" },
        { "net/own-peer", "ask the cell's own socket for the host's process id", own_peer,
          "syscall getsockopt", .without_seccomp = "ENODATA" },
        { "net/own-name", "ask the cell's own socket for its name", own_name, "syscall getsockname",
          .without_seccomp = "reached" },
        { "net/own-shutdown", "close the host's end of the cell's own socket", own_shutdown,
          "syscall shutdown", .without_seccomp = "protocol" },
        { "net/own-interfaces", "ask the cell's own socket for the interfaces", own_interfaces,
          "syscall ioctl", .without_seccomp = "reached" },
        { "net/tun", "make an interface", tunnel, "ENOENT", .control = CONTROL_ROOT,
          .device = "/dev/net/tun" },
        { "net/dns", "look up a name", resolve, "syscall socket",
          .without_seccomp = "EHOSTUNREACH" },
};
PROBES_END(net)
