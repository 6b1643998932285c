/**
 * The connector thread as seen from the main thread. The thread starts with the first message, and again after it has
 * ended. Deadlines are kept here, so that an unresponsive thread delays nothing: it is terminated, and its messages
 * count as faults of Posthorn.
 */
import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import { LRUCache } from "lru-cache";
import { threadFile } from "../../lib/thread-file.ts";
import type { KindConfig, KindMessage } from "../kind.ts";
import { type ListenRequest, type ListenResult, ListeningRequests, type RemoveRequest } from "./listening.ts";
import { type Cell, MessageWriter } from "./message-cells.ts";
import { PendingSends } from "./pending-sends.ts";
import type {
  FromThread,
  LinkSpec,
  ListenEnd,
  PostToThread,
  ThreadCounts,
  ThreadOptions,
  ThreadResult,
  ToThread,
  VetResult,
} from "./protocol.ts";

export interface ConnectorOptions extends Partial<ThreadOptions> {
  /** Resolves the host of a connection and checks port and addresses. Must not reject. */
  readonly vet: (request: VetRequest) => Promise<VetResult>;
  /** Called when the thread ended unexpectedly. */
  readonly onError: (error: Error) => void;
  /** Largest heap of the thread, in MiB. Default: 512. */
  readonly heapMb?: number;
  /** A thread that does not respond for this long is ended. Default: 15 seconds. */
  readonly stuckMs?: number;
}

export interface VetRequest {
  readonly kind: string;
  readonly host: string;
  readonly port: number;
  /** Address rules of the application; `null`: the platform's. */
  readonly allow: string | null;
}

