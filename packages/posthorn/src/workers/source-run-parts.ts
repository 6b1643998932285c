/** Dependencies of a source run on its node. */
import type { LiveSource } from "../ingest/live-source.ts";
import type { Services } from "../domain/context.ts";
import type { Claimed } from "../domain/source/run.ts";
import type { Arrived } from "../ingest/arrived.ts";
import type { Taken } from "../ingest/intake.ts";
import type {
  ParseJob,
  ParseResult,
  SignedRequest,
  SourceConnections,
  SourceDriver,
  SourceRequest,
  SourceResponse,
  Unreadable,
} from "../sources/driver.ts";
import type { AnySourceKind } from "../sources/kind.ts";
import type { ReadLimiter } from "../sources/limits.ts";
import type { Lease } from "../store/delivery.ts";
import type { OpenSpan } from "../domain/tracing.ts";
import type { Clock } from "../dispatch/types.ts";

/** Services of the node that a run uses. */
export interface SourceRunParts {
  readonly services: () => Services;
  readonly clock: Clock;
  readonly random: () => number;
  /** `undefined`: this node owns everything. `null`: it may not read the source now. */
  readonly lease: (sourceKey: number) => Lease | undefined | null;
  readonly holds: (lease: Lease | undefined) => boolean;
  readonly source: (sourceKey: number) => Promise<LiveSource | null>;
  readonly take: (source: LiveSource, event: Arrived) => Promise<Taken>;
  readonly quarantine: (source: LiveSource, unreadable: Unreadable) => Promise<void>;
  readonly urlOf: (source: LiveSource) => Promise<string>;
  readonly send: (request: SourceRequest, options: SendOptions) => Promise<SourceResponse>;
  readonly sendSigned: (request: SignedRequest, options: SendOptions) => Promise<SourceResponse>;
  readonly parse: (job: ParseJob, turn: ParseTurn) => Promise<ParseResult>;
  readonly connections: SourceConnections;
  readonly driver: (kind: string) => SourceDriver | null;
  readonly limiter: ReadLimiter;
  readonly observer: RunObserver;
}

export interface SendOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export interface ParseTurn {
  readonly orgId: number;
  readonly signal: AbortSignal;
}

export interface RunObserver {
  /** A read has ended. */
  read(kind: string, result: "ok" | "failed"): void;
  stored(kind: string, events: number): void;
  /** A fault of Posthorn or its database. */
  fault(sourceKey: number, error: unknown): void;
}

export interface Reading {
  readonly source: LiveSource;
  readonly kind: AnySourceKind;
  readonly lease: Lease | undefined;
  readonly claimed: Claimed;
  readonly signal: AbortSignal;
}

export type SourceSpan = OpenSpan<{ events: number; error: string | null }>;
