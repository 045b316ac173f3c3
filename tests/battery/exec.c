/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A hostile program as agent, and the secret that it was given: script.h says what a script finds
 */

#include "probe.h"

#define MANY  .limit = LIMIT_PROCESSES, .value = 4
#define GIVEN .at_load = "-", .secret = PROBE_SECRET, .control = CONTROL_HONEST
#define OPEN  .at_load = "-", .secret = PROBE_SECRET

const struct probe exec_probes[] = {
        { "exec/environment", "look for it in the program's environment", NULL, "ENODATA", GIVEN,
          .script = "if honest: os.environ['KEY'] = secret().decode()\n"
                    "end(0 if any(secret() in v for v in os.environb.values()) else "
                    "errno.ENODATA)\n" },
        { "exec/arguments", "look for it in the program's arguments", NULL, "ENODATA", GIVEN,
          .script =
                  "words = list(map(os.fsencode, sys.orig_argv)) + ([secret()] if honest else [])\n"
                  "end(0 if any(secret() in word for word in words) else errno.ENODATA)\n" },
        { "exec/first-line", "look for it in the protocol's first line", NULL, "ENODATA", GIVEN,
          .script = "if honest: line += secret()\n"
                    "end(0 if secret() in line else errno.ENODATA)\n" },
        { "exec/descriptors", "look for a descriptor besides 0 to 4", NULL, "EBADF", GIVEN,
          .script = "if honest: os.dup(4)\n"
                    "for fd in range(5, 1024):\n"
                    "    try: end(os.fstat(fd) and 0)\n"
                    "    except OSError: pass\n"
                    "end(errno.EBADF)\n" },
        { "exec/child-descriptors",
          "look for them in a program of its own, which is handed on what there is", NULL, "EBADF",
          GIVEN, MANY,
          .script = "if honest: os.set_inheritable(os.dup(4), True)\n"
                    "look = 'import os\\nfor fd in range(5, 64):\\n  try: os.fstat(fd); "
                    "print(fd)\\n  except OSError: pass'\n"
                    "child = subprocess.run([sys.executable, '-c', look], capture_output=True, "
                    "close_fds=False)\n"
                    "end(0 if child.stdout else errno.EBADF)\n" },
        { "exec/file-reopen", "open its memory file again from /proc, to write", NULL, "ENOENT",
          OPEN,
          .script = "os.open('/proc/self/fd/4', os.O_RDWR)\n"
                    "end(0)\n" },
        { "exec/file-write", "write into its memory file", NULL, "EPERM", OPEN,
          .script = "os.pwrite(4, b'x', 0)\n"
                    "end(0)\n" },
        { "exec/file-shrink", "make its memory file shorter", NULL, "EPERM or EINVAL", OPEN,
          .script = "os.ftruncate(4, 1)\n"
                    "end(0)\n" },
        { "exec/runtime-memory", "read the memory of the trusted process that started it", NULL,
          "ENOENT", OPEN, .control = CONTROL_ROOT,
          .script = "os.open(f'/proc/{os.getppid()}/mem', os.O_RDONLY)\n"
                    "end(0)\n" },
        { "exec/runtime-descriptors", "list the descriptors of the trusted process that started it",
          NULL, "ENOENT", OPEN,
          .script = "os.listdir(f'/proc/{os.getppid()}/fd')\n"
                    "end(0)\n" },
        { "exec/echo-escaped", "log it with every byte as a JSON escape", NULL, "ENODATA", GIVEN,
          .script = "text = ''.join(f'\\\\u{b:04x}' for b in secret())\n"
                    "os.write(3, f'{{\"type\":\"log\",\"text\":\"it is {text}\"}}\\n'.encode())\n"
                    "end()\n" },
        { "exec/echo-split", "log it in two messages of two levels", NULL, "ENODATA", GIVEN,
          .script = "send(type='log', text=secret()[:9].decode())\n"
                    "send(type='log', text=secret()[9:].decode(), level='warning')\n"
                    "end()\n" },
        { "exec/echo-pieces", "print it in three pieces, to stdout and stderr", NULL, "ENODATA",
          GIVEN,
          .script = "import time\n"
                    "for fd, a, b in ((1, 0, 7), (2, 7, 16), (1, 16, 64)):\n"
                    "    os.write(fd, secret()[a:b])\n"
                    "    time.sleep(0.03)\n"
                    "end()\n" },
        { "exec/echo-child", "have a program of its own print it", NULL, "ENODATA", GIVEN, MANY,
          .script = "subprocess.run([sys.executable, '-c', 'import os; print(os.pread(4, 99, "
                    "0).hex())'], pass_fds=[4])\n"
                    "end()\n" },
        { "exec/echo-progress", "say it as progress, as in a URL", NULL, "ENODATA", GIVEN,
          .script = "send(type='progress', done=1, note=''.join(f'%{b:02X}' for b in secret()))\n"
                    "end()\n" },
        { "exec/echo-finding", "find it, in base64", NULL, "ENODATA", GIVEN,
          .script = "send(type='finding', rule='a/b', severity='low', path='b/c', line=1, "
                    "message=base64.b64encode(secret()).decode())\n"
                    "end()\n" },
        { "exec/echo-artifact", "leave it as an artifact, from a file, in hexadecimal", NULL,
          "ENODATA", GIVEN,
          .script = "open('/tmp/a', 'w').write(secret().hex())\n"
                    "send(type='artifact', name='a', path='/tmp/a')\n"
                    "end()\n" },
        { "exec/echo-output", "give it as output, from a file, as a member's name", NULL, "ENODATA",
          GIVEN,
          .script =
                  "json.dump({'errno': errno.ENODATA, secret().decode(): 1}, open('/tmp/o', 'w'))\n"
                  "send(type='output', path='/tmp/o')\n" },
        { "exec/echo-fail", "fail with it in the message, in base64 behind a user's name", NULL,
          "failed", GIVEN,
          .script = "send(type='fail', code='told', message=base64.b64encode(b'joe:' + "
                    "secret()).decode())\n" },
        { "exec/echo-raise", "leave it in the traceback of an exception", NULL, "failed", GIVEN,
          .script = "sys.excepthook = sys.__excepthook__\n"
                    "raise RuntimeError(secret().decode())\n" },
        { "exec/echo-refused-type", "send a message of a type of its name", NULL, "protocol", GIVEN,
          .script = "send(type='log' if honest else secret().decode(), text=secret().decode())\n"
                    "end()\n" },
        { "exec/echo-refused-member", "send a message with a member of its name", NULL, "protocol",
          GIVEN,
          .script = "send(type='log', text=secret().decode(), **({} if honest else "
                    "{secret().decode(): 1}))\n"
                    "end()\n" },
        { "exec/echo-refused-json", "send a line that breaks off after it", NULL, "protocol", GIVEN,
          .script = "end_of = b'' if honest else b'x'\n"
                    "os.write(3, b'{\"type\":\"log\",\"text\":\"' + secret() + b'\"' + end_of + "
                    "b'}\\n')\n"
                    "end()\n" },
        { "exec/echo-refused-path", "leave an artifact from a file of its name that is not there",
          NULL, "protocol", GIVEN,
          .script = "if honest: send(type='log', text=secret().decode())\n"
                    "else: send(type='artifact', name='a', path='/tmp/' + secret().decode())\n"
                    "end()\n" },
};
PROBES_END(exec)
