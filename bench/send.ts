/**
 * Sending, end to end: publish over HTTP → store → sign → deliver → record, compared with a bare forwarder in the same run.
 *
 *     npm run bench:send -- --seconds 5 --rounds 3 --connections 64
 *
 * CPU is the CPU time of all threads of the server process, from the first publish until the last event arrived.
 */
import { parseArgs } from "node:util";
import { compare } from "./lib/compare.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    "warm-up": { type: "string", default: "10" },
    connections: { type: "string", default: "64" },
    endpoints: { type: "string", default: "1" },
    profile: { type: "string" },
  },
});
const endpoints = Number(values.endpoints);

await compare({
  seconds: Number(values.seconds),
  rounds: Number(values.rounds),
  warmUp: Number(values["warm-up"]),
  connections: Number(values.connections),
  requests: { kind: "publish" },
  fan: endpoints,
  profile: values.profile,
  prepare: async ({ post, target, token }) => {
    const { id } = await post("/api/v1/app", { name: "Bench" });
    for (let n = 0; n < endpoints; n++) await post(`/api/v1/app/${id}/endpoint`, { url: `${target}/${n}` });
    return { paths: [`/api/v1/app/${id}/msg?with_content=false`], token };
  },
});
