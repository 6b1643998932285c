/** Connections of listeners: what they send at once, and what they reject. */
import { expect, it } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { type RelayAnswer, RelayConnection } from "./connection.ts";
import { MAX_RELAY_BODY_CHARACTERS, type RequestFrame, type ServerFrame } from "./frames.ts";

const MIB = 1024 * 1024;

function scene() {
  const clock = new ManualClock();
  const sent: ServerFrame[] = [];
  const connection = new RelayConnection({
    session: { key: 1, id: "rls_1", endpointKey: 2, endpointId: "ep_2", appKey: 3 },
    link: { send: (frame) => void sent.push(frame), close: () => undefined },
    window: 10,
    setTimer: (ms, callback) => clock.setTimer(ms, callback),
    onEnd: () => undefined,
  });
  const requested = (): string[] => sent.flatMap((frame) => (frame.type === "request" ? [frame.id] : []));
  const request = (id: string, characters: number): Promise<RelayAnswer> =>
    connection.request(frameOf(id, characters), new AbortController().signal);
  return { clock, connection, requested, request };
}

function frameOf(id: string, characters: number): RequestFrame {
  const message = { id: `msg_${id}`, eventType: "a.b", timestamp: "2026-02-03T04:05:06Z", provider: null };
  const body = "A".repeat(characters);
  return { type: "request", id, timeoutMs: 600_000, method: "POST", path: "", headers: [], body, message };
}

function answer(connection: RelayConnection, id: string): void {
  connection.receive({ type: "response", id, status: 204, headers: [], body: "", truncated: false, durationMs: 1 });
}

it("rejects one request that is too large, and continues with the others", async () => {
  const { connection, requested, request } = scene();
  const large = request("large", MAX_RELAY_BODY_CHARACTERS + 4);
  const small = request("small", 4);
  await expect(large).resolves.toMatchObject({
    kind: "error",
    code: "too_large",
    message: expect.stringContaining("32 MiB"),
  });
  expect(requested()).toEqual(["small"]);
  answer(connection, "small");
  await expect(small).resolves.toMatchObject({ kind: "response", status: 204 });
  expect(connection.isEnded).toBe(false);
});

it("sends large requests one after the other, in their order", async () => {
  const { connection, requested, request } = scene();
  const answers = [request("1", 30 * MIB), request("2", 30 * MIB), request("3", 4)];
  expect(requested()).toEqual(["1"]);
  answer(connection, "1");
  expect(requested()).toEqual(["1", "2", "3"]);
  for (const id of ["2", "3"]) answer(connection, id);
  await Promise.all(answers);
});

it("gives a large request more time to be acknowledged", async () => {
  const { clock, connection, request } = scene();
  const large = request("1", 30 * MIB);
  clock.advance(60_000);
  expect(connection.isEnded).toBe(false);
  connection.receive({ type: "ack", id: "1" });
  clock.advance(300_000);
  expect(connection.isEnded).toBe(false);
  const small = request("2", 4);
  clock.advance(11_000);
  expect(connection.isEnded).toBe(true);
  await expect(Promise.all([large, small])).resolves.toEqual([{ kind: "gone" }, { kind: "gone" }]);
});

it("processes one ready frame per second", () => {
  const { connection } = scene();
  expect([0, 10, 999, 1000, 1500, 2100].map((now) => connection.ready(now))).toEqual([
    true,
    false,
    false,
    true,
    false,
    true,
  ]);
});
