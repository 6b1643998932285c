import { expect, it } from "vitest";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import type { OutgoingMessage, SendResult } from "../destination.ts";
import { type JoinedSend, JoinedSends, type JoinLimits } from "./joined-sends.ts";

const JOIN: JoinLimits = { items: 3, bytes: 100, sharesKeys: true };
const endpointOf = (id: string): DirectoryEndpoint => ({ id }) as DirectoryEndpoint;
const ONE = endpointOf("ep_1");
const { signal } = new AbortController();

interface Given {
  readonly endpoint?: DirectoryEndpoint;
  readonly bytes?: number;
  readonly orderingKey?: string | null;
  readonly abort?: AbortSignal;
  readonly join?: JoinLimits;
}

/** Sends one message for each of these in one turn. @returns The messages of each request. */
async function requestsFor(given: readonly Given[]): Promise<readonly (readonly string[])[]> {
  const requests: string[][] = [];
  const joined = new JoinedSends((sends) => {
    requests.push(idsOf(sends));
    return Promise.resolve(sends.map(({ outgoing }) => resultOf(outgoing.messageId)));
  });
  const results = await Promise.all(
    given.map(({ endpoint = ONE, bytes = 1, orderingKey = null, abort = signal, join = JOIN }, index) => {
      const body = new Uint8Array(bytes);
      const outgoing = { messageId: String(index), endpoint, body, facts: { orderingKey } } as OutgoingMessage;
      return joined.add(outgoing, { signal: abort, maySend: () => true }, join);
    }),
  );
  expect(results).toEqual(given.map((_, index) => resultOf(String(index))));
  return requests;
}

function idsOf(sends: readonly JoinedSend[]): string[] {
  return sends.map(({ outgoing }) => outgoing.messageId);
}

function resultOf(response: string): SendResult {
  return { kind: "own_fault", problem: { code: "test", detail: response, origin: "" } };
}

it("joins the messages of a turn, each with its own result", async () => {
  expect(await requestsFor([{}, {}])).toEqual([["0", "1"]]);
});

it("sends no more messages and bytes in a request than allowed", async () => {
  expect(await requestsFor([{}, {}, {}, {}])).toEqual([["0", "1", "2"], ["3"]]);
  expect(await requestsFor([{ bytes: 60 }, { bytes: 40 }, { bytes: 1 }])).toEqual([["0", "1"], ["2"]]);
  expect(await requestsFor([{ bytes: 500 }, {}])).toEqual([["0"], ["1"]]);
});

it("does not join messages of different endpoints, or with different abort signals", async () => {
  expect(await requestsFor([{}, { endpoint: endpointOf("ep_2") }, {}])).toEqual([["0", "2"], ["1"]]);
  expect(await requestsFor([{}, { abort: new AbortController().signal }])).toEqual([["0"], ["1"]]);
});

it("joins messages with one ordering key only if the target accepts all of them or none", async () => {
  const ordered = { join: { ...JOIN, sharesKeys: false } };
  const keyed = [{ orderingKey: "a" }, { orderingKey: "b" }, { orderingKey: "a" }];
  expect(await requestsFor(keyed.map((one) => ({ ...one, ...ordered })))).toEqual([["0", "1"], ["2"]]);
  expect(await requestsFor(keyed)).toEqual([["0", "1", "2"]]);
  expect(await requestsFor([ordered, ordered])).toEqual([["0", "1"]]);
});

it("sends a single message before the next turn", async () => {
  const sent: string[] = [];
  const joined = new JoinedSends((sends) => {
    sent.push(...idsOf(sends));
    return Promise.resolve(sends.map(() => resultOf("")));
  });
  const add = (messageId: string): Promise<SendResult> => {
    const outgoing = { messageId, endpoint: ONE, body: new Uint8Array(1), facts: null } as OutgoingMessage;
    return joined.add(outgoing, { signal, maySend: () => true }, JOIN);
  };
  const first = add("1");
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toEqual(["1"]);
  await Promise.all([first, add("2")]);
  expect(sent).toEqual(["1", "2"]);
});

it("rejects all messages of a request that throws", async () => {
  const joined = new JoinedSends(() => Promise.reject(new Error("broken")));
  const outgoing = {
    messageId: "1",
    endpoint: ONE,
    body: new Uint8Array(1),
    facts: null,
  } as unknown as OutgoingMessage;
  const sends = [1, 2].map(() => joined.add(outgoing, { signal, maySend: () => true }, JOIN));
  for (const result of await Promise.allSettled(sends)) expect(result.status).toBe("rejected");
});
