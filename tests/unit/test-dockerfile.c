/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What compliance-checker says of Dockerfiles and compose files, rule by rule
 *
 * Each row is a file and what it must be told, or (with !) must not be told, or (with ~) must be
 * told as waived: a rule by hadolint's number, or the end of our own rule's name. All rows of a
 * table are one tree, which is checked in one run.
 */
#include "test.h"

#include "base/buf.h"
#include "base/io.h"
#include "docker/dockerfile.h"
#include "fakehost.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGENT "plugins/compliance-checker/compliance-checker.so"

struct row {
        const char *why, *text, *want;
};

static const struct row rows[] = {
        /* Stages. */
        { "the last stage is root", "FROM a:1\nUSER root\n", "DL3002" },
        { "root by number", "FROM a:1\nUSER 0\n", "DL3002" },
        { "root with its group", "FROM a:1\nUSER 0:0\n", "DL3002" },
        { "root by a variable", "FROM a:1\nARG U=root\nUSER ${U:-app}\n", "DL3002" },
        { "switched back", "FROM a:1\nUSER root\nRUN x\nUSER app\n", "!DL3002" },
        { "only for a moment in a stage",
          "FROM a:1 AS b\nUSER root\nRUN x\nUSER app\nFROM c:1\nRUN y\n", "!DL3002" },
        { "root comes from the stage before", "FROM a:1 AS b\nUSER root\nFROM b\nRUN y\n",
          "DL3002 root-user" },
        { "a stage that does not run", "FROM a:1 AS b\nUSER root\nFROM c:1\nUSER app\n",
          "root-stage !root-user" },
        { "a user by name", "FROM a:1\nUSER app:app\n", "DL3066 !DL3002" },
        { "a user by number", "FROM a:1\nARG U=1000\nUSER ${U}:app\n", "!DL3066" },
        { "a user of a stage that does not run", "FROM a:1 AS b\nUSER app\nFROM c:1\nUSER 1\n",
          "!DL3066" },
        { "a health check for a shell", "FROM a:1\nHEALTHCHECK CMD curl x\n", "DL3025" },
        { "a health check as a list", "FROM a:1\nHEALTHCHECK CMD [\"curl\", \"x\"]\n", "!DL3025" },
        { "no health check on purpose", "FROM a:1\nHEALTHCHECK NONE\n", "!DL3025" },
        { "no user at all", "FROM a:1\n", "no-user !DL3002" },
        { "a port before the name", "FROM host:5000/a\n", "DL3006" },
        { "a stage in other letters", "FROM a:1 AS Build\nFROM build\n", "!DL3006" },
        { "a tag by a variable", "ARG V=1\nFROM a:${V}\n", "!DL3006 !DL3007" },
        { "an image by a variable", "ARG I=a:1\nFROM ${I}\n", "!DL3006" },
        { "latest with a port", "FROM host:5000/a:latest\n", "DL3007" },
        { "latest with a digest", "FROM a:latest@sha256:00\n", "!DL3007 !no-digest" },
        { "a tag may move", "FROM a:1\n", "no-digest" },
        { "the name of a stage twice", "FROM a:1 AS b\nFROM c:1 as b\n", "DL3024" },
        { "different names", "FROM a:1 AS b\nFROM c:1 AS d\n", "!DL3024" },
        { "copied from its own stage", "FROM a:1 AS b\nCOPY --from=b /x /y\n", "DL3023 !DL3022" },
        { "copied from a stage before", "FROM a:1 AS b\nFROM c:1\nCOPY --from=b /x /y\n",
          "!DL3022 !DL3023" },
        { "copied from a stage by number", "FROM a:1\nFROM c:1\nCOPY --from=0 /x /y\n", "!DL3022" },
        { "a number that is no stage", "FROM a:1\nFROM c:1\nCOPY --from=1 /x /y\n", "DL3022" },
        { "a platform by a variable", "FROM --platform=$TARGETPLATFORM a:1\n", "!DL3029" },
        { "a fixed platform", "FROM --platform=linux/amd64 a:1 AS b\n", "DL3029" },
        { "two CMD", "FROM a:1\nCMD [\"a\"]\nCMD [\"b\"]\n", "DL4003" },
        { "one CMD in each stage", "FROM a:1 AS b\nCMD [\"a\"]\nFROM b\nCMD [\"b\"]\n", "!DL4003" },
        { "two ENTRYPOINT", "FROM a:1\nENTRYPOINT [\"a\"]\nENTRYPOINT [\"b\"]\n", "DL4004" },
        { "one ENTRYPOINT in each stage",
          "FROM a:1\nENTRYPOINT [\"a\"]\nFROM b:1\nENTRYPOINT [\"b\"]\n", "!DL4004" },
        { "no health check", "FROM a:1\n", "DL3057" },
        { "a health check", "FROM a:1\nHEALTHCHECK --interval=5m CMD curl -f http://localhost\n",
          "!DL3057 !DL3012" },
        { "an inherited health check", "FROM a:1 AS b\nHEALTHCHECK NONE\nFROM b\n", "!DL3057" },
        { "LABEL before FROM", "LABEL a=b\nFROM a:1\n", "DL3061" },
        { "ARG before FROM", "# x\nARG A=b\n\nFROM a:1\n", "!DL3061" },
        { "FROM behind ONBUILD", "FROM a:1\nONBUILD FROM b:1\n", "DL3043" },
        { "ONBUILD behind ONBUILD", "FROM a:1\nONBUILD ONBUILD RUN x\n", "DL3043" },
        { "MAINTAINER behind ONBUILD", "FROM a:1\nONBUILD MAINTAINER x\n", "DL3043" },

        /* Instructions. */
        { "CMD for a shell", "FROM a:1\nCMD something\n", "DL3025" },
        { "ENTRYPOINT for a shell", "FROM a:1\nENTRYPOINT something\n", "DL3025" },
        { "CMD as a list", "FROM a:1\nCMD [ \"a\", \"b\" ]\n", "!DL3025" },
        { "CMD as a list over lines", "FROM a:1\nCMD [ \"a\", \\\n  \"b\" ]\n", "!DL3025" },
        { "an empty list", "FROM a:1\nENTRYPOINT []\n", "!DL3025" },
        { "quotes of another kind make no list", "FROM a:1\nCMD ['a']\n", "DL3025" },
        { "EXPOSE of a range", "FROM a:1\nEXPOSE 80-90/udp 70000\n", "DL3011" },
        { "ADD of an archive", "FROM a:1\nADD x.tar.gz /x\n", "!DL3020" },
        { "ADD as a list", "FROM a:1\nADD [\"x\", \"/y\"]\n", "DL3020" },
        { "ADD of a repository", "FROM a:1\nADD git@github.com:a/b.git /b\n",
          "!DL3020 !add-remote" },
        { "ADD of a URL", "FROM a:1\nADD https://x/y.sh /y\n", "add-remote !DL3020" },
        { "ADD of a URL with its hash", "FROM a:1\nADD --checksum=sha256:00 https://x/y /y\n",
          "!add-remote" },
        { "COPY of here-documents", "FROM a:1\nCOPY <<A <<B /x/\na\nA\nUSER root\nB\nUSER app\n",
          "!DL3002 !DL3021" },
        { "COPY behind WORKDIR", "FROM a:1\nWORKDIR /x\nCOPY a b\n", "!DL3045" },
        { "COPY of a list to a folder", "FROM a:1\nCOPY [\"a\", \"b\", \"c/\"]\n", "!DL3021" },
        { "an escape that is no backslash",
          "# escape=`\nFROM a:1\nRUN x `\n  && sudo y\nCOPY a c:\\b\n", "DL3004 !DL3045" },
        { "a comment in continued lines", "FROM a:1\nRUN a && \\\n# b\n\n  sudo c\n", "DL3004" },
        { "a script in a here-document", "FROM a:1\nRUN <<EOF\nset -e\nsudo x\nEOF\nUSER app\n",
          "DL3004 !no-user" },
        { "a here-document that is data", "FROM a:1\nRUN cat <<EOF >/x\nsudo y\nEOF\n", "!DL3004" },
        { "SSH", "FROM a:1\nEXPOSE 22\n", "ssh-port" },
        { "a secret by ARG", "FROM a:1\nARG NPM_TOKEN\n", "DL3064" },
        { "a file with a secret", "FROM a:1\nENV DB_PASSWORD_FILE=/run/secrets/x\n", "!DL3064" },
        { "a public key", "FROM a:1\nENV GPG_PUBLIC_KEY=abc TOKEN_URL=https://x\n", "!DL3064" },
        { "a secret from outside ends in the image", "FROM a:1\nENV API_KEY=$K\n", "DL3064" },
        { "a switch and a number", "FROM a:1\nENV ENABLE_AUTH=x BASIC_AUTH=off PASSWORD=\n",
          "!DL3064" },
        { "a key of a program", "FROM a:1\nARG SENTRY_KEY\n", "DL3064" },
        { "a key of data", "FROM a:1\nENV SORT_KEY=name GPG_KEY=0123ABCD\n", "!DL3064" },
        { "instructions without a stage", "CMD [\"a\"]\nCMD [\"b\"]\n", "DL4003" },
        { "certificates are not checked", "FROM a:1\nENV NODE_TLS_REJECT_UNAUTHORIZED=0\n",
          "tls-check-off" },

        { "certificates by the old form, with quotes",
          "FROM a:1\nENV NODE_TLS_REJECT_UNAUTHORIZED '0'\n", "CKV2_DOCKER_6 !CKV2_DOCKER_5" },
        { "certificates by ARG", "FROM a:1\nARG npm_config_strict_ssl=false\n", "CKV2_DOCKER_12" },
        { "a variable that leaves the check on", "FROM a:1\nENV GIT_SSL_NO_VERIFY=0\n",
          "!tls-check-off" },
        { "a host that pip trusts", "FROM a:1\nENV PIP_TRUSTED_HOST=x\n", "CKV2_DOCKER_16" },
        { "a label that is like a variable", "FROM a:1\nLABEL GIT_SSL_NO_VERIFY=1\n",
          "!tls-check-off" },

        /* RUN: certificates and signatures. */
        { "for one command only", "FROM a:1\nRUN GIT_SSL_NO_VERIFY=true git clone x\n",
          "CKV2_DOCKER_14 !CKV2_DOCKER_2" },
        { "by env", "FROM a:1\nRUN a && env PYTHONHTTPSVERIFY=0 b\n", "CKV2_DOCKER_5" },
        { "by export", "FROM a:1\nRUN export NODE_TLS_REJECT_UNAUTHORIZED=\"0\" && x\n",
          "CKV2_DOCKER_6" },
        { "an option of npm", "FROM a:1\nRUN npm config --global set strict-ssl false\n",
          "CKV2_DOCKER_13 !CKV2_DOCKER_2" },
        { "an option of yarn", "FROM a:1\nRUN yarn config set strict-ssl=false\n",
          "CKV2_DOCKER_13" },
        { "in npm's file", "FROM a:1\nRUN echo 'strict-ssl = false' >> ~/.npmrc\n",
          "CKV2_DOCKER_13" },
        { "switched on again", "FROM a:1\nRUN npm config set strict-ssl true\n",
          "!unchecked-download" },
        { "an option of yum", "FROM a:1\nRUN yum-config-manager --save --setopt=sslverify=no\n",
          "CKV2_DOCKER_15" },
        { "of one repository", "FROM a:1\nRUN dnf config-manager --setopt '*.sslverify=0'\n",
          "CKV2_DOCKER_15" },
        { "of git, which is not yum's", "FROM a:1\nRUN git config http.sslVerify false\n",
          "unchecked-download !CKV2_DOCKER_15" },
        { "a host that pip trusts once",
          "FROM a:1\nRUN python3 -m pip install --trusted-host=x y\n", "CKV2_DOCKER_4" },
        { "or always", "FROM a:1\nRUN pip config set global.trusted-host x\n", "CKV2_DOCKER_4" },
        { "wget", "FROM a:1\nRUN wget -q --no-check-certificate x\n",
          "CKV2_DOCKER_3 !CKV2_DOCKER_2" },
        { "digests of rpm", "FROM a:1\nRUN rpm --nofiledigest -i x\n",
          "CKV2_DOCKER_10 !CKV2_DOCKER_9" },
        { "signatures of apk", "FROM a:1\nRUN apk add --allow-untrusted x\n",
          "CKV2_DOCKER_7 !CKV2_DOCKER_8" },
        { "signatures of apt by a setting",
          "FROM a:1\nRUN apt-get -o APT::Get::AllowUnauthenticated=true install x\n",
          "CKV2_DOCKER_8 !CKV2_DOCKER_11" },
        { "force", "FROM a:1\nRUN apt-get install -y --force-yes x\n",
          "CKV2_DOCKER_11 !CKV2_DOCKER_8" },
        { "a source that is trusted",
          "FROM a:1\nRUN echo 'deb [trusted=yes] http://x y z' > /etc/apt/sources.list.d/x.list\n",
          "unsigned-packages" },
        { "signatures of yum", "FROM a:1\nRUN tdnf install -y --nogpgcheck x\n", "CKV2_DOCKER_9" },
        { "a URL is downloaded by ADD", "FROM a:1\nADD https://x/y /z\n", "CKV_DOCKER_4" },
        { "lists alone, of apk", "FROM a:1\nRUN apk update\n", "CKV_DOCKER_5" },
        { "lists, and something else", "FROM a:1\nRUN apt-get update && rm -rf /x\n",
          "CKV_DOCKER_5" },
        { "an update of all by yum", "FROM a:1\nRUN yum -y update\n", "CKV_DOCKER_5 DL3031" },
        { "an update of one package", "FROM a:1\nRUN yum -y update httpd\n",
          "!CKV_DOCKER_5 !DL3031" },
        { "lists that are used", "FROM a:1\nRUN apt-get -qq update && apt-get install -y x\n",
          "!CKV_DOCKER_5" },
        { "an upgrade of all by dnf", "FROM a:1\nRUN microdnf upgrade -y\n", "DL3039" },
        { "the smallest upgrade of all", "FROM a:1\nRUN dnf -y upgrade-minimal\n", "DL3039" },
        { "an upgrade of all by apk", "FROM a:1\nRUN apk -U upgrade\n", "DL3017" },

        /* RUN. */
        { "a pipe", "FROM a:1\nRUN wget -q -O - https://x | wc -l\n", "DL4006" },
        { "a pipe and pipefail",
          "FROM a:1\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN a | b\n", "!DL4006" },
        { "pipefail among others",
          "FROM a:1\nSHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]\nRUN a | b\n",
          "!DL4006" },
        { "pipefail of ash",
          "FROM a:1\nSHELL [\"/bin/ash\", \"-o\", \"pipefail\", \"-c\"]\nRUN a | b\n", "!DL4006" },
        { "sh has no pipefail",
          "FROM a:1\nSHELL [\"/bin/sh\", \"-o\", \"pipefail\", \"-c\"]\nRUN a | b\n", "DL4006" },
        { "pipefail holds for its stage",
          "FROM a:1 AS b\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN a | b\nFROM "
          "c:1\nRUN a | b\n",
          "DL4006" },
        { "PowerShell has other pipes", "FROM a:1\nSHELL [\"pwsh\", \"-c\"]\nRUN a | b\n",
          "!DL4006" },
        { "no pipe", "FROM a:1\nRUN a || b\n", "!DL4006" },
        { "a pipe within quotes", "FROM a:1\nRUN echo 'a | b' \"c | d\"\n", "!DL4006" },
        { "set -o pipefail in the script", "FROM a:1\nRUN set -euo pipefail && a | b\n",
          "!DL4006" },
        { "wget and curl", "FROM a:1\nRUN wget -q x\nRUN curl y\n", "DL4001" },
        { "wget and curl in one RUN", "FROM a:1\nRUN wget -q x && curl y\n", "DL4001" },
        { "wget and curl in two stages", "FROM a:1\nRUN wget -q x\nFROM b:1\nRUN curl y\n",
          "!DL4001" },
        { "installing is not using", "FROM a:1\nRUN apt-get install wget && curl y\n", "!DL4001" },
        { "a download for a shell", "FROM a:1\nRUN curl -fsSL https://x | sudo -E bash -\n",
          "pipe-to-shell DL3004" },
        { "a download for a shell by substitution",
          "FROM a:1\nRUN sh -c \"$(curl -fsSL https://x)\"\n", "pipe-to-shell" },
        { "a download for tar", "FROM a:1\nRUN curl https://x | tar xz\n", "!pipe-to-shell" },
        { "rights for all", "FROM a:1\nRUN chmod -R 777 /x\n", "world-writable" },
        { "rights for one", "FROM a:1\nRUN chmod 755 /x && chmod u+w /y\n", "!world-writable" },
        { "rights for all by letters", "FROM a:1\nRUN chmod a+rwx /x\n", "world-writable" },
        { "curl -k within others", "FROM a:1\nRUN curl -fsSLk https://x\n", "unchecked-download" },
        { "a header with a k in it", "FROM a:1\nRUN curl -H'X-Token: k' https://x\n",
          "!unchecked-download" },
        { "a name with a k in it", "FROM a:1\nRUN curl -fsSLo kubectl https://x\n",
          "!unchecked-download" },
        { "unsigned packages", "FROM a:1\nRUN apk add --allow-untrusted x.apk\n",
          "unsigned-packages" },
        { "the builder's rights", "FROM a:1\nRUN --security=insecure x\n", "insecure-run" },
        { "Docker's socket", "FROM a:1\nVOLUME /var/run/docker.sock\n", "docker-socket" },
        { "an update alone", "FROM a:1\nRUN apt-get update\n", "update-alone" },
        { "a command within if", "FROM a:1\nRUN if [ -f x ]; then cd /y; fi\n", "DL3003" },
        { "a command within a loop", "FROM a:1\nRUN for i in a b; do sudo $i; done\n", "DL3004" },
        { "a command within case", "FROM a:1\nRUN case $x in a|b) top ;; *) y ;; esac\n",
          "DL3001 !DL4006" },
        { "a command within a function", "FROM a:1\nRUN f() { sudo x; }; f\n", "DL3004" },
        { "a command within sh -c", "FROM a:1\nRUN [\"sh\", \"-c\", \"sudo x\"]\n", "DL3004" },
        { "a command behind an assignment", "FROM a:1\nRUN A=b C=d sudo x\n", "DL3004" },
        { "an argument is no command", "FROM a:1\nRUN echo sudo cd top\n",
          "!DL3004 !DL3003 !DL3001" },
        { "two RUN with different mounts",
          "FROM a:1\nRUN --mount=type=cache,target=/x a\nRUN --mount=type=cache,target=/y b\n",
          "!DL3059" },

        /* Package managers. */
        { "apt", "FROM a:1\nRUN apt install x\n", "DL3027" },
        { "apt-get", "FROM a:1\nRUN apt-get install x\n", "!DL3027" },
        { "a distribution is upgraded", "FROM a:1\nRUN apt-get update && apt-get -y dist-upgrade\n",
          "DL3005" },
        { "a package from another release",
          "FROM a:1\nRUN apt-get install -y --no-install-recommends -t b-backports x=1.2~bpo8+1\n",
          "!DL3008 !DL3014 !DL3015" },
        { "a package of a release", "FROM a:1\nRUN apt-get install x/stable\n", "!DL3008" },
        { "what a variable holds is not known", "FROM a:1\nRUN apt-get install $X\n", "!DL3008" },
        { "a version by a variable", "FROM a:1\nRUN apt-get install x=$V y=${W}*\n", "!DL3008" },
        { "an option with a value", "FROM a:1\nRUN apt-get -o A::B=c install x=1\n", "!DL3008" },
        { "no answer needed", "FROM a:1\nRUN apt-get install -yqq x\n", "!DL3014" },
        { "lists are removed by a brace",
          "FROM a:1\nRUN apt-get update && rm -rf /var/lib/{apt,dpkg}\n", "!DL3009" },
        { "lists are removed before",
          "FROM a:1\nRUN rm -rf /var/lib/apt/lists/* && apt-get update && x\n", "DL3009" },
        { "a mount over the lists",
          "FROM a:1\nRUN --mount=type=cache,target=/var/lib/apt/lists apt-get update && x\n",
          "!DL3009" },
        { "apk without --no-cache", "FROM a:1\nRUN apk add x=1\n", "DL3019 !DL3018" },
        { "apk with --no-cache", "FROM a:1\nRUN apk --no-cache add x=1\n", "!DL3019" },
        { "apk with a mount",
          "FROM a:1\nRUN --mount=type=cache,target=/var/cache/apk apk add x=1\n", "!DL3019" },
        { "apk with a group's name", "FROM a:1\nRUN apk add --no-cache -t .deps x=1 y~2\n",
          "!DL3018" },
        { "pip of a version",
          "FROM a:1\nRUN python3.11 -m pip install --no-cache-dir x==1 'y[z]>=2'\n",
          "!DL3013 !DL3042" },
        { "pip without one", "FROM a:1\nRUN pip3.11 install -U --no-cache-dir x\n", "DL3013" },
        { "pip of a list", "FROM a:1\nRUN pip install -r x.txt y\n", "!DL3013" },
        { "pip with a mount",
          "FROM a:1\nRUN --mount=type=cache,target=/root/.cache/pip pip install x==1\n",
          "!DL3042" },
        { "npm of a tag", "FROM a:1\nRUN npm i -g @a/b@next\n", "!DL3016" },
        { "npm without a version", "FROM a:1\nRUN npm i -g @a/b\n", "DL3016" },
        { "npm ci", "FROM a:1\nRUN npm ci --omit dev\n", "!DL3016" },
        { "yum with a group", "FROM a:1\nRUN yum group install -y X && yum clean all\n",
          "!DL3033 !DL3032" },
        { "dnf cleaned by its folder",
          "FROM a:1\nRUN dnf install -y x-1 && rm -rf /var/cache/dnf\n", "!DL3040" },
        { "a package with numbers in its name",
          "FROM a:1\nRUN dnf install -y java-1.8.0-openjdk && dnf clean all\n", "DL3041" },
        { "zypper with its answer before", "FROM a:1\nRUN zypper -n in x=1 && zypper cc -a\n",
          "!DL3034 !DL3036 !DL3037" },
        { "gem with a version", "FROM a:1\nRUN gem install --no-document x -v 1\n", "!DL3028" },
        { "gem without one", "FROM a:1\nRUN gem install --no-document x\n", "DL3028" },
        { "go of a version by a variable", "FROM a:1\nRUN go install -v x.y/z@${V}\n", "!DL3062" },
        { "go of the latest",
          "FROM a:1\nRUN CGO_ENABLED=0 go install -ldflags \"-s -w\" x.y/z@latest\n", "DL3062" },
        { "go of the own module", "FROM a:1\nRUN go install ./...\n", "!DL3062" },
        { "yarn with a mount",
          "FROM a:1\nRUN --mount=type=cache,target=/usr/local/share/.cache/yarn yarn install\n",
          "!DL3060" },

        /* Labels. */
        { "a key of two signs", "FROM a:1\nLABEL a.b-c=\"d\"\n", "!DL3048" },
        { "a key with a capital", "FROM a:1\nLABEL Abc=\"d\"\n", "DL3048" },
        { "a URL", "FROM a:1\nLABEL org.opencontainers.image.url=https://x.y/z\n",
          "!DL3052 !DL3049" },
        { "no URL", "FROM a:1\nLABEL org.opencontainers.image.url=x\n", "DL3052" },
        { "a licence",
          "FROM a:1\nLABEL org.opencontainers.image.licenses=\"MIT OR GPL-3.0-or-later\"\n",
          "!DL3054" },
        { "no licence", "FROM a:1\nLABEL org.opencontainers.image.licenses=Own\n", "DL3054" },
        { "a time", "FROM a:1\nLABEL org.opencontainers.image.created=2020-01-02T03:04:05Z\n",
          "!DL3053" },
        { "a name and a mail", "FROM a:1\nLABEL maintainer=\"A B <a@b.c>\"\n", "!DL3058" },

        /* What is waived is told with a tag. */
        { "a waiver for the next instruction",
          "FROM a:1\n# hadolint ignore=DL3004,DL3003\nRUN sudo x\nRUN sudo y\n",
          "~DL3004 DL3004 DL1001" },
        { "a waiver for the file", "# hadolint global ignore=DL3006\nFROM a\n", "~DL3006 !DL3006" },
};

