/** Readers of a feed that continue after the server, or they themselves, have been killed. */
import { setTimeout as delay } from "node:timers/promises";
import type { KillRun } from "./run.ts";

const PAUSE_MS = 20;
const PAGE = 7;
/** A reader sometimes abandons a request before it has stored the position of the page. */
const CRASHES = 0.1;
const LEASE_MS = 1000;

interface Page {
  readonly data: readonly { readonly id: string; readonly offset: number }[];
  readonly iterator: string;
}

/** Reads until it is stopped. `read` contains the processed messages in order. */
export interface FeedReader {
  readonly name: string;
  /** Whether it must read each message once; otherwise at least once. */
  readonly isExactlyOnce: boolean;
  readonly isOrdered: boolean;
  readonly read: readonly string[];
  stop(): Promise<void>;
}

/** Keeps its own position and stores it together with the messages that it read. */
abstract class Reader implements FeedReader {
  abstract readonly name: string;
  readonly isExactlyOnce: boolean = true;
  readonly isOrdered: boolean = true;
  readonly read: string[] = [];
  protected readonly run: KillRun;
  protected readonly endpoint: string;
  #isStopped = false;
  readonly #abort = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(run: KillRun, endpoint: string) {
    this.run = run;
    this.endpoint = endpoint;
  }

  start(): this {
    this.#work = this.#loop();
    return this;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#abort.abort();
    await this.#work;
  }

  /** Reads some messages. Rejects when the server is killed. */
  protected abstract step(signal: AbortSignal): Promise<void>;

  protected get crashes(): boolean {
    return this.run.random.chance(CRASHES);
  }

  async #loop(): Promise<void> {
    while (!this.#isStopped) {
      await this.step(this.#abort.signal).catch(() => undefined);
      await delay(PAUSE_MS);
    }
  }

  protected async fetch(
    path: string,
    init: Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Response> {
    const { url, app, server } = this.run;
    if (url === null) throw new Error("the server is down");
    const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json", ...init.headers };
    const response = await fetch(`${url}/api/v1/app/${app}/${path}`, { ...init, headers });
    if (response.ok) return response;
    throw new Error(`${path} ${response.status}: ${await response.text()}`);
  }
}

/** `message.poller` of the official SDKs, with an iterator that the reader stores. */
class IteratorReader extends Reader {
  readonly name = "poller v1";
  #iterator: string | null = null;

  protected async step(signal: AbortSignal): Promise<void> {
    const from = this.#iterator === null ? "after=2000-01-01T00:00:00Z" : `iterator=${this.#iterator}`;
    const response = await this.fetch(`poller/${this.endpoint}?limit=${PAGE}&${from}`, { signal });
    const { data, iterator } = (await response.json()) as Page;
    if (this.crashes) return;
    this.read.push(...data.map(({ id }) => id));
    this.#iterator = iterator;
  }
}

/** A consumer of the first version: the server stores the position when the next page is requested. */
class MarkReader extends Reader {
  readonly name = "poller v1 consumer";
  override readonly isExactlyOnce = false;
  override readonly isOrdered = false;
  #iterator: string | null = null;

  protected async step(signal: AbortSignal): Promise<void> {
    const from = this.#iterator === null ? "" : `&iterator=${this.#iterator}`;
    const path = `poller/${this.endpoint}/consumer/marked?limit=${PAGE}${from}`;
    const { data, iterator } = (await (await this.fetch(path, { signal })).json()) as Page;
    // It has read the page and discards its iterator, which is then not committed.
    this.#iterator = this.crashes ? null : iterator;
    this.read.push(...data.map(({ id }) => id));
  }
}

/** Workers of one consumer of the second version, with leases and commits. */
class LeaseReader extends Reader {
  readonly name = "poller v2 consumer";
  override readonly isExactlyOnce = false;
  override readonly isOrdered = false;
  /** Messages whose commit the server has confirmed. */
  readonly #committed = new Set<string>();
  /** Messages that were handed out again after that. */
  readonly again: string[] = [];

  protected async step(signal: AbortSignal): Promise<void> {
    const path = `polling-endpoint/${this.endpoint}/consumer/leased`;
    const response = await this.fetch(`${path}?limit=${PAGE}&lease_duration_ms=${LEASE_MS}`, { signal });
    const { data } = (await response.json()) as Page;
    const ids = data.map(({ id }) => id);
    this.again.push(...ids.filter((id) => this.#committed.has(id)));
    if (data.length === 0 || this.crashes) return;
    this.read.push(...ids);
    const body = JSON.stringify({ offset: data.at(-1)!.offset });
    await this.fetch(`${path}/commit`, { method: "POST", body, signal });
    for (const id of ids) this.#committed.add(id);
  }
}

/** A stream of server-sent events that is resumed at the last event. */
class StreamReader extends Reader {
  readonly name = "stream";
  #last: string | null = null;

  protected async step(signal: AbortSignal): Promise<void> {
    const headers: Record<string, string> = this.#last === null ? {} : { "last-event-id": this.#last };
    const { body } = await this.fetch(`endpoint/${this.endpoint}/feed/stream`, { signal, headers });
    let rest = "";
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      const events = (rest + chunk).split("\n\n");
      rest = events.pop()!;
      for (const event of events) {
        const found = /^id: (.*)\nevent: message\ndata: (.*)$/.exec(event);
        if (found === null) continue;
        if (this.crashes) return;
        this.read.push((JSON.parse(found[2]!) as { readonly id: string }).id);
        this.#last = found[1]!;
      }
    }
  }
}

export interface FeedReaders {
  readonly all: readonly FeedReader[];
  /** Messages that the second version of polling handed out although their commit was confirmed. */
  readonly handedOutAgain: () => readonly string[];
}

/** Starts one reader of each kind. */
export function startReaders(run: KillRun, endpoint: string): FeedReaders {
  const leased = new LeaseReader(run, endpoint).start();
  const others = [IteratorReader, MarkReader, StreamReader].map((Kind) => new Kind(run, endpoint).start());
  return { all: [...others, leased], handedOutAgain: () => leased.again };
}
