/** Applications with failed deliveries, inserted into the store of a node: by HTTP, a thousand would take a minute. */
import { generateSecret } from "@posthorn/webhooks";
import type { Services } from "../../src/domain/context.ts";
import { acceptEntry, attemptRecord, successOutcome } from "./store.ts";

export interface SeededEndpoint {
  readonly appKey: number;
  readonly appId: string;
  readonly endpointKey: number;
  readonly endpointId: string;
  readonly messageId: string;
  readonly messageKey: number;
}

export interface SeedOptions {
  readonly count: number;
  readonly url: (index: number) => string;
  /** Status codes of the failed attempts. Default: 503. */
  readonly status?: (index: number) => number;
  /** Whether the endpoint is disabled. Default: no. */
  readonly disabled?: (index: number) => boolean;
}

/** Inserts applications with one endpoint and one failed delivery each. The organisation must exist. */
export async function seedFailures(services: Services, options: SeedOptions): Promise<readonly SeededEndpoint[]> {
  const { store, ids } = services;
  const org = await store.db.selectFrom("organisation").select("id").orderBy("id").executeTakeFirstOrThrow();
  const seeded = Array.from({ length: options.count }, (): SeededEndpoint => {
    const [app, endpoint, message] = [ids.next("app_"), ids.next("ep_"), ids.next("msg_")];
    return {
      appKey: app.key,
      appId: app.id,
      endpointKey: endpoint.key,
      endpointId: endpoint.id,
      messageId: message.id,
      messageKey: message.key,
    };
  });
  for (let start = 0; start < seeded.length; start += 100) {
    await insertResources(services, org.id, seeded.slice(start, start + 100), start, options);
  }
  await Promise.all(seeded.map((one, index) => fail(services, one, options, index)));
  return seeded;
}

async function insertResources(
  { store, secretBox, ids, now }: Services,
  orgId: number,
  seeded: readonly SeededEndpoint[],
  start: number,
  { url, disabled = () => false }: SeedOptions,
): Promise<void> {
  const at = now();
  const none = {
    uid: null,
    throttle_rate: null,
    metadata_json: "{}",
    created_at: at,
    updated_at: at,
    deleted_at: null,
  };
  const apps = seeded.map(({ appKey, appId }, index) => {
    return { id: appKey, public_id: appId, org_id: orgId, name: `Application ${start + index}`, ...none };
  });
  const endpoints = seeded.map(({ appKey, endpointKey, endpointId }, index) => ({
    id: endpointKey,
    public_id: endpointId,
    app_id: appKey,
    url: url(start + index),
    description: "",
    version: 1,
    disabled: disabled(start + index) ? 1 : 0,
    event_types_json: null,
    channels_json: null,
    headers_sealed: null,
    egress_sealed: null,
    ...none,
  }));
  const secrets = seeded.map(({ endpointKey }) => {
    const { key } = ids.next("ep_");
    const sealed = secretBox.seal(generateSecret(), `endpoint_secret.secret_sealed ${endpointKey} ${key}`);
    return { id: key, endpoint_id: endpointKey, secret_sealed: sealed, expires_at: null };
  });
  await store.transaction(async ({ db }) => {
    await db.insertInto("application").values(apps).execute();
    await db.insertInto("endpoint").values(endpoints).execute();
    await db.insertInto("endpoint_secret").values(secrets).execute();
  });
}

async function fail(
  { store, ids }: Services,
  { appKey, endpointKey, messageKey, messageId }: SeededEndpoint,
  { url, status = () => 503 }: SeedOptions,
  index: number,
): Promise<void> {
  await store.accept(
    acceptEntry(messageKey, {
      publicId: messageId,
      appId: appKey,
      endpointIds: [endpointKey],
      due: Date.now() + 3_600_000,
    }),
  );
  const { key, id } = ids.next("atmpt_");
  const ended = { status: 2, responseCode: status(index), errorCode: "status", url: url(index) } as const;
  const attempt = attemptRecord(key, { publicId: id, ...ended });
  await store.record(successOutcome(messageKey, { endpointId: endpointKey, state: 2, attempt }));
}
