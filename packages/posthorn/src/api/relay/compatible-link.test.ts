import { EventEmitter } from "node:events";
import { afterEach, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { ACK_MS, RelayConnection } from "../../relay/connection.ts";
import type { RequestFrame } from "../../relay/frames.ts";
import { CompatibleLink } from "./compatible-link.ts";

/** The server's side of a WebSocket. */
class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly done: (readonly [string, string])[] = [];
  isTerminated = false;

  ping(data = ""): void {
    this.done.push(["ping", data]);
  }

  send(data: Buffer | string, { fin = true } = {}): void {
    this.done.push([fin ? "send" : "part", data.toString()]);
  }

  close(code: number): void {
    this.done.push(["close", String(code)]);
  }

  terminate(): void {
    this.isTerminated = true;
    this.emit("close");
  }
}

afterEach(() => void vi.useRealTimers());

function scene() {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
  const clock = new ManualClock();
  const socket = new FakeSocket();
  const link = new CompatibleLink(socket as unknown as WebSocket, {
    token: "c_abc",
    onAck: (id) => connection.receive({ type: "ack", id }),
    onEnd: () => undefined,
  });
  const connection = new RelayConnection({
    session: { key: 1, id: "rls_1", endpointKey: 2, endpointId: "ep_2", appKey: 3 },
    link,
    window: 1,
    setTimer: (ms, callback) => clock.setTimer(ms, callback),
    onEnd: () => undefined,
  });
  const request = (id: string, fields: Partial<RequestFrame> = {}) =>
    connection.request(
      {
        type: "request",
        id,
        timeoutMs: 15_000,
        method: "POST",
        path: "",
        headers: [],
        body: "",
        message: { id: "msg_1", eventType: "a.b", timestamp: "2026-02-03T04:05:06Z", provider: null },
        ...fields,
      },
      new AbortController().signal,
    );
  return { clock, socket, connection, request };
}

it("does not use up an attempt for a request to a client that is asleep", async () => {
  const { clock, socket, request } = scene();
  const answer = request("r1");
  expect(socket.done.map(([what]) => what)).toEqual(["ping", "send"]);
  clock.advance(ACK_MS);
  await expect(answer).resolves.toEqual({ kind: "gone" });
  expect(socket.done.at(-1)).toEqual(["close", "1001"]);
});

it("waits as long as the endpoint allows for a client that responded to the ping before its request", async () => {
  const { clock, socket, connection, request } = scene();
  const answer = request("r1");
  socket.emit("pong", Buffer.from("r1"));
  clock.advance(14_999);
  expect(connection.isEnded).toBe(false);
  clock.advance(1);
  await expect(answer).resolves.toMatchObject({ kind: "error", code: "timeout" });
});

it("does not treat a pong for another ping as an acknowledgement", async () => {
  const { clock, socket, request } = scene();
  const answer = request("r1");
  for (const other of ["", "r2"]) socket.emit("pong", Buffer.from(other));
  clock.advance(ACK_MS);
  await expect(answer).resolves.toEqual({ kind: "gone" });
});

it("sends a large request as one message of several frames, and repeated headers as one value", () => {
  const { socket, request } = scene();
  const headers = [
    ["X-A", "1"],
    ["x-a", "2"],
    ["Host", "example.com"],
  ] as const;
  void request("r1", { body: "A".repeat(2 * 1024 * 1024), headers });
  const kinds = socket.done.map(([what]) => what);
  expect(kinds).toEqual(["ping", "part", "part", "send"]);
  const text = socket.done
    .slice(1)
    .map(([, part]) => part)
    .join("");
  expect(JSON.parse(text)).toMatchObject({ data: { headers: { "x-a": "1, 2" } } });
  expect(text).not.toContain("example.com");
});

it("closes a connection without traffic for longer than a local server may take, and no earlier", () => {
  const { socket } = scene();
  vi.advanceTimersByTime(40_000);
  expect(socket.isTerminated).toBe(false);
  socket.emit("pong", Buffer.from(""));
  vi.advanceTimersByTime(40_000);
  expect(socket.isTerminated).toBe(false);
  vi.advanceTimersByTime(10_000);
  expect(socket.isTerminated).toBe(true);
});
