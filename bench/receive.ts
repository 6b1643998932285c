/**
 * Receiving, end to end: a GitHub webhook → verify → store → respond → sign → forward → record, compared with a bare forwarder in the
 * same run.
 *
 *     npm run bench:receive -- --seconds 5 --rounds 3 --connections 64
 *
 * CPU is the CPU time of all threads of the server process, from the first webhook until the last one was forwarded.
 */
import { parseArgs } from "node:util";
import { compare } from "./lib/compare.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    "warm-up": { type: "string", default: "10" },
    connections: { type: "string", default: "64" },
    profile: { type: "string" },
  },
});
const SECRET = "bench-secret-of-the-hook";

await compare({
  seconds: Number(values.seconds),
  rounds: Number(values.rounds),
  warmUp: Number(values["warm-up"]),
  connections: Number(values.connections),
  requests: { kind: "github", secret: SECRET },
  fan: 1,
  profile: values.profile,
  prepare: async ({ post, target, token }) => {
    const source = await post("/ingest/api/v1/source", { name: "Bench", type: "github", secrets: [SECRET] });
    await post(`/ingest/api/v1/source/${source["id"]}/endpoint`, { url: `${target}/0` });
    return { paths: [new URL(source["ingestUrl"]!).pathname], token };
  },
});
