/** Sends batches as a lane does: the real sender, destination and connector thread, over a separate store. */
import { Egress, parseAllowList } from "@posthorn/egress";
import { AttemptSteps } from "../../src/delivery/attempt-steps.ts";
import { BatchSender } from "../../src/delivery/batch-sender.ts";
import { ConnectionDestination } from "../../src/destinations/connections/connection-destination.ts";
import { Connector } from "../../src/destinations/connections/connector.ts";
import { vetWith } from "../../src/destinations/connections/vet.ts";
import { destinationsOf } from "../../src/destinations/destinations.ts";
import type { KindConfig } from "../../src/destinations/kind.ts";
import { DESTINATION_KINDS } from "../../src/destinations/kinds.ts";
import type { BatchAttempt, BatchedResult } from "../../src/dispatch/types.ts";
import { checkConfig } from "../../src/fields/config.ts";
import type { Job } from "../../src/store/delivery.ts";
import { insertEndpoint, servicesOver } from "../support/services.ts";
import { acceptEntry, openStore } from "../support/store.ts";

export interface BatchScene extends AsyncDisposable {
  /** Stores messages with these bodies. Returns their jobs. */
  store(bodies: readonly (string | Uint8Array)[], orderKey?: string): Promise<readonly Job[]>;
  send(jobs: readonly Job[], changes?: Partial<BatchAttempt>): Promise<readonly BatchedResult[]>;
}

/** @param values Configuration as a user enters it. */
export async function openBatchScene(kind: string, values: Readonly<Record<string, unknown>>): Promise<BatchScene> {
  await using opening = new AsyncDisposableStack();
  const { store } = opening.use(await openStore());
  const { services } = servicesOver(store);
  const { directory, ids, secretBox, transforms } = services;
  const checked = checkConfig(DESTINATION_KINDS[kind]!, values, null);
  if (checked.kind === "invalid") throw new Error(JSON.stringify(checked.problems));
  const config: KindConfig = checked.config;
  await insertEndpoint(services, "redis://127.0.0.1", {});
  const config_sealed = secretBox.seal(JSON.stringify(config), "endpoint.config_sealed 1");
  await store.transaction(({ db }) => db.updateTable("endpoint").set({ kind, config_sealed }).execute());
  const egress = opening.use(new Egress({ allow: parseAllowList("loopback") }));
  const connector = opening.use(new Connector({ vet: vetWith(egress), onError: () => undefined }));
  const connection = new ConnectionDestination({ connector, now: Date.now, families: ["webhook"] });
  const options = {
    store,
    directory,
    destinations: destinationsOf({ own: {}, http: null, connection }),
    transforms,
    ids,
    secretBox,
    now: Date.now,
    onProblem: () => undefined,
  };
  const sender = new BatchSender(options, new AttemptSteps(options));
  const { batch } = DESTINATION_KINDS[kind]!.limits;
  let last = 0;
  const resources = opening.move();
  return {
    store: (bodies, orderKey) =>
      Promise.all(
        bodies.map(async (body) => {
          const messageId = ++last;
          const payload = Buffer.from(body);
          const entry = acceptEntry(messageId, { publicId: `msg_${process.pid}_${messageId}`, payload });
          await store.accept(entry);
          const { publicId, contentType, due } = entry;
          const fresh = { attempts: 0, generation: 0, trigger: 0, orderingKey: null, requestJson: null } as const;
          const bytes = payload.byteLength;
          const job = { ...fresh, messageId, publicId, contentType, due, bytes, payload: null, endpointId: 1 };
          return { ...job, orderKey: orderKey ?? null };
        }),
      ),
    send: (jobs, changes = {}) =>
      sender.attempt(jobs, {
        policy: { items: batch!.items, bytes: batch!.bytes, waitMs: 0, sharesKeys: true, isKept: false },
        signal: new AbortController().signal,
        maySend: () => true,
        earlier: null,
        kept: null,
        isOrdered: false,
        lease: undefined,
        ...changes,
      }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Short form of a result: `ok`, the error code of an attempt, or the kind of a result without one. */
export function outcomeOf(result: BatchedResult): string {
  if (result.kind !== "made") return result.kind;
  return result.attempt.status === 0 ? "ok" : result.attempt.errorCode!;
}
