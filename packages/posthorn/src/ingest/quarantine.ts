/** Stores requests that failed verification, within bounds and without delaying the response. */
import type { Services } from "../domain/context.ts";
import { sealedIn } from "../store/sealed-columns.ts";
import { encodeRequest, type InboundRequest } from "../domain/message/request.ts";
import { trimQuarantine } from "../domain/quarantine/trim.ts";
import { insertSourceSecret } from "../domain/source/secret.ts";
import type { Redactor } from "../redaction/redactor.ts";
import type { QuarantineTable } from "../store/source-schema.ts";
import type { FunnelCounter } from "./funnel-counter.ts";
import { headerOf } from "./headers.ts";
import type { LiveSource } from "./live-source.ts";
import { DelayedWrites } from "../lib/delayed-writes.ts";

/** Request that failed verification. */
export interface Refused {
  /** Error code of `@posthorn/webhooks`. */
  readonly reason: string;
  readonly detail: string;
  readonly request: InboundRequest;
  readonly body: Uint8Array;
}

/** Largest body that is stored. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Bytes waiting to be written, for one source and in total. Requests beyond that are dropped. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const MAX_ALL_BYTES = 32 * 1024 * 1024;
/** Requests written per source and flush, which bounds the write rate during a flood. */
const MAX_WAITING = 50;
const FLUSH_GAP_MS = 200;

export interface QuarantineOptions {
  readonly services: () => Services;
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  /** Counts rejected requests, including those that are too many to be stored. */
  readonly funnel: Pick<FunnelCounter, "count">;
  readonly onFailure: (error: unknown) => void;
}

/** Builds a row. @param redactor Redacts its body; `null`: no rule applies. */
type MakeRow = (redactor: Redactor | null) => QuarantineTable;

interface Waiting {
  rows: MakeRow[];
  bytes: number;
}

export class Quarantine implements AsyncDisposable {
  readonly #options: QuarantineOptions;
  readonly #waiting = new Map<number, Waiting>();
  #bytes = 0;
  readonly #writes: DelayedWrites;

  constructor(options: QuarantineOptions) {
    this.#options = options;
    const { setTimer, onFailure } = options;
    this.#writes = new DelayedWrites({ delayMs: FLUSH_GAP_MS, setTimer, onFailure, write: () => this.#write() });
  }

  /** Queues a request to be written. A crash can lose it, which is acceptable: its sender received an error. */
  keep(source: LiveSource, refused: Refused): void {
    const { body } = refused;
    this.#options.funnel.count(source.key, "quarantined");
    const waiting = this.#waiting.get(source.key) ?? { rows: [], bytes: 0 };
    const kept = body.byteLength > MAX_BODY_BYTES ? null : body;
    const bytes = kept?.byteLength ?? 0;
    if (waiting.rows.length >= MAX_WAITING || waiting.bytes + bytes > MAX_WAITING_BYTES) return;
    if (this.#bytes + bytes > MAX_ALL_BYTES) return;
    waiting.rows.push(this.#rowOf(source, refused, kept));
    waiting.bytes += bytes;
    this.#bytes += bytes;
    this.#waiting.set(source.key, waiting);
    this.#writes.later();
  }

  /**
   * Stores data that was read but is not an event. Its peer gets an acknowledgement afterwards, so it is stored regardless of its size.
   * Resolves when it is on disk, and rejects when it is not.
   */
  async store(source: LiveSource, refused: Refused): Promise<void> {
    const row = this.#rowOf(source, refused, refused.body);
    const redactor = await this.#redactorOf(source.key);
    await this.#options.services().store.transaction(async (tx) => {
      await tx.db.insertInto("quarantine").values(row(redactor)).execute();
      await trimQuarantine(tx, source.key);
    }, "ingest.quarantine");
    this.#options.funnel.count(source.key, "quarantined");
  }

  async #redactorOf(sourceKey: number): Promise<Redactor | null> {
    const application = await this.#options.services().directory.application(sourceKey);
    return application === null ? null : application.redactor;
  }

  /**
   * Returns a function that builds the row when it is written. A row built earlier might be sealed with a data key that a rotation destroys
   * before the write.
   */
  #rowOf(source: LiveSource, { reason, detail, request, body }: Refused, kept: Uint8Array | null): MakeRow {
    const { ids, secretBox } = this.#options.services();
    const { key, id } = ids.next("quar_");
    const contentType = headerOf(request.headers, "content-type") ?? "";
    return (redactor) => {
      // The event type of a request that was not verified is not known.
      const redacted = kept === null || redactor === null ? null : redactor.redact(kept, contentType, null);
      const place = sealedIn("quarantine.body_sealed", key);
      return {
        id: key,
        public_id: id,
        source_id: source.key,
        reason,
        detail,
        request_json: encodeRequest(request, source.credentials, secretBox, sealedIn("quarantine.request_json", key))
          .json,
        content_type: contentType,
        body: redacted === null ? kept : redacted.body,
        body_bytes: body.byteLength,
        body_sealed: redacted === null ? null : secretBox.sealBytes(kept!, place),
      };
    };
  }

  /** Writes queued requests. */
  flush(): Promise<void> {
    return this.#writes.now();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#writes[Symbol.asyncDispose]();
  }

  /** Stores the secret that a provider sends in its handshake, if the source has no secret yet. */
  async storeFirstSecret(source: LiveSource, secret: string): Promise<void> {
    const services = this.#options.services();
    await services.store.transaction(async (tx) => {
      const { secrets } = await tx.db
        .selectFrom("source_secret")
        .select((eb) => eb.fn.countAll<number>().as("secrets"))
        .where("source_id", "=", source.key)
        .executeTakeFirstOrThrow();
      if (secrets > 0) throw new Error("The source already has a secret.");
      await insertSourceSecret({ services }, tx, source.key, secret);
      tx.signal({ kind: "source", key: source.key });
    }, "ingest.quarantine");
  }

  async #write(): Promise<void> {
    const all = [...this.#waiting];
    this.#waiting.clear();
    this.#bytes = 0;
    if (all.length === 0) return;
    const redactors = new Map<number, Redactor | null>();
    for (const [sourceKey] of all) redactors.set(sourceKey, await this.#redactorOf(sourceKey));
    await this.#options.services().store.transaction(async (tx) => {
      for (const [sourceKey, { rows }] of all) {
        const redactor = redactors.get(sourceKey)!;
        for (const row of rows) await tx.db.insertInto("quarantine").values(row(redactor)).execute();
        await trimQuarantine(tx, sourceKey);
      }
    }, "ingest.quarantine");
  }
}
