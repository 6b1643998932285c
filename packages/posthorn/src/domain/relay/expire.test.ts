import { expect, it } from "vitest";
import { servicesOver } from "../../../test/support/services.ts";
import { openStore } from "../../../test/support/store.ts";
import { connectSession, endSessions, LEASE_MS } from "../../relay/sessions.ts";
import { systemActor } from "../access.ts";
import { createApplication } from "../application/create.ts";
import { ensureOrganisation } from "../organisation/ensure.ts";
import { expireListeners, IDLE_LISTENER_MS } from "./expire.ts";
import { openRelaySession } from "./open.ts";

it("deletes endpoints without a listener for a month, and keeps those that have one or had one in that time", async () => {
  await using files = await openStore();
  const { store } = files;
  const { services } = servicesOver(store);
  const orgPublicId = "org_00000000000000000000000test";
  const actor = systemActor(await ensureOrganisation(services, orgPublicId), orgPublicId);
  const ctx = { services, actor, tx: null } as const;
  const input = { name: "Acme", uid: "acme", throttleRate: null, metadata: {} };
  await createApplication({ ctx, input });
  const start = services.now();
  const end = start + IDLE_LISTENER_MS + 3_600_000;
  const invite = (name: string) =>
    openRelaySession({
      ctx,
      input: {
        app: "acme",
        name,
        share: "all",
        clientId: `client-${name}`,
        clientName: name,
        takeOver: false,
        eventTypes: null,
        filter: null,
        since: null,
        keep: null,
        resigns: false,
        isResumed: false,
      },
    });
  const connect = async (name: string, now: number) => {
    const { ticket } = await invite(name);
    return connectSession(store, { ticket, nodeId: 1, transport: "websocket", share: "all", now });
  };
  const expire = (now: number) => expireListeners({ ...services, now: () => now }, new AbortController().signal);
  await invite("never");
  await expire(start);
  const ended = await connect("ended", start);
  const recent = await connect("recent", start);
  await connect("long", start);
  await store.transaction(async (tx) => {
    await endSessions(tx, [{ key: ended.id, endpointKey: ended.endpoint_id }], start);
    await endSessions(tx, [{ key: recent.id, endpointKey: recent.endpoint_id }], end - 1000);
    await tx.db
      .updateTable("relay_session")
      .set({ lease_until: end + LEASE_MS })
      .where("node_id", "is not", null)
      .execute();
  }, "test");
  const tokenFor = (id: number, expiresAt: number) => ({
    id,
    org_id: actor.orgId,
    app_id: ended.app_id,
    endpoint_id: ended.endpoint_id,
    name: "ended",
    hash: Buffer.from([id]),
    token_end: "abcd",
    principal: "key:1",
    principal_token_hash: null,
    created_at: start,
    expires_at: expiresAt,
  });
  await store.transaction(
    ({ db }) =>
      db
        .insertInto("listen_token")
        .values([tokenFor(1, end - 1), tokenFor(2, end + 2)])
        .execute(),
    "test",
  );
  await expire(start);
  expect(await store.db.selectFrom("listen_token").select("id").execute()).toHaveLength(2);
  // Stored by a version that did not record it.
  await invite("earlier");
  await expire(end);
  const left = await store.db.selectFrom("endpoint").select("uid").where("deleted_at", "is", null).execute();
  expect(new Set(left.map(({ uid }) => uid))).toEqual(new Set(["listen-long", "listen-recent", "listen-earlier"]));
  expect(await store.db.selectFrom("listen_token").select("id").execute()).toEqual([]);
  const entries = await store.db.selectFrom("audit_entry").select("action").execute();
  expect(entries.filter(({ action }) => action === "system.endpoint.expire")).toHaveLength(2);
});
