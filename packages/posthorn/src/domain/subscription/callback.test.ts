import { expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { openStore } from "../../../test/support/store.ts";
import { systemActor } from "../access.ts";
import { confirmCallback } from "./callback.ts";

const PER_MINUTE = 30;

it("an application that uses up its requests to a host does not affect other applications and hosts", async () => {
  await using files = await openStore();
  const { services: base } = servicesOver(files.store);
  await insertEndpoint(base, "https://example.com/", {});
  const other = { id: 2, public_id: "app_2", org_id: 1, uid: null, name: "Other", throttle_rate: null };
  const times = { created_at: 0, updated_at: 0, deleted_at: null };
  await files.store.transaction(({ db }) =>
    db
      .insertInto("application")
      .values({ ...other, metadata_json: "{}", ...times })
      .execute(),
  );
  const send = ({ body }: { readonly body?: Uint8Array }) =>
    Promise.resolve({ kind: "response", status: 200, headers: {}, body: body!, truncated: false } as const);
  const ctx = {
    services: { ...base, now: () => 0, subscribers: { send } },
    actor: systemActor(1, "org_1"),
    tx: null,
  };
  const ask = (appKey: number, host: string) => {
    const secret = `whsec_${Buffer.alloc(24).toString("base64")}`;
    const to = { callback: `https://${host}/events`, subscription: "sub_1", secret, previousSecret: null };
    return confirmCallback(ctx, appKey, to);
  };
  for (let asked = 0; asked < PER_MINUTE; asked++) await ask(1, "shared.example.com");
  await expect(ask(1, "shared.example.com")).rejects.toMatchObject({ reason: "rate_limited" });
  await ask(1, "other.example.com");
  await ask(2, "shared.example.com");
});
