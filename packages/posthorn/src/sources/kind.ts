/**
 * What each kind of source declares. The API model, validation, sealing, masking, the forms and the documentation follow from it. Pure: a
 * declaration reads nothing. The code that reads is a driver (`driver.ts`).
 */
import type { ConfigOf, Fields, KindConfig } from "../fields/field.ts";

export type { ConfigOf, Fields, KindConfig } from "../fields/field.ts";

export type SourceGroup =
  | "http"
  | "schedule"
  | "web"
  | "calendar"
  | "queue"
  | "stream"
  | "storage"
  | "database"
  | "mail";

interface Declaration<F extends Fields> {
  /** Name of the product or protocol, as its users write it. */
  readonly title: string;
  /** One sentence: what becomes an event. */
  readonly summary: string;
  readonly group: SourceGroup;
  readonly fields: F;
  /** Types of its events. A name in braces is replaced by that field of the configuration. */
  readonly events: readonly { readonly type: string; readonly description: string }[];
  /**
   * Whether an event that is read again, for example after a crash, is recognised and dropped: by an ID that stays the same (`dropped`), or not
   * at all (`possible`).
   */
  readonly repeats: "dropped" | "possible";
  /** Steps in the other product, in order: complete sentences. */
  readonly setup: readonly string[];
  /** Whether it also receives requests at the URL of the source. */
  readonly receives?: boolean;
  /** Further checks of a configuration; `null`: none failed. */
  check?(config: ConfigOf<F>): { readonly field: keyof F & string; readonly problem: string } | null;
  /**
   * What it reads, as a URL without secrets; `null`: nothing outside of Posthorn. Its host shares a limit over all
   * organisations. When it changes, reading starts again, as for a new source.
   */
  target(config: ConfigOf<F>): string | null;
}

/** A kind that is read from time to time. */
export interface PolledKind<F extends Fields> extends Declaration<F> {
  readonly family: "poll";
  /** Milliseconds between two polls; `null`: each poll says when the next one is due. */
  everyMs(config: ConfigOf<F>): number | null;
}

/** A kind that keeps a connection, over which events arrive. */
export interface ListeningKind<F extends Fields> extends Declaration<F> {
  readonly family: "listen";
  /** npm packages that its driver needs, with the major version: `mqtt@5`. */
  readonly packages: readonly string[];
  /** Ports that it may dial in addition to those that the operator allows. Absent: only those. */
  readonly ports?: readonly number[];
  /**
   * The object that reading creates and leaves at the peer, such as a session or a consumer group, by its place and name, without secrets. It
   * is removed when the source is deleted, or when a change of the configuration results in another one. `null`: none. Absent: never any.
   */
  session?(config: ConfigOf<F>): PeerSession | null;
}

export interface PeerSession {
  readonly identity: string;
  /** Whether the user has chosen its name, so that another source could use the same one. */
  readonly isNamedByUser: boolean;
}

/** A kind whose events arrive only as requests to the URL of the source. */
export interface RequestKind<F extends Fields> extends Declaration<F> {
  readonly family: "request";
}

export type AnySourceKind = PolledKind<Fields> | ListeningKind<Fields> | RequestKind<Fields>;

/** Checks a declaration and keeps its exact type. */
export const polledKind = <const F extends Fields>(kind: PolledKind<F>): PolledKind<F> => kind;
export const listeningKind = <const F extends Fields>(kind: ListeningKind<F>): ListeningKind<F> => kind;
export const requestKind = <const F extends Fields>(kind: RequestKind<F>): RequestKind<F> => kind;

/** Shortest time between two polls of a source. */
export const MIN_POLL_SECONDS = 30;

/** Whether reading continues at the same position after a change of the configuration. */
export function keepsCursor(kind: AnySourceKind, before: KindConfig, after: KindConfig): boolean {
  return kind.target(before) === kind.target(after);
}

/** What a source has at its peer; `null`: nothing. */
export function peerSession(kind: AnySourceKind | null, config: KindConfig | null): PeerSession | null {
  return kind?.family === "listen" && config !== null ? (kind.session?.(config) ?? null) : null;
}

/** Host that a source reads; `null`: none. */
export function hostOfTarget(kind: AnySourceKind, config: KindConfig): string | null {
  const target = kind.target(config);
  return target === null ? null : (URL.parse(target)?.hostname.replace(/\.$/, "") ?? target);
}
