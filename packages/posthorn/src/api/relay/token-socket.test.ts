/** Limits of listeners that have not presented a valid token. */
import { EventEmitter } from "node:events";
import type { FastifyInstance } from "fastify";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Services } from "../../domain/context.ts";
import type { GuardedConnections } from "./guarded.ts";
import { RateLimits } from "../../lib/rate-limiter.ts";
import { registerTokenSocket } from "./token-socket.ts";
import type { SocketUpgrades } from "./upgrades.ts";

class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly close = vi.fn<(code: number, reason: string) => void>();
  readonly terminate = vi.fn<() => void>();
}

/** Opens connections from an address without a network. */
function opener(): (ip: string, socket?: FakeSocket) => Promise<unknown> {
  let handle: (request: object, reply: object) => Promise<unknown> = () => Promise.reject(new Error("no route"));
  const app = { get: (_: string, handler: typeof handle) => (handle = handler) };
  const accepted: FakeSocket[] = [];
  const upgrades = {
    has: () => true,
    accept: (_: unknown, __: unknown, serve: (socket: FakeSocket) => void) => {
      const socket = accepted.shift();
      if (socket !== undefined) serve(socket);
    },
  };
  registerTokenSocket(app as unknown as FastifyInstance, {
    services: {
      rules: { listenTokens: true },
      rateLimits: new RateLimits(() => 0),
      now: () => 0,
    } as unknown as Services,
    upgrades: upgrades as unknown as SocketUpgrades,
    guarded: {} as GuardedConnections,
  });
  return (ip, socket) => {
    if (socket !== undefined) accepted.push(socket);
    return handle({ ip, raw: {} }, {});
  };
}

afterEach(() => vi.useRealTimers());

describe("listeners without a valid token", () => {
  it("share the limit of their IPv6 network, and not that of another one", async () => {
    const open = opener();
    for (let host = 1; host <= 60; host++) await open(`2001:db8:0:1::${host.toString(16)}`);
    await expect(open("2001:db8:0:1:ffff::1")).rejects.toMatchObject({ code: "too_many_requests" });
    await open("2001:db8:0:2::1");
    await open("192.0.2.1");
  });

  it("are rejected once, regardless of how many frames follow", async () => {
    vi.useFakeTimers();
    const socket = new FakeSocket();
    await opener()("192.0.2.1", socket);
    for (let time = 0; time < 5; time++) socket.emit("message", Buffer.from("{"));
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(1008, expect.any(String));
    expect(vi.getTimerCount()).toBe(1);
    socket.emit("close");
    expect(vi.getTimerCount()).toBe(0);
  });
});
