/** The services of a node without its server and dispatcher, over a real store, with one endpoint. */
import { randomBytes } from "node:crypto";
import { generateSecret } from "@posthorn/webhooks";
import { ALL_KINDS } from "../../src/destinations/kind-rules.ts";
import { ALL_SOURCE_KINDS } from "../../src/sources/kind-rules.ts";
import { AuditSigner } from "../../src/domain/audit/signer.ts";
import { systemTime } from "../../src/lib/clock.ts";
import type { Services } from "../../src/domain/context.ts";
import { Directory } from "../../src/domain/directory.ts";
import { applySignals } from "../../src/domain/signals.ts";
import { IdGenerator } from "../../src/lib/id.ts";
import { RateLimits } from "../../src/lib/rate-limiter.ts";
import type { Store } from "../../src/store/store.ts";
import { SecretBox } from "../../src/lib/secret-box.ts";

export const POLICY_DEFAULTS = {
  retrySchedule: [5000, 300_000],
  requestTimeoutMs: 15_000,
  maxRequestTimeoutMs: 60_000,
  endpointConcurrency: 16,
  autoDisableAfterMs: 432_000_000,
  verification: "off",
  signatureStyle: "standard",
  signatureHeader: "",
  customerAlerts: true,
} as const;

export interface TestServices {
  readonly services: Services;
  /** Endpoints that the dispatcher was notified of. */
  readonly woken: number[];
}

function unused(): never {
  throw new Error("not part of this test");
}

/** Services that delivery tests do not use. */
export const OTHER_SERVICES = {
  tracing: null,
  pause: { current: null },
  threads: null,
  auditSigner: new AuditSigner(randomBytes(32)),
  keyring: { root: { provider: "local", id: "" }, settleMs: 0, createKey: unused, rewrap: unused, refresh: unused },
  tokens: { sign: unused, forget: () => undefined, proof: unused },
  ownership: { ask: unused },
  subscribers: { send: unused },
  mailer: null,
  identityProviders: { begin: unused, complete: unused, endSessionUrl: unused, verifyLogout: unused, check: unused },
  clientDocuments: { fetch: unused },
  rateLimits: new RateLimits(Date.now),
  lanes: { of: () => ({ lane: null, failing: null }), unhealthy: () => Promise.resolve(new Map()) },
  relay: {
    isListening: () => false,
    connect: unused,
    attach: unused,
    forget: unused,
    receive: unused,
    handle: unused,
  },
  transforms: { run: unused, check: unused, convert: unused, describeOpenApi: unused, diagnose: unused },
  operational: { announce: () => Promise.resolve(), wake: () => undefined },
  statistics: {
    refresh: () => Promise.resolve(),
    load: () => ({ inFlight: 0, lanes: 0, queuedBytes: 0, oldestDue: null }),
  },
  backlog: { isFullFor: () => false },
  cluster: { id: 1, alone: true, holdsSlot: true, time: systemTime, view: unused },
  urls: { check: () => Promise.resolve({ allowed: true, addresses: [] }) },
  providerApis: { send: unused, take: unused },
  feeds: { horizon: unused, known: 0, wait: unused },
  sources: {
    invalidate: () => undefined,
    clear: () => undefined,
    release: unused,
    sample: unused,
    resign: unused,
    test: unused,
    diagnose: unused,
  },
} satisfies Partial<Services>;

export const TEST_RULES: Services["rules"] = {
  kinds: ALL_KINDS,
  sourceKinds: ALL_SOURCE_KINDS,
  sourceQuota: 1000,
  mailDomain: "",
  maxPayloadBytes: 1024,
  maxInboundBytes: 1024,
  normaliseUrl: (url) => url,
  normaliseAllow: (words) => words,
  refusedWords: () => [],
  refusedProxy: () => null,
  egressProblem: () => null,
  policyDefaults: POLICY_DEFAULTS,
  addressProblem: () => null,
  retention: { payloadMs: 86_400_000, attemptMs: 86_400_000, failureMs: 86_400_000 },
  watches: { max: 1000, maxKeys: 100_000 },
  environment: "",
  portalLook: { name: null, logo: null, colour: null, font: null },
  portalDocs: null,
  connectedClients: { registration: "off", write: false },
  publicUrl: () => "",
  ingestUrl: () => "",
  separateIngest: false,
  traceUrl: "",
  listenTokens: true,
};

export function servicesOver(store: Store): TestServices {
  const secretBox = SecretBox.withKey(randomBytes(32));
  const woken: number[] = [];
  const services: Services = {
    ...OTHER_SERVICES,
    store,
    secretBox,
    ids: new IdGenerator(Date.now),
    now: Date.now,
    directory: new Directory({ store, secretBox, now: Date.now, policyDefaults: POLICY_DEFAULTS }),
    dispatch: {
      push: unused,
      look: unused,
      wake: (endpointId) => void woken.push(endpointId),
      tryNow: unused,
      revoke: () => undefined,
    },
    tasks: { start: () => undefined },
    health: { streak: () => null, forget: () => undefined },
    rules: TEST_RULES,
  };
  store.onSignal((signals) => applySignals(services, signals));
  return { services, woken };
}

/** Application 1 with endpoint 1, which has these custom headers. */
export async function insertEndpoint(
  { store, secretBox }: Services,
  url: string,
  headers: object,
  egress: object | null = null,
): Promise<void> {
  const times = { created_at: 0, updated_at: 0, deleted_at: null };
  const none = { uid: null, throttle_rate: null, metadata_json: "{}" };
  await store.transaction(async ({ db }) => {
    await db
      .insertInto("application")
      .values({ id: 1, public_id: "app_1", org_id: 1, name: "Test", ...none, ...times })
      .execute();
    await db
      .insertInto("endpoint")
      .values({
        id: 1,
        public_id: "ep_1",
        app_id: 1,
        url,
        description: "",
        version: 1,
        disabled: 0,
        event_types_json: null,
        channels_json: null,
        headers_sealed: secretBox.seal(JSON.stringify(headers), "endpoint.headers_sealed 1"),
        egress_sealed: egress === null ? null : secretBox.seal(JSON.stringify(egress), "endpoint.egress_sealed 1"),
        ...none,
        ...times,
      })
      .execute();
    await db
      .insertInto("endpoint_secret")
      .values({
        id: 1,
        endpoint_id: 1,
        secret_sealed: secretBox.seal(generateSecret(), "endpoint_secret.secret_sealed 1 1"),
        expires_at: null,
      })
      .execute();
  });
}
