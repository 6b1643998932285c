/** Runs the conformance suite for an HTTP kind, with a stand-in that receives its requests whatever host they are for. */
import { Egress, type EgressRequest, type EgressResult, parseAllowList } from "@posthorn/egress";
import { type Received, type ReceiverBehaviour, type ReceiverResponse, startReceiver } from "@posthorn/testkit";
import type { KindAuthorizer } from "../../src/destinations/auth/authorizer.ts";
import { CloudAuthorizer } from "../../src/destinations/auth/cloud-authorizer.ts";
import { checkConfig, secretsOf } from "../../src/fields/config.ts";
import { EndpointSender } from "../../src/destinations/http/request.ts";
import type { KindConfig } from "../../src/destinations/kind.ts";
import { kindNamed } from "../../src/destinations/kinds.ts";
import { ShapedDestination } from "../../src/destinations/shaped/shaped-destination.ts";
import { Directory } from "../../src/domain/directory.ts";
import type { DirectoryEndpoint } from "../../src/domain/directory-endpoint.ts";
import type { Store } from "../../src/store/store.ts";
import { insertEndpoint, POLICY_DEFAULTS, servicesOver } from "../support/services.ts";
import { openStore } from "../support/store.ts";
import type { Behaviour, DestinationBench, ReceivedMessage, SuiteOptions } from "./destination.suite.ts";

/** A server that repeats the request, to show that secrets are hidden in what is recorded. */
export function echoes({ headers, body }: Received): ReceiverResponse {
  return { status: 500, body: `${JSON.stringify(headers)}${body.toString("utf8")}` };
}

/** Responses of the stand-in. A behaviour without one is not tested, unless it is the same for every server. */
export type Responses = Partial<Readonly<Record<Behaviour, ReceiverBehaviour>>> & {
  readonly accepts: ReceiverBehaviour;
};

export interface HttpKindBenchOptions {
  /** Reads the message from a request that the stand-in received. */
  readonly read?: (request: Received) => ReceivedMessage;
  readonly authorizer?: KindAuthorizer;
  /** Members of the configuration without which the kind has no batches. */
  readonly forBatches?: Readonly<Record<string, unknown>>;
}

/** Responses that are the same for every server. */
const EVERYWHERE: Partial<Readonly<Record<Behaviour, ReceiverBehaviour>>> = {
  fails: { status: 500, body: "broken" },
  hangs: "hang",
  breaks_off: "reset",
};
const BEHAVIOURS: readonly Behaviour[] = [
  "accepts",
  "fails",
  "asks_to_wait",
  "refuses",
  "is_closed",
  "hangs",
  "breaks_off",
  "accepts_at_length",
  "rejects_credentials",
  "has_it_already",
  "echoes",
];
/** Larger bodies would only make the test slow. */
const MAX_TESTED_BYTES = 16 * 1024 * 1024;
const HEADER_SECRET = "header-that-must-stay-secret";

const NO_SOCKETS: EgressResult = {
  kind: "error",
  code: "no_sockets",
  fault: "ours",
  message: "no free connection",
  detail: "512 in use",
  timings: {
    queueMs: 0,
    dnsMs: null,
    connectMs: null,
    tlsMs: null,
    waitMs: null,
    bodyMs: null,
    totalMs: 1,
    reused: false,
  },
  peer: null,
};

/** Sends requests to a stand-in instead of the host that they are for. */
class RedirectedSender extends EndpointSender {
  readonly #standIn: (endpoint: DirectoryEndpoint) => string;

  constructor(egress: Pick<Egress, "send">, standIn: (endpoint: DirectoryEndpoint) => string) {
    super(egress);
    this.#standIn = standIn;
  }

  override send(endpoint: DirectoryEndpoint, plain: EgressRequest): Promise<EgressResult> {
    const { pathname, search } = new URL(plain.url);
    return super.send(endpoint, { ...plain, url: `${this.#standIn(endpoint)}${pathname}${search}` });
  }
}

