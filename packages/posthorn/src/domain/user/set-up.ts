/** The first person of a server, who becomes the owner: through the link of `start-links.ts`. */
import { PosthornError } from "../../lib/errors.ts";
import { recordPersonAction } from "../audit/person.ts";
import type { Services } from "../context.ts";
import { LATER_ORGANISATION, ownOrganisation } from "../organisation/ensure.ts";
import { findOneTime, takeOneTime } from "../session/one-time.ts";
import { type Attempt, completeSignIn, type SignInResult } from "../session/sign-in.ts";
import { insertMembership, insertPerson, type ReadyAccount } from "./account.ts";
import { normaliseEmail } from "./email.ts";
import { hashPassword } from "./password-hash.ts";
import { checkNewPassword } from "./password-rules.ts";

export interface NewAccount {
  readonly email: string;
  readonly name: string;
  readonly password: string;
}

/** Creates the owner, and signs them in. All setup links end with it. */
export async function setUp(
  services: Services,
  code: string,
  account: NewAccount,
  attempt: Attempt,
): Promise<SignInResult> {
  await findOneTime(services.store.db, "setup", code, services.now());
  const ready = await prepareAccount(account);
  const own = await ownOrganisation(services);
  return await services.store.transaction(async (tx) => {
    const { org_id: named } = await takeOneTime(tx.db, "setup", code, services.now());
    const orgId = named === LATER_ORGANISATION ? own : named;
    const existing = await tx.db.selectFrom("person").select("id").limit(1).executeTakeFirst();
    if (existing !== undefined) {
      throw new PosthornError("conflict", "This server has users already. Ask one of them for an invitation.");
    }
    const person = await insertPerson(services, tx, ready);
    await insertMembership(services, tx, { personKey: person.id, orgId, appKey: null, role: "owner" });
    await tx.db.deleteFrom("person_token").where("kind", "=", "setup").execute();
    await recordPersonAction(services, tx, { orgId, action: "user.set-up", personKey: person.id, client: attempt });
    return await completeSignIn(services, tx, person, attempt);
  }, "user.set-up");
}

/** Checks a new account, and hashes its password: before the transaction, because that takes long. */
export async function prepareAccount({ email, name, password }: NewAccount): Promise<ReadyAccount> {
  const address = normaliseEmail(email);
  await checkNewPassword(password, [address, name]);
  return { email: address, name: name.trim(), passwordHash: await hashPassword(password) };
}
