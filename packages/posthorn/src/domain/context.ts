/**
 * Request context for domain operations: services, caller, and the current transaction, if any.
 *
 * A write transaction holds the only writer of SQLite, or one of a few PostgreSQL connections. Code that may run inside one gets
 * `TransactionServices`, with which it can wait only for the database: external calls are type errors.
 */
import type { Kysely } from "kysely";
import type { IdGenerator } from "../lib/id.ts";
import type { RateLimits } from "../lib/rate-limiter.ts";
import type { ApplicationKind, Database } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import type { SecretBox } from "../lib/secret-box.ts";
import type { Directory } from "./directory.ts";
import type { ProviderApis } from "./backfill/provider-apis.ts";
import type { Actor } from "./access.ts";
import type {
  BacklogSource,
  ClientDocuments,
  ClusterSource,
  DataKeyring,
  DeliveryPauseSource,
  DispatchHints,
  HealthSource,
  SubscriberClient,
  LaneSource,
  RelayListeners,
  RelaySource,
  EndpointVerifier,
  FeedSource,
  StatisticsSource,
  TaskQueue,
  ThreadHealth,
  TokenIssuer,
  TransformRunner,
  UrlChecker,
} from "./ports.ts";
import type { DomainRules } from "./rules.ts";
import type { SourceOperations } from "./source-operations.ts";
import type { Announcer } from "./operational/events.ts";
import type { AuditSigner } from "./audit/signer.ts";
import type { AuditValue } from "./audit/entry.ts";
import type { Mailer } from "./mail/mailer.ts";
import type { Tracing } from "./tracing.ts";
import type { Tx } from "../store/tx.ts";
import type { OidcProtocol } from "./user/identity/protocol.ts";

/** Services for code that may run inside a write transaction: memory, the database, and hints that nothing waits for. */
export interface TransactionServices {
  readonly store: StoreInTransaction;
  readonly ids: IdGenerator;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly secretBox: SecretBox;
  readonly auditSigner: AuditSigner;
  readonly directory: Directory;
  /** Receives hints about new deliveries. */
  readonly dispatch: DispatchHints;
  readonly tokens: Pick<TokenIssuer, "forget">;
  readonly tasks: TaskQueue;
  readonly operational: Announcer;
  readonly health: HealthSource;
  readonly sources: Pick<SourceOperations, "invalidate" | "clear">;
  readonly statistics: Pick<StatisticsSource, "load">;
  readonly backlog: BacklogSource;
  readonly relay: RelaySource;
  readonly cluster: Omit<ClusterSource, "view">;
  readonly rules: DomainRules;
  /** `null`: no traces are exported. */
  readonly tracing: Tracing | null;
}

/** The store as code inside a write transaction sees it: a nested write would deadlock. */
export type StoreInTransaction = Pick<Store, "db" | "hotDb" | "lowestWaiting" | "outage" | "outageMs" | "counters">;

/** All services of the node, for code outside write transactions. */
export interface Services extends TransactionServices {
  readonly store: Store;
  readonly lanes: LaneSource;
  readonly relay: RelayListeners;
  readonly keyring: DataKeyring;
  readonly tokens: TokenIssuer;
  readonly ownership: EndpointVerifier;
  readonly transforms: TransformRunner;
  readonly providerApis: ProviderApis;
  readonly sources: SourceOperations;
  readonly statistics: StatisticsSource;
  readonly cluster: ClusterSource;
  readonly pause: DeliveryPauseSource;
  /** `null`: the process never has more than one thread that runs a node. */
  readonly threads: ThreadHealth | null;
  readonly urls: UrlChecker;
  readonly feeds: FeedSource;
  readonly subscribers: SubscriberClient;
  readonly identityProviders: OidcProtocol;
  readonly clientDocuments: ClientDocuments;
  readonly rateLimits: RateLimits;
  /** `null`: the operator has set up no mail server. */
  readonly mailer: Mailer | null;
}

/** What a call notes for its entry in the audit log. See `AuditTrail`. */
export interface CallAudit {
  /** Runs a write transaction that contains the entry of the call, unless it already has one. */
  within<T>(services: Services, work: (tx: Tx) => Promise<T>, operation?: string): Promise<T>;
  /** The call changed nothing: it has no entry. */
  unchanged(): void;
  /** Notes a resource that was created. */
  created(kind: string, id: string, name?: string | null): void;
  /** Replaces a uid in the request by the id of the resource, and adds its name. */
  found(ref: string, id: string, name: string | null): void;
  /** Notes the application that the call is about. */
  in(application: { readonly key: number; readonly id: string }): void;
  /** Notes the fields that differ. */
  changed(before: object, after: object): void;
  /** Notes a harmless fact, such as how many rows were deleted. */
  fact(name: string, value: AuditValue): void;
}

interface ContextFields {
  readonly actor: Actor;
  /** Kind of applications that the call can see. Default: those of customers. Internal applications have their own paths. */
  readonly applicationKind?: ApplicationKind;
  /** ID of the route, for reports. Absent in background jobs. */
  readonly operation?: string;
  /** Trace context of the caller; absent: none. */
  readonly trace?: string | undefined;
  /** The entry of this call in the audit log; absent: the call has none. */
  readonly audit?: CallAudit | undefined;
}

/** Context of code outside write transactions, which may call external services. */
export interface OutsideContext extends ContextFields {
  readonly services: Services;
  readonly tx: null;
}

/** Context of code inside a write transaction. */
export interface TransactionContext extends ContextFields {
  readonly services: TransactionServices;
  readonly tx: Tx;
}

/** Context of code that may run inside or outside a transaction. */
export type Context = OutsideContext | TransactionContext;

export interface Call<Input, In extends Context = Context> {
  readonly ctx: In;
  readonly input: Input;
}

/** Call of an operation that may wait for something other than the database. */
export type OutsideCall<Input> = Call<Input, OutsideContext>;

/** The database to read from: the current transaction, if any, so that it sees its own writes. */
export function reader(ctx: Context): Kysely<Database> {
  return ctx.tx?.db ?? ctx.services.store.db;
}

/** Runs `work` in the transaction of the context, or in a new one, which also contains the audit entry of the call. */
export function write<T>(ctx: Context, work: (tx: Tx) => Promise<T>): Promise<T> {
  if (ctx.tx !== null) return work(ctx.tx);
  const { services, operation, audit } = ctx;
  return audit === undefined ? services.store.transaction(work, operation) : audit.within(services, work, operation);
}

/** Returns the context without its audit entry, for transactions that are not part of what the caller asked for. */
export function unaudited<Ctx extends Context>(ctx: Ctx): Ctx {
  return { ...ctx, audit: undefined };
}

/** Returns the context for code inside this transaction. */
export function inside({ tx: _outer, services, ...fields }: Context, tx: Tx): TransactionContext {
  return { ...fields, services, tx };
}

/**
 * Runs an operation that reads before it writes in one transaction, so that concurrent changes of different fields are both kept.
 */
export function atomically<Input, Output>(
  { ctx, input }: Call<Input>,
  verb: (call: Call<Input, TransactionContext>) => Promise<Output>,
): Promise<Output> {
  return write(ctx, (tx) => verb({ ctx: inside(ctx, tx), input }));
}
