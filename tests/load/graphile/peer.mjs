// SPDX-License-Identifier: Apache-2.0
//
// A durable job queue on PostgreSQL, measured the way linhay's engine is.
//
//     node peer.mjs CONNECTION rate JOBS [LOCAL_QUEUE]     no-op jobs a second, all queued before
//     node peer.mjs CONNECTION latency JOBS                add_job to start of the job, idle otherwise
//
// Prints one line of JSON. CONNECTION is a libpq URI of an empty database. A local queue of 0 takes each job and
// records each end on its own; above 0 jobs are taken and ended in batches, as the project's page on performance
// does for its best figures: then a crash may run again what had ended.
import { makeWorkerUtils, run } from "graphile-worker";
import { Logger } from "@graphile/logger";

const [connectionString, what, count, localQueue] = process.argv.slice(2);
const jobs = Number(count);
const quiet = new Logger(() => () => {});

function preset(size) {
    const batches = size > 0 ? { localQueue: { size }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } : {};
    return { worker: { connectionString, concurrentJobs: 24, maxPoolSize: 25, logger: quiet, ...batches } };
}

async function rate(utils, size) {
    let ended = 0;
    let last;
    const done = new Promise((resolve) => (last = resolve));
    for (let at = 0; at < jobs; at += 10000)
        await utils.addJobs(Array.from({ length: Math.min(10000, jobs - at) }, () => ({ identifier: "noop" })));
    const began = process.hrtime.bigint();
    const runner = await run({
        preset: preset(size),
        noHandleSignals: true,
        taskList: {
            noop: () => {
                if (++ended === jobs) last();
            },
        },
    });
    await done;
    await runner.stop(); // the last ends are on disk
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    return { jobs, local_queue: size, seconds, jobs_s: jobs / seconds };
}

async function latency(utils) {
    const times = [];
    let started;
    const runner = await run({
        preset: preset(0),
        noHandleSignals: true,
        taskList: { noop: () => started(process.hrtime.bigint()) },
    });
    for (let i = 0; i < jobs; i++) {
        const start = new Promise((resolve) => (started = resolve));
        const began = process.hrtime.bigint();
        await utils.addJob("noop", {});
        times.push(Number((await start) - began) / 1e3);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await runner.stop();
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
    return { jobs, p50_us: at(0.5), p99_us: at(0.99) };
}

const utils = await makeWorkerUtils({ connectionString, logger: quiet });
await utils.migrate();
const result = what === "rate" ? await rate(utils, Number(localQueue ?? 0)) : await latency(utils);
await utils.release();
console.log(JSON.stringify(result));
