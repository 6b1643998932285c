/**
 * Links that a server prints when it starts: for the first user, and for the browser of a developer. Separate from the code behind them, which
 * most servers never load.
 */
import type { Store } from "../../store/store.ts";
import type { Services } from "../context.ts";
import { firstOrganisation, LATER_ORGANISATION } from "../organisation/ensure.ts";
import { createOneTime } from "../session/one-time.ts";

const SETUP_MS = 86_400_000;
const DEVELOPER_MS = 86_400_000;

/** Whether this server has no users yet. */
export async function isSetupRequired(store: Pick<Store, "db">): Promise<boolean> {
  return (await store.db.selectFrom("person").select("id").limit(1).executeTakeFirst()) === undefined;
}

/** A link with which the first person creates their account; `null`: there are accounts. Links of earlier starts stay valid for a day. */
export async function createSetupLink(services: Services): Promise<string | null> {
  const { store } = services;
  if (!(await isSetupRequired(store))) return null;
  const orgId = (await firstOrganisation(store.db)) ?? LATER_ORGANISATION;
  const code = await store.transaction(
    async ({ db }) => (await createOneTime(services, db, { kind: "setup", orgId, lifetimeMs: SETUP_MS })).code,
    "user.setup-link",
  );
  return `${services.rules.publicUrl()}/setup#code=${code}`;
}

/** A code with which the browser of a developer gets a session without an account: for `npm start`. */
export async function createDeveloperCode(services: Services): Promise<string> {
  const orgId = (await firstOrganisation(services.store.db)) ?? LATER_ORGANISATION;
  return await services.store.transaction(
    async ({ db }) => (await createOneTime(services, db, { kind: "developer", orgId, lifetimeMs: DEVELOPER_MS })).code,
    "user.developer-code",
  );
}
