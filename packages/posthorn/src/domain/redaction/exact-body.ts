/** Exact bodies of redacted messages: how they are encrypted, and how deliveries read them. */
import type { Kysely } from "kysely";
import { Coalescer } from "../../lib/coalescer.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import type { Redaction } from "../../redaction/redactor.ts";
import type { Database } from "../../store/schema.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import type { ExactBody } from "../../store/store.ts";

/** Body and redacted parts of a message, as deliveries use them. */
export type OpenBody = Pick<ExactBody, "body" | "spans">;

const NEWLINE = 0x0a;

/** @param isDelivered Whether the message has deliveries. Without one, nothing needs the exact body, unless it is kept for a while. */
export function exactBodyOf(
  secretBox: SecretBox,
  { key, body, isDelivered }: { readonly key: number; readonly body: Uint8Array; readonly isDelivered: boolean },
  { spans, keepExactMs: keepMs }: Redaction,
): ExactBody {
  const sealed = isDelivered || keepMs > 0 ? sealBody(secretBox, key, { body, spans }) : null;
  return { body, spans, sealed, keepMs };
}

function sealBody(secretBox: SecretBox, messageKey: number, { body, spans }: OpenBody): Uint8Array {
  const plain = Buffer.concat([Buffer.from(`${JSON.stringify(spans)}\n`), body]);
  return secretBox.sealBytes(plain, sealedIn("exact_body.body_sealed", messageKey));
}

/** Decrypts an exact body. */
export function openBody(secretBox: SecretBox, messageKey: number, sealed: Uint8Array): OpenBody {
  const plain = secretBox.openBytes(sealed, sealedIn("exact_body.body_sealed", messageKey));
  const end = plain.indexOf(NEWLINE);
  return { spans: JSON.parse(plain.toString("latin1", 0, end)) as number[], body: plain.subarray(end + 1) };
}

const LIMITS = { items: 32, bytes: 4 * 1024 * 1024, requests: 2 } as const;

/** Reads exact bodies for deliveries. Requests that arrive while a query is in flight share the next one. */
export class ExactBodies {
  readonly #reads: Coalescer<number, OpenBody | null>;

  constructor(db: Kysely<Database>, secretBox: SecretBox) {
    this.#reads = new Coalescer(LIMITS, async (keys) => {
      const rows = await db
        .selectFrom("exact_body")
        .select(["message_id", "body_sealed"])
        .where("message_id", "in", keys)
        .execute();
      const sealed = new Map(rows.map((row) => [row.message_id, row.body_sealed]));
      return keys.map((key) => (sealed.has(key) ? openBody(secretBox, key, sealed.get(key)!) : null));
    });
  }

  /** `null`: it was destroyed. @param bytes Its size. */
  read(messageKey: number, bytes: number): Promise<OpenBody | null> {
    return this.#reads.add(messageKey, bytes);
  }
}