/**
 * Options of the conformance suite for an HTTP kind:
 *
 * ```ts
 * destinationSuite(httpKindBench("slack", { webhookUrl: "https://hooks.slack.com/services/T0/B0/x" }, { accepts: { body: "ok" } }));
 * ```
 *
 * @param config As a user would enter it. Its secrets must be unlike any other text of the test.
 */
export function httpKindBench(
  name: string,
  config: Readonly<Record<string, unknown>>,
  respond: Responses,
  options: HttpKindBenchOptions = {},
): SuiteOptions {
  const responses: Responses = { ...EVERYWHERE, ...respond };
  const kind = kindNamed(name);
  if (kind === null) throw new Error(`there is no destination kind ${name}`);
  const openWith = (changes: Readonly<Record<string, unknown>>) => {
    const checked = checkConfig(kind, { ...config, ...changes }, null);
    if (checked.kind === "invalid") throw new Error(JSON.stringify(checked.problems));
    return (timeoutMs: number) => open({ name, config: checked.config, responses, options, timeoutMs });
  };
  const { bodyBytes } = kind.limits;
  return {
    kind: name,
    open: openWith({}),
    openForBatches: openWith(options.forBatches ?? {}),
    without: BEHAVIOURS.filter((behaviour) => responses[behaviour] === undefined),
    ...(bodyBytes <= MAX_TESTED_BYTES ? { maxBodyBytes: bodyBytes } : {}),
  };
}

interface OpenOptions {
  readonly name: string;
  readonly config: KindConfig;
  readonly responses: Responses;
  readonly options: HttpKindBenchOptions;
  readonly timeoutMs: number;
}

async function open({ name, config, responses, options, timeoutMs }: OpenOptions): Promise<DestinationBench> {
  const stack = new AsyncDisposableStack();
  const receiver = stack.use(await startReceiver({ response: responses.accepts }));
  const egress = stack.use(new Egress({ allow: parseAllowList("loopback") }));
  const there = stack.use(await openStore());
  const elsewhere = stack.use(await openStore());
  const endpoint = await endpointIn(there.store, name, config, timeoutMs);
  const unreachable = await endpointIn(elsewhere.store, name, config, timeoutMs);
  const gone = await startReceiver();
  await gone.close();
  const { authorizer = new CloudAuthorizer(), read = unread } = options;
  const over = (client: Pick<Egress, "send">) =>
    new ShapedDestination({
      sender: new RedirectedSender(client, (to) => (to === unreachable ? gone.url : receiver.url)),
      authorizer,
      now: Date.now,
      families: ["webhook"],
      batchId: () => "batch_1",
      cursorOf: () => Promise.resolve("cursor"),
    });
  return {
    destination: over(egress),
    broken: over({ send: () => Promise.resolve(NO_SOCKETS) }),
    endpoint,
    unreachable,
    secrets: [HEADER_SECRET, ...secretsOf(kindNamed(name)!, config)],
    get received() {
      return receiver.requests.map(read);
    },
    behave: (behaviour) => receiver.respondWith(responses[behaviour]!),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function unread(): ReceivedMessage {
  return { messageId: null, body: null };
}

/** The endpoint of a separate application. */
async function endpointIn(
  store: Store,
  kind: string,
  config: KindConfig,
  requestTimeoutMs: number,
): Promise<DirectoryEndpoint> {
  const { services } = servicesOver(store);
  await insertEndpoint(services, kindNamed(kind)!.target(config), { "x-api-key": HEADER_SECRET });
  const config_sealed = services.secretBox.seal(JSON.stringify(config), "endpoint.config_sealed 1");
  await store.transaction(({ db }) => db.updateTable("endpoint").set({ kind, config_sealed }).execute());
  const policyDefaults = { ...POLICY_DEFAULTS, requestTimeoutMs };
  const { secretBox, now } = services;
  return (await new Directory({ store, secretBox, now, policyDefaults }).endpoint(1))!;
}
