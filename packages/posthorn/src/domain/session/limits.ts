/**
 * Limits on failed attempts to sign in: for each account, network address and known browser, on all nodes together.
 *
 * An attempt counts before its password is checked, so that concurrent attempts cannot exceed a limit. Blocks are
 * short, and a browser in which a person has signed in before has a separate limit: strangers who guess passwords
 * cannot keep that person out.
 */
import { PosthornError } from "../../lib/errors.ts";
import type { TransactionServices } from "../context.ts";
import type { Store } from "../../store/store.ts";
import type { Tx } from "../../store/tx.ts";

interface Limit {
  /** Failures without a block. */
  readonly free: number;
  /** Length of the first block. Each further failure doubles it. */
  readonly firstMs: number;
  /** Longest block. Default: 15 minutes. */
  readonly maxMs?: number;
}

export type LimitKind =
  | "account"
  | "address"
  | "browser"
  | "factor"
  | "code"
  | "reset"
  | "mail"
  | "confirmation"
  | "recipient";

const LIMITS: Readonly<Record<LimitKind, Limit>> = {
  account: { free: 5, firstMs: 30_000 },
  browser: { free: 5, firstMs: 30_000 },
  factor: { free: 5, firstMs: 30_000 },
  // Many people may share an address.
  address: { free: 30, firstMs: 30_000 },
  /** User codes of command lines, for each person who enters them. */
  code: { free: 10, firstMs: 30_000 },
  /** Emails with a link for a new password, for each email address. */
  reset: { free: 3, firstMs: 900_000 },
  /** Emails to people whom an organisation invites or helps. */
  mail: { free: 100, firstMs: 900_000 },
  /** Emails that ask to confirm an address, for each address; the applications count together. */
  confirmation: { free: 3, firstMs: 86_400_000, maxMs: 86_400_000 },
  /** The same, for each application: with a portal link, strangers could be sent emails. */
  recipient: { free: 20, firstMs: 86_400_000, maxMs: 86_400_000 },
};
const MAX_BLOCK_MS = 900_000;
/** Failures no longer count after this time without another one. */
const FORGET_MS = 86_400_000;

export interface Subject {
  readonly kind: LimitKind;
  readonly name: string;
}

type LimitServices = Pick<TransactionServices, "now"> & { readonly store: Pick<Store, "transaction"> };

/** Counts an attempt of each subject as failed. Throws `too_many_sign_ins` if one of them is blocked; then none is counted. */
export async function countAttempt(services: LimitServices, subjects: readonly Subject[]): Promise<void> {
  await services.store.transaction(async ({ db }) => {
    for (const subject of subjects) await countOne(db, subject, services.now());
  }, "session.count-attempt");
}

async function countOne(db: Tx["db"], { kind, name }: Subject, now: number): Promise<void> {
  const subject = `${kind}:${name}`;
  const row = await db
    .insertInto("sign_in_failure")
    .values({ subject, failures: 1, blocked_until: 0, expires_at: now + FORGET_MS })
    .onConflict((conflict) =>
      conflict
        .column("subject")
        .doUpdateSet((eb) => ({
          failures: eb
            .case()
            .when("sign_in_failure.expires_at", "<=", now)
            .then(eb.lit(1))
            .else(eb("sign_in_failure.failures", "+", 1))
            .end(),
          expires_at: now + FORGET_MS,
        }))
        .where("sign_in_failure.blocked_until", "<=", now),
    )
    .returning("failures")
    .executeTakeFirst();
  if (row === undefined) throw await blocked(db, subject, now);
  const { free, firstMs, maxMs = MAX_BLOCK_MS } = LIMITS[kind];
  if (row.failures < free) return;
  const blockMs = Math.min(maxMs, firstMs * 2 ** Math.min(20, row.failures - free));
  await db
    .updateTable("sign_in_failure")
    .set({ blocked_until: now + blockMs })
    .where("subject", "=", subject)
    .execute();
}

async function blocked(db: Tx["db"], subject: string, now: number): Promise<PosthornError> {
  const row = await db
    .selectFrom("sign_in_failure")
    .select("blocked_until")
    .where("subject", "=", subject)
    .executeTakeFirst();
  const seconds = Math.max(1, Math.ceil(((row?.blocked_until ?? now) - now) / 1000));
  const wait = seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
  return new PosthornError("too_many_sign_ins", `Too many attempts. Try again in ${wait}.`);
}

/** The attempt has succeeded: forgets the failures of these subjects, and for an address uncounts the attempt. */
export async function clearAttempts(services: LimitServices, subjects: readonly Subject[]): Promise<void> {
  await services.store.transaction(async ({ db }) => {
    for (const { kind, name } of subjects) {
      const subject = `${kind}:${name}`;
      // An attacker who has an account must not be able to reset the count of their address.
      if (kind !== "address") {
        await db.deleteFrom("sign_in_failure").where("subject", "=", subject).execute();
        continue;
      }
      await db
        .updateTable("sign_in_failure")
        .set((eb) => ({ failures: eb("failures", "-", 1), blocked_until: 0 }))
        .where("subject", "=", subject)
        .where("failures", ">", 0)
        .execute();
    }
  }, "session.clear-attempts");
}

/** Subject of a network address. A customer has a whole IPv6 network of 64 bits. */
export function addressSubject(ip: string): Subject {
  const plain = ip.replace(/^::ffff:(?=\d+\.)/i, "");
  return { kind: "address", name: plain.includes(":") ? networkOf(plain) : plain };
}

function networkOf(ip: string): string {
  const [head = "", tail] = ip.split("%")[0]!.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
