import { expect, it } from "vitest";
import { systemActor } from "../access.ts";
import { servicesOver } from "../../../test/support/services.ts";
import { openStore } from "../../../test/support/store.ts";
import { ensureOrganisation } from "../organisation/ensure.ts";
import { createSource } from "./create.ts";
import { expireSources } from "./expire.ts";
import { DEFAULT_SETTINGS } from "./source.ts";

it("deletes expired sources, and no others", async () => {
  await using files = await openStore();
  const { services } = servicesOver(files.store);
  const orgPublicId = "org_00000000000000000000000test";
  const orgId = await ensureOrganisation(services, orgPublicId);
  const ctx = { services, actor: systemActor(orgId, orgPublicId), tx: null } as const;
  const input = {
    kind: "webhook",
    kindConfig: null,
    ...DEFAULT_SETTINGS,
    uid: null,
    type: "github",
    config: {},
    metadata: {},
    secrets: ["s"],
  };
  const hour = 3_600_000;
  const start = Date.now();
  for (const [name, expiresAt] of [
    ["ends", start + hour],
    ["stays", null],
    ["later", start + 3 * hour],
  ] as const) {
    await createSource({ ctx, input: { ...input, name, expiresAt } });
  }
  await expireSources({ ...services, now: () => start + 2 * hour }, new AbortController().signal);
  const left = await files.store.db.selectFrom("source").select("name").where("deleted_at", "is", null).execute();
  expect(left.map(({ name }) => name).toSorted()).toEqual(["later", "stays"]);
});