/* Services are written in one line. */
#define SERVICE(text) "services:\n  a: { " text " }\n"

static const struct row compose_rows[] = {
        { "privileged", SERVICE("privileged: true"), "privileged" },
        { "not privileged", SERVICE("privileged: false"), "!privileged" },
        { "privileged by a merge key",
          "x-a: &a\n  privileged: true\nservices:\n  b:\n    <<: *a\n    image: c:1\n",
          "privileged" },
        { "a capability", SERVICE("cap_add: [NET_RAW, CAP_SYS_ADMIN]"), "capability" },
        { "a harmless capability", SERVICE("cap_add: [NET_BIND_SERVICE]"), "!capability" },
        { "the host's network", SERVICE("network_mode: host"), "host-network" },
        { "another service's network", SERVICE("network_mode: \"service:b\""), "!host-network" },
        { "the host's processes and memory", SERVICE("pid: host, ipc: host"), "host-pid host-ipc" },
        { "Docker's socket, read-only",
          SERVICE("volumes: [\"/var/run/docker.sock:/var/run/docker.sock:ro\"]"), "docker-socket" },
        { "Docker's socket as a mapping",
          SERVICE("volumes: [{ type: bind, source: /run/docker.sock, target: /x }]"),
          "docker-socket" },
        { "a folder of the host", SERVICE("volumes: [\"/etc/:/host\"]"), "host-folder" },
        { "the whole host", SERVICE("volumes: [\"/:/host:ro\"]"), "host-folder" },
        { "folders of its own", SERVICE("volumes: [\"./etc:/etc\", \"data:/data\", /proc]"),
          "!host-folder" },
        { "no seccomp", SERVICE("security_opt: [\"seccomp:unconfined\"]"), "unconfined" },
        { "no new privileges",
          SERVICE("security_opt: [\"no-new-privileges:true\"], read_only: true"),
          "!new-privileges !writable-root" },
        { "privileges may be gained", SERVICE("image: a:1"), "new-privileges writable-root" },
        { "root", SERVICE("user: \"0:0\""), "root-user" },
        { "another user", SERVICE("user: \"1000:0\""), "!root-user" },
        { "no tag", SERVICE("image: host:5000/a"), "no-tag" },
        { "latest", SERVICE("image: a:latest"), "latest-tag" },
        { "a digest", SERVICE("image: \"a@sha256:00\""), "!no-tag !no-digest" },
        { "what it builds has any name", SERVICE("image: a, build: ."), "!no-tag" },
        { "a tag by a variable", SERVICE("image: \"a:${V:-1}\""),
          "!no-tag !latest-tag !no-digest" },
        { "an open database", SERVICE("ports: [\"5432:5432\"]"), "open-database" },
        { "an open database, in the long form",
          SERVICE("ports: [{ target: 6379, published: 6379 }]"), "open-database" },
        { "a database for the host alone", SERVICE("ports: [\"127.0.0.1:5432:5432/tcp\"]"),
          "!open-database" },
        { "a database that is not published", SERVICE("ports: [\"5432\"]"), "!open-database" },
        { "another port", SERVICE("ports: [\"8080:80\"]"), "!open-database" },
        { "SSH", SERVICE("ports: [\"2222:22\"]"), "ssh-port" },
        { "a key twice", "services:\n  a:\n    image: b:1\n    image: c:1\n", "key-twice" },
        { "no services", "a: { privileged: true }\n", "!privileged" },
};

