import { expect, it } from "vitest";
import { envToConfig } from "../config/config.ts";
import { readEnv } from "../config/env.ts";
import { applyShare } from "./parts.ts";
import { shareOf } from "./thread.ts";

it("a thread has a socket for each attempt that it may have in flight, even after its share has changed", () => {
  const config = envToConfig(readEnv({ environment: {} }));
  const limits: { readonly attempts: number; readonly sockets: number }[] = [];
  let [attempts, ofHost] = [0, 0];
  const parts = {
    dispatcher: {
      limit: (most: { concurrency: number; hostConcurrency: number }) =>
        void ([attempts, ofHost] = [most.concurrency, most.hostConcurrency]),
    },
    egress: {
      limitSockets: (most: { maxSockets: number; maxSocketsPerOrigin: number }) => {
        expect(most.maxSocketsPerOrigin).toBe(ofHost);
        limits.push({ attempts, sockets: most.maxSockets });
      },
    },
    transforms: { limit: () => {} },
    store: {},
  };
  for (const threads of [3, 2]) applyShare(shareOf(config, threads), parts);
  expect(limits).toEqual([
    { attempts: 171, sockets: 342 },
    { attempts: 256, sockets: 512 },
  ]);
});
