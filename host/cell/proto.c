/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/proto.h"

#define IN(state) (1U << (state))

#define IN_LOADING IN(PROTO_LOADING)
#define IN_RUNNING IN(PROTO_RUNNING)
#define STAY       PROTO_STATES_

static const struct {
        const char *name;
        unsigned allowed; /* states, as bits */
        enum proto_state next;
        uint32_t least; /* bytes of the body, at least */
        uint32_t most;
        bool in_memfd; /* may the body be in a memfd? */
} moves[PROTO_TYPES_] = {
        [PROTO_HELLO] = { "HELLO", IN(PROTO_STARTING), PROTO_LOADING, sizeof(struct proto_hello),
                          sizeof(struct proto_hello) },
        [PROTO_READY] = { "READY", IN_LOADING, PROTO_RUNNING, 0, 0 },
        [PROTO_LOG] = { "LOG", IN_LOADING | IN_RUNNING, STAY, 4, 4 + 8192 },
        [PROTO_PROGRESS] = { "PROGRESS", IN_RUNNING, STAY, sizeof(struct proto_progress), 1024 },
        [PROTO_FINDINGS] = { "FINDINGS", IN_RUNNING, STAY, 2, FRAME_BODY },
        [PROTO_NEED_MEMFD] = { "NEED_MEMFD", IN_RUNNING, STAY, 8, 8 },
        [PROTO_ARTIFACT] = { "ARTIFACT", IN_RUNNING, STAY, sizeof(struct proto_artifact) + 1,
                             FRAME_BODY, true },
        [PROTO_SPEND] = { "SPEND", IN_RUNNING, STAY, 8 + 1, 8 + 64 },
        [PROTO_FAILED] = { "FAILED", IN_LOADING | IN_RUNNING, PROTO_ENDED,
                           sizeof(struct proto_failed), 8192 },
        [PROTO_FAULT] = { "FAULT", IN(PROTO_STARTING) | IN_LOADING | IN_RUNNING, PROTO_ENDED,
                          sizeof(struct proto_fault), 8192 },
        [PROTO_RESULT] = { "RESULT", IN_RUNNING, PROTO_ENDED, 0, FRAME_BODY, true },
};

static const char *const too_early[PROTO_STATES_] = {
        [PROTO_STARTING] = "it was sent before the cell said hello",
        [PROTO_LOADING] = "it was sent before the agent was asked to run",
        [PROTO_RUNNING] = "it was sent while the agent runs",
        [PROTO_ENDED] = "it was sent after the end of the run",
};

int proto_step(enum proto_state *state, const struct frame_header *h, const char **ret_why)
{
        const char *why = NULL;

        if (h->type >= PROTO_TYPES_ || !moves[h->type].name)
                why = "a frame of a type that a cell may not send";
        else if (!(moves[h->type].allowed & IN(*state)))
                why = too_early[*state];
        else if (h->length < moves[h->type].least || h->length > moves[h->type].most)
                why = "a frame of a wrong size";
        else if ((h->flags & FRAME_IN_MEMFD) && !moves[h->type].in_memfd)
                why = "a frame with flags that it may not have";
        if (why) {
                *ret_why = why;
                return -EPROTO;
        }
        if (moves[h->type].next != STAY)
                *state = moves[h->type].next;
        return 0;
}

const char *proto_name(uint16_t type)
{
        return type < PROTO_TYPES_ && moves[type].name ? moves[type].name : "an unknown frame";
}