export interface ConnectorRequest {
  readonly kind: string;
  readonly config: KindConfig;
  /** Application. */
  readonly tenant: number;
  /** Address rules of the application; `null`: the platform's. */
  readonly allow: string | null;
  /** Of one endpoint; at least one. */
  readonly messages: readonly KindMessage[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called right before the message is sent. `false`: it may not be sent. */
  readonly maySend: () => boolean;
}

export type ConnectorResult =
  | ThreadResult
  | { readonly kind: "timeout" }
  /** The caller canceled it, or it may no longer be sent. */
  | { readonly kind: "canceled" };

/** Current numbers for metrics. */
export interface ConnectorStats {
  readonly isRunning: boolean;
  /** Open connections by kind. */
  readonly connections: Readonly<Record<string, number>>;
  /** Messages that are waiting for their result, by kind. */
  readonly inFlight: Readonly<Record<string, number>>;
  /** How often the thread has ended unexpectedly since the process started. */
  readonly failures: number;
  /** Heap and buffers of the thread; 0 while it does not run. */
  readonly memoryBytes: number;
}

const MAX_LINKS = 500;
const MAX_LINKS_PER_TENANT = 25;
const IDLE_MS = 60_000;
const HEAP_MB = 512;
const STUCK_MS = 30_000;
const RESTART_MS = 1000;
/** A post with more bytes in bodies is sent at once instead of at the end of the turn. */
const POST_BYTES = 1024 * 1024;
const KNOWN_LINKS = 10_000;
const NO_BYTES = new Uint8Array(0);
const NO_COUNTS: ThreadCounts = { links: {}, memoryBytes: 0 };

export class Connector implements AsyncDisposable {
  readonly #options: ConnectorOptions;
  readonly #pending = new PendingSends<ConnectorRequest, ThreadResult>({
    onDropped: (id, isTimeout) => this.#post({ op: "cancel", id, isTimeout }),
    onEmpty: () => this.#stopWatchIfIdle(),
  });
  readonly #listening = new ListeningRequests((message) => {
    if (this.#worker !== null) this.#post(message);
  });
  /** Link IDs that the thread knows, by the hash of their settings. */
  readonly #links: LRUCache<string, number>;
  readonly #specs = new Map<number, { readonly spec: LinkSpec; readonly allow: string | null }>();
  readonly #hashes = new WeakMap<KindConfig, string>();
  #worker: Worker | null = null;
  #outbox: ToThread[] = [];
  /** Messages of the last item in the outbox; `null`: it has none. */
  #writer: MessageWriter | null = null;
  #bodies: Uint8Array[] = [];
  #bodyBytes = 0;
  #flushing = false;
  #lastId = 0;
  #lastLink = 0;
  #counts = NO_COUNTS;
  #failures = 0;
  #restsUntil = 0;
  #watch: NodeJS.Timeout | null = null;
  #lastPing = 0;
  #lastPong = 0;
  #pingedAt = 0;
  #isClosed = false;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    this.#links = new LRUCache({
      max: KNOWN_LINKS,
      dispose: (link) => {
        this.#specs.delete(link);
        if (this.#worker !== null) this.#post({ op: "forget", link });
      },
    });
  }

  /** Current numbers for metrics. */
  get stats(): ConnectorStats {
    const inFlight: Record<string, number> = {};
    for (const { kind } of this.#pending.requests) inFlight[kind] = (inFlight[kind] ?? 0) + 1;
    const { links: connections, memoryBytes } = this.#counts;
    return { isRunning: this.#worker !== null, connections, inFlight, failures: this.#failures, memoryBytes };
  }

  /** Sends messages over one connection. Never rejects. Settles by the timeout, even if the thread hangs. */
  send(request: ConnectorRequest): Promise<ConnectorResult> {
    const { signal, maySend } = request;
    if (signal.aborted || this.#isClosed) return Promise.resolve({ kind: "canceled" });
    if (this.#worker === null && performance.now() < this.#restsUntil) {
      return Promise.resolve(ownFault("connector_down", "the connector thread is about to be restarted"));
    }
    const id = ++this.#lastId;
    const result = this.#pending.add(id, request);
    this.#start();
    const link = this.#linkOf(request);
    if (maySend()) this.#postMessages(id, link, request.messages);
    else this.#pending.settle(id, { kind: "canceled" });
    return result;
  }

  /** Reads a source over a connection until it ends. Never rejects. */
  async listen(request: ListenRequest): Promise<ListenResult> {
    if (request.signal.aborted || this.#isClosed) return { kind: "canceled" };
    const down = this.#startOr();
    if (down !== null) return down;
    const result = await this.#listening.listen(++this.#lastId, this.#linkOf({ ...request, tenant: 0 }), request);
    this.#stopWatchIfIdle();
    return result;
  }

  /**
   * Removes the objects that a listener created at the broker. Resolves with the reason if that was not possible;
   * `null`: they are removed. Never rejects.
   */
  async remove(request: RemoveRequest): Promise<ListenEnd | null> {
    if (this.#isClosed) return CLOSED;
    const down = this.#startOr();
    if (down !== null) return down;
    const end = await this.#listening.remove(++this.#lastId, this.#linkOf({ ...request, tenant: 0 }), request.session);
    this.#stopWatchIfIdle();
    return end;
  }

  /** Ends the thread and its connections. Messages in flight settle as canceled. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#stopWatch();
    this.#pending.close();
    this.#listening.fail(CLOSED);
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  /** Starts the thread, unless it has just ended. */
  #startOr(): ListenEnd | null {
    if (this.#worker === null && performance.now() < this.#restsUntil) {
      return { kind: "own_fault", code: "connector_down", detail: "the connector thread is about to be restarted" };
    }
    this.#start();
    return null;
  }

  #start(): void {
    if (this.#watch === null) this.#startWatch();
    if (this.#worker !== null) return;
    const {
      heapMb = HEAP_MB,
      maxLinks = MAX_LINKS,
      maxLinksPerTenant = MAX_LINKS_PER_TENANT,
      idleMs = IDLE_MS,
      isProxied = false,
    } = this.#options;
    const worker = new Worker(threadFile("./connector-thread", import.meta.url), {
      workerData: { maxLinks, maxLinksPerTenant, idleMs, isProxied } satisfies ThreadOptions,
      name: "posthorn-connector",
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    this.#worker = worker;
    worker.on("message", (items: readonly FromThread[]) => {
      for (const item of items) this.#take(item);
    });
    worker.on("error", (error) => this.#fail(worker, error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", () => this.#fail(worker, new Error("the connector thread ended")));
    worker.unref();
  }

  /** The thread has ended or does not respond. Its messages may have been sent: they are sent again. */
  #fail(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#restsUntil = performance.now() + RESTART_MS;
    this.#counts = NO_COUNTS;
    this.#outbox = [];
    this.#writer = null;
    this.#bodies = [];
    this.#bodyBytes = 0;
    this.#links.clear();
    this.#pending.settleAll(ownFault("connector_down", error.message));
    this.#listening.fail({ kind: "own_fault", code: "connector_down", detail: error.message });
    void worker.terminate();
    if (this.#isClosed) return;
    this.#failures++;
    this.#options.onError(error);
  }

  #take(item: FromThread): void {
    switch (item.op) {
      case "stored":
        return this.#takeStored(item.cells);
      case "done":
        return this.#pending.settle(item.id, item.result);
      case "ask": {
        const request = this.#pending.get(item.id);
        if (request === undefined) return;
        if (request.maySend()) return this.#post({ op: "go", id: item.id });
        this.#pending.settle(item.id, { kind: "canceled" });
        return this.#post({ op: "cancel", id: item.id, isTimeout: false });
      }
      case "vet":
        return void this.#vet(item);
      case "pong":
        this.#lastPong = item.id;
        return;
      case "count":
        this.#counts = item.counts;
        return;
      case "batch":
      case "ended":
      case "listening":
      case "removed":
        this.#listening.take(item);
    }
  }

  #takeStored(cells: readonly Cell[]): void {
    for (let at = 0; at < cells.length;) {
      const [id, connectMs, peer, count] = [cells[at], cells[at + 1], cells[at + 2], cells[at + 3] as number];
      const references = cells.slice(at + 4, at + 4 + count) as readonly (string | null)[];
      at += 4 + count;
      const facts = { connectMs: connectMs as number | null, peer: peer as string | null };
      const results = references.map((reference) => ({ kind: "ok", reference }) as const);
      this.#pending.settle(id as number, { kind: "items", results, facts });
    }
  }

  async #vet({ id, link, host, port }: Extract<FromThread, { op: "vet" }>): Promise<void> {
    const known = this.#specs.get(link);
    const result: VetResult =
      known === undefined
        ? { allowed: false, code: "canceled", sentence: "The connection was closed.", detail: "", isOurs: true }
        : await this.#options.vet({ kind: known.spec.kind, host, port, allow: known.allow });
    if (this.#worker !== null) this.#post({ op: "vetted", id, result });
  }

  #linkOf({ kind, config, tenant, allow }: Pick<ConnectorRequest, "kind" | "config" | "tenant" | "allow">): number {
    let hash = this.#hashes.get(config);
    if (hash === undefined) {
      hash = createHash("sha256").update(JSON.stringify(config)).digest("base64");
      this.#hashes.set(config, hash);
    }
    const key = `${kind} ${tenant} ${allow ?? ""} ${hash}`;
    const known = this.#links.get(key);
    if (known !== undefined) return known;
    const link = ++this.#lastLink;
    const spec = { kind, config, tenant };
    this.#links.set(key, link);
    this.#specs.set(link, { spec, allow });
    this.#post({ op: "link", link, spec });
    return link;
  }

  #postMessages(id: number, link: number, messages: readonly KindMessage[]): void {
    if (this.#writer === null) {
      const writer = new MessageWriter();
      this.#post({ op: "send", cells: writer.cells, bodyStart: this.#bodyBytes, allowedAt: Date.now() });
      this.#writer = writer;
    }
    this.#writer.add({ id, link, messages });
    for (const { body } of messages) {
      this.#bodies.push(body);
      this.#bodyBytes += body.byteLength;
    }
    if (this.#bodyBytes > POST_BYTES) this.#flush();
  }

  #post(message: ToThread): void {
    // Messages that are sent later must stay behind this post, so they start a new item.
    this.#writer = null;
    this.#outbox.push(message);
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** Bodies share memory with other deliveries, so they are copied once, into a buffer that is handed over. */
  #flush(): void {
    const [items, parts] = [this.#outbox, this.#bodies];
    if (items.length === 0 || this.#worker === null) return;
    const bodies = parts.length === 0 ? NO_BYTES : new Uint8Array(this.#bodyBytes);
    let offset = 0;
    for (const part of parts) {
      bodies.set(part, offset);
      offset += part.byteLength;
    }
    this.#outbox = [];
    this.#writer = null;
    this.#bodies = [];
    this.#bodyBytes = 0;
    this.#worker.postMessage({ items, bodies } satisfies PostToThread, parts.length === 0 ? [] : [bodies.buffer]);
  }

  /** Keeps the process alive while messages are in flight or sources are read. */
  #startWatch(): void {
    const { stuckMs = STUCK_MS } = this.#options;
    this.#lastPong = this.#lastPing;
    this.#watch = setInterval(() => {
      const worker = this.#worker;
      if (worker === null) return;
      if (this.#lastPong === this.#lastPing) {
        this.#pingedAt = performance.now();
        this.#post({ op: "ping", id: ++this.#lastPing });
      } else if (performance.now() - this.#pingedAt > stuckMs) {
        this.#fail(worker, new Error(`the connector thread did not respond for ${stuckMs} ms`));
      }
    }, stuckMs / 3);
  }

  #stopWatchIfIdle(): void {
    if (this.#pending.isEmpty && this.#listening.size === 0) this.#stopWatch();
  }

  #stopWatch(): void {
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = null;
  }
}

const CLOSED: ListenEnd = { kind: "own_fault", code: "connector_closed", detail: "the server is being stopped" };

function ownFault(code: string, detail: string): ConnectorResult {
  return { kind: "own_fault", code, detail };
}