/* A table, and what its rows are. */
struct table {
        const struct row *rows;
        size_t n;
        const char *file;   /* name of each row's file */
        const char *prefix; /* of our rules for it */
};

static void make_files(const struct table *t, int dir)
{
        for (size_t i = 0; i < t->n; i++) {
                char path[48];
                int fd;

                (void) snprintf(path, sizeof(path), "%zu", i);
                assert_int_equal(mkdirat(dir, path, 0755), 0);
                (void) snprintf(path, sizeof(path), "%zu/%s", i, t->file);
                fd = openat(dir, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
                assert_true(fd >= 0);
                assert_int_equal(fd_write_all(fd, t->rows[i].text, strlen(t->rows[i].text)), 0);
                (void) close(fd);
        }
}

static bool has_tag(json_t *finding, const char *tag)
{
        json_t *item;
        size_t i;

        json_array_foreach (json_object_get(finding, "tags"), i, item)
                if (strcmp(json_string_value(item), tag) == 0)
                        return true;
        return false;
}

/* Is a rule told in a file, by its number at hadolint or checkov, or the end of its name? */
static bool is_told(const struct table *t, const struct fakehost *host, size_t row,
                    const char *rule, bool waived)
{
        char path[48], tag[64], checkov[64], end[64];
        json_t *finding;
        size_t i;

        (void) snprintf(path, sizeof(path), "%zu/%s", row, t->file);
        (void) snprintf(tag, sizeof(tag), "hadolint:%s", rule);
        (void) snprintf(checkov, sizeof(checkov), "checkov:%s", rule);
        (void) snprintf(end, sizeof(end), "/%s-%s", t->prefix, rule);
        json_array_foreach (host->findings, i, finding) {
                const char *name = json_string_value(json_object_get(finding, "rule"));

                if (strcmp(json_string_value(json_object_get(finding, "path")), path) == 0 &&
                    has_tag(finding, "waived") == waived &&
                    (has_tag(finding, tag) || has_tag(finding, checkov) ||
                     strcmp(strchr(name, '/'), end) == 0))
                        return true;
        }
        return false;
}

static unsigned check_row(const struct table *t, const struct fakehost *host, size_t row)
{
        char want[256], *state = NULL;
        unsigned bad = 0;

        (void) snprintf(want, sizeof(want), "%s", t->rows[row].want);
        for (char *word = strtok_r(want, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
                bool is_not = *word == '!', is_waived = *word == '~';
                const char *rule = word + (is_not || is_waived);

                if (is_told(t, host, row, rule, is_waived) != is_not)
                        continue;
                print_message("%s: %s is %s\n", t->rows[row].why, rule,
                              is_not ? "told" : "not told");
                bad++;
        }
        return bad;
}

static void check_table(const struct table *t)
{
        char path[] = "/tmp/linhay-dockerfile-XXXXXX", command[64];
        struct fakehost host;
        unsigned bad = 0;
        int dir;

        assert_non_null(mkdtemp(path));
        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(dir >= 0);
        make_files(t, dir);
        fakehost_init(&host, "check", "{\"controls\": [\"config\", \"env\"]}");
        host.workspace = dir;
        assert_int_equal(fakehost_run(&host, fakehost_load(AGENT)), 0);
        for (size_t i = 0; i < t->n; i++)
                bad += check_row(t, &host, i);
        fakehost_done(&host);
        (void) close(dir);
        (void) snprintf(command, sizeof(command), "rm -rf %s", path);
        assert_int_equal(system(command), 0);
        assert_int_equal(bad, 0);
}

static void test_rules(void **state)
{
        const struct table table = { rows, TEST_ROWS(rows), "Dockerfile", "dockerfile" };

        (void) state;
        check_table(&table);
}

static void test_compose(void **state)
{
        const struct table table = { compose_rows, TEST_ROWS(compose_rows), "docker-compose.yml",
                                     "compose" };

        (void) state;
        check_table(&table);
}

/* Which files are Dockerfiles is told by their names: only those are parsed. */
static void test_names(void **state)
{
        static const struct {
                const char *name;
                bool is_one;
        } names[] = {
                { "Dockerfile", true },
                { "a/dockerfile", true },
                { "Dockerfile.dev", true },
                { "Dockerfile-dev", true },
                { "a/b.dockerfile", true },
                { "b.Dockerfile", true },
                { "Containerfile", true },
                { "Containerfile.base", true },
                { "dockerfile.c", false },
                { "Dockerfile.md", false },
                { "Dockerfiles", false },
                { ".dockerignore", false },
                { "Dockerfile.dockerignore", false },
                { "test-dockerfile.c", false },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(names); i++)
                if (docker_is_dockerfile(names[i].name) != names[i].is_one)
                        fail_msg("%s", names[i].name);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rules),
                cmocka_unit_test(test_compose),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
