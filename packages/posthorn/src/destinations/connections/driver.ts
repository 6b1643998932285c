/** Interface of the drivers that send messages over a connection. They run in the connector thread. */
import type { DestinationErrorCode, ItemResult, KindConfig, KindMessage } from "../kind.ts";

export type FailedResult = Exclude<ItemResult, { readonly kind: "ok" }>;

/** Who sends messages. */
export interface Caller {
  /** `false`: the caller has canceled the messages, or no longer waits for their results. */
  readonly isWaiting: boolean;
}

/** Takes the result of one message. The first call counts. */
export interface Receipt extends Caller {
  settle(result: ItemResult): void;
  /** `Driver.failure` explains the error. */
  fail(error: unknown): void;
}

/** Takes the results of several messages, each by its position. The first call for a message counts. */
export interface BatchReceipt extends Caller {
  settle(index: number, result: ItemResult): void;
  fail(index: number, error: unknown): void;
}

/** An open connection to one target with one set of credentials. */
export interface Link {
  /**
   * Sends one message. Several messages may be in flight. Either returns a promise, which resolves when the target has stored or refused the
   * message and may reject (`Driver.failure` explains the error), or returns nothing and calls `receipt`, which costs less.
   */
  send(message: KindMessage, receipt: Receipt): Promise<ItemResult> | undefined;
  /**
   * As `send`, for several messages. Resolves with a result per message, or returns nothing and calls `receipt` for
   * each. Absent: they are sent one after the other, without waiting.
   */
  sendAll?(messages: readonly KindMessage[], receipt: BatchReceipt): Promise<readonly ItemResult[]> | undefined;
  /** Closes the connection at once. Messages in flight reject. */
  close(): void | Promise<void>;
}

export interface LinkHost {
  /** Aborts when the connection is no longer needed. */
  readonly signal: AbortSignal;
  /** To be called when the link can no longer be used. The next message opens another one. */
  readonly onDown: (error?: unknown) => void;
}

export interface Driver {
  /** Connects and authenticates. Rejects if that fails, and leaves no socket open in that case. */
  open(config: KindConfig, host: LinkHost): Promise<Link>;
  /** Explains an error of `open` or `send` in the terms of the protocol; `null`: not an error of the protocol. */
  failure(error: unknown): FailedResult | null;
}

/** Helpers for results. A sentence quotes the target with its own code, and says what to do. */
export const retry = (code: DestinationErrorCode, sentence: string): FailedResult => ({
  kind: "retry",
  code,
  sentence,
});
export const refused = (code: DestinationErrorCode, sentence: string): FailedResult => ({
  kind: "refused",
  code,
  sentence,
});
export const closed = (code: DestinationErrorCode, sentence: string): FailedResult => ({
  kind: "closed",
  code,
  sentence,
});
export const later = (code: DestinationErrorCode, sentence: string, afterMs: number): FailedResult => ({
  kind: "later",
  code,
  sentence,
  afterMs,
});

/** Rejection of a driver that already knows the result. */
export class ResultError extends Error {
  readonly result: FailedResult;

  constructor(result: FailedResult) {
    super(result.sentence);
    this.result = result;
  }
}

/** Longest text of a target that a sentence repeats. */
const QUOTE_LENGTH = 300;

/** Text of a target as part of a sentence: on one line, cut, without a full stop at the end. */
export function quoted(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  const cut = line.length > QUOTE_LENGTH ? `${line.slice(0, QUOTE_LENGTH)}…` : line;
  return cut.replace(/\.$/, "");
}
