import { Egress, type EgressResult, parseAllowList } from "@posthorn/egress";
import { type ReceiverResponse, startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { EndpointSender } from "../../src/destinations/http/request.ts";
import { HttpDestination } from "../../src/destinations/http/http-destination.ts";
import { hostOf } from "../../src/destinations/kinds.ts";
import { Directory } from "../../src/domain/directory.ts";
import type { Store } from "../../src/store/store.ts";
import { insertEndpoint, POLICY_DEFAULTS, servicesOver } from "../support/services.ts";
import { openStore } from "../support/store.ts";
import { type Behaviour, type DestinationBench, destinationSuite } from "./destination.suite.ts";

/** The Vitest project `undici` runs these tests a second time. */
const CLIENT = process.env["POSTHORN_TEST_HTTP_CLIENT"] === "undici" ? "undici" : "builtin";

const TOKEN = "token-that-must-stay-secret";
const PASSWORD = "password-that-must-stay-secret";

/** Behaviours that only other kinds have. */
const WITHOUT = ["refuses", "rejects_credentials", "has_it_already", "echoes"] as const;

const ANSWERS: Readonly<Record<Exclude<Behaviour, (typeof WITHOUT)[number]>, ReceiverResponse>> = {
  accepts: 204,
  fails: { status: 500, body: "broken" },
  asks_to_wait: { status: 429, headers: { "retry-after": "30" } },
  is_closed: 410,
  hangs: "hang",
  breaks_off: "reset",
  accepts_at_length: { body: "a".repeat(100_000) },
};

const timings = { queueMs: 0, dnsMs: null, connectMs: null, tlsMs: null, waitMs: null, bodyMs: null } as const;
const NO_SOCKETS: EgressResult = {
  kind: "error",
  code: "no_sockets",
  fault: "ours",
  message: "no free connection",
  detail: "512 in use",
  timings: { ...timings, totalMs: 1, reused: false },
  peer: null,
};

/** An endpoint of a separate application. */
async function endpointAt(store: Store, url: string, requestTimeoutMs: number) {
  const { services } = servicesOver(store);
  const auth = { type: "basic", user: "me", password: PASSWORD };
  await insertEndpoint(services, url, { "x-api-key": TOKEN }, { auth });
  const policyDefaults = { ...POLICY_DEFAULTS, requestTimeoutMs };
  const { secretBox, now } = services;
  const endpoint = await new Directory({ store, secretBox, now, policyDefaults }).endpoint(1);
  return { endpoint: endpoint!, secretBox };
}

async function open(timeoutMs: number): Promise<DestinationBench> {
  const stack = new AsyncDisposableStack();
  const receiver = stack.use(await startReceiver());
  const egress = stack.use(new Egress({ allow: parseAllowList("loopback"), client: CLIENT }));
  const there = stack.use(await openStore());
  const elsewhere = stack.use(await openStore());
  const { endpoint, secretBox } = await endpointAt(there.store, `${receiver.url}/hook`, timeoutMs);
  const gone = await startReceiver();
  await gone.close();
  const { endpoint: unreachable } = await endpointAt(elsewhere.store, `${gone.url}/hook`, timeoutMs);
  const over = (client: Pick<Egress, "send">) =>
    new HttpDestination({ sender: new EndpointSender(client), now: Date.now, families: ["webhook"], secretBox });
  return {
    destination: over(egress),
    broken: over({ send: () => Promise.resolve(NO_SOCKETS) }),
    endpoint,
    unreachable,
    secrets: [TOKEN, PASSWORD, Buffer.from(`me:${PASSWORD}`).toString("base64")],
    get received() {
      return receiver.requests.map(({ headers, body }) => ({ messageId: headers["webhook-id"]!, body }));
    },
    behave: (behaviour) => receiver.respondWith(ANSWERS[behaviour as keyof typeof ANSWERS]),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

destinationSuite({ kind: "http", open, without: WITHOUT });

describe("the host of an HTTP destination", () => {
  it.each(["https://EXAMPLE.com/a", "http://example.com:8080/b", "https://example.com./c"])(
    "is the same for %s, so that these endpoints share a concurrency limit",
    (url) => {
      expect(hostOf(url)).toBe("example.com");
    },
  );
});
