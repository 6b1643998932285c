/**
 * One simulated week of a node: the dispatcher, the store and the verbs of the product, under a clock, a network, a disk and a process
 * that misbehave as the seed says. Nothing in it looks at the real time, so the same seed gives the same week.
 */
import { Random } from "./random.ts";
import { allDeliveries, auditOn, type Change } from "./audit.ts";
import { allChecks } from "./checks/index.ts";
import { FAIR, SimulatedDatabase } from "./database.ts";
import { Ledger, type Run } from "./ledger.ts";
import { expectOwnError, SimulatedNode, type NodeWorld } from "./node.ts";
import { type OperationName, Operations } from "./operations.ts";
import { type Happening, HOUR, planOf, settingsOf, WEEK } from "./plan.ts";
import { Receiver } from "./receivers.ts";
import type { Sabotage } from "./sabotage.ts";
import { Verdict, type Violation } from "./verdict.ts";
import { type Life, VirtualTime } from "./virtual-time.ts";

export interface SimulationOptions {
  readonly sabotage?: Sabotage;
  /** Told what happens, line by line. */
  readonly log?: (line: string) => void;
}

export interface SimulationResult {
  readonly seed: number;
  readonly violation: Violation | null;
  /** The same for two runs of a seed. */
  readonly digest: number;
  readonly events: number;
  readonly messages: number;
  readonly deliveries: number;
  readonly requests: number;
  readonly processes: number;
}

/** After the week, everything healthy and nothing new: the longest retry, the longest `Retry-After` and the clock set back fit in. */
const AFTERMATH = 96 * HOUR;
/** A lane stays until the alarm for a retry has rung, also when that delivery was made by hand meanwhile. */
const LAST_ALARM = 48 * HOUR;
/** A process that is told to stop has this long beyond its grace. */
const STOP_SLACK = 2 * 60_000;

export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  using _ = options.sabotage?.inside?.() ?? null;
  using simulation = new Simulation(seed, options);
  return await simulation.run();
}

class Simulation implements Disposable {
  readonly #seed: number;
  readonly #log: ((line: string) => void) | null;
  readonly #time = new VirtualTime();
  readonly #verdict = new Verdict(() => this.#time.elapsed);
  readonly #ledger = new Ledger(this.#time, this.#verdict);
  readonly #random: Random;
  readonly #receivers = new Map<string, Receiver>();
  readonly #database: SimulatedDatabase;
  readonly #operations: Operations;
  readonly #world: NodeWorld;
  /** What happens around the process and outlives it. */
  readonly #outside: Life = { alive: true };
  /** The process that runs, once it has started. */
  #node: SimulatedNode | null = null;
  #life: Life = { alive: false };
  #runs = 0;
  #drain: () => readonly Change[] = () => [];
  #troubledAt = 0;
  /** Events until the process is killed; `null`: it is not going to be. */
  #fuse: { events: number; readonly downMs: number } | null = null;
  #digest = 0;
  #events = 0;

  constructor(seed: number, { sabotage = {}, log }: SimulationOptions) {
    this.#seed = seed;
    this.#log = log ?? null;
    const random = (name: string): Random => new Random(seed, name);
    this.#random = random("process");
    this.#database = new SimulatedDatabase({
      time: this.#time,
      random: random("database"),
      onOpen: (connection) => {
        this.#drain = auditOn(connection);
      },
      onCommit: (_connection, commit) => {
        const changes = this.#drain();
        for (const change of changes) this.#note("commit", describe(change));
        this.#ledger.committed(changes, commit);
      },
    });
    const { verdict, ledger, time } = { verdict: this.#verdict, ledger: this.#ledger, time: this.#time };
    this.#operations = new Operations({ time, ledger, verdict, random: random("operations") });
    this.#world = {
      time,
      verdict,
      ledger,
      database: this.#database,
      receivers: this.#receivers,
      networkRandom: random("network"),
      dispatchRandom: random("dispatch"),
      pagesRandom: random("pages"),
      sabotage,
      sabotageRandom: random("sabotage"),
    };
    const receiversRandom = random("receivers");
    for (let index = receiversRandom.int(2, 5); index > 0; index--) {
      const host = `receiver-${index}.example.com`;
      this.#receivers.set(host, new Receiver(host, receiversRandom, WEEK));
    }
    const dispatcher = () => this.#node?.dispatcher ?? null;
    const calmSince = () => this.#troubledAt;
    ledger.use(allChecks({ ledger, time, verdict, receivers: this.#receivers, dispatcher, calmSince }));
    ledger.use([{ requested: (endpoint, messageId) => this.#note("request", `${messageId} to ${endpoint.host}`) }]);
  }

  async run(): Promise<SimulationResult> {
    await this.#begin();
    for (const { at, what } of planOf(new Random(this.#seed, "plan"))) {
      this.#time.after(this.#outside, at - this.#time.elapsed, () => this.#happen(what));
    }
    this.#sampleHourly();
    await this.#goOn(WEEK);
    if (this.#verdict.violation === null) await this.#end();
    const { violation } = this.#verdict;
    if (violation !== null) this.#log?.(`broken: ${violation.rule}: ${violation.text}`);
    const deliveries = [...this.#ledger.deliveries()];
    return {
      seed: this.#seed,
      violation,
      digest: this.#digest,
      events: this.#events,
      messages: this.#operations.published,
      deliveries: deliveries.length,
      requests: deliveries.reduce((sum, delivery) => sum + delivery.requests, 0),
      processes: this.#runs,
    };
  }

  [Symbol.dispose](): void {
    this.#life.alive = false;
    this.#outside.alive = false;
    this.#database[Symbol.dispose]();
  }

  async #begin(): Promise<void> {
    this.#start();
    await this.#goOn(30_000);
    const node = this.#node!;
    const set = async (): Promise<void> => {
      await this.#operations.perform("publish", node);
      for (const host of this.#receivers.keys()) await this.#operations.makeEndpoint(node, host);
      for (const endpoint of this.#operations.endpoints) {
        if (this.#random.chance(0.5)) await this.#operations.setOrder(node, endpoint);
      }
    };
    this.#watch(set());
    await this.#goOn(90_000);
  }

  /** Everything is healthy from now on: what is owed must come to its end. */
  async #end(): Promise<void> {
    this.#fuse = null;
    this.#note("aftermath", "");
    this.#setWeather({ kind: "weather", weather: FAIR });
    await this.#goOn(WEEK + HOUR);
    if (this.#node === null) this.#verdict.broken("stops", "the process did not come back");
    else this.#watch(this.#operations.enableAll(this.#node));
    for (let at = WEEK + 2 * HOUR; at <= WEEK + AFTERMATH; at += HOUR) {
      await this.#goOn(at);
      if (this.#ledger.live.size === 0 || this.#verdict.violation !== null) break;
    }
    await this.#goOn(this.#time.elapsed + LAST_ALARM);
    this.#compareWithDatabase();
    this.#ledger.finish();
  }

  async #goOn(end: number): Promise<void> {
    if (this.#verdict.violation !== null) return;
    this.#events += await this.#time.run(end, () => {
      this.#ledger.stepped();
      if (this.#fuse !== null && --this.#fuse.events <= 0) this.#kill(this.#fuse.downMs);
      return this.#verdict.violation === null;
    });
  }

  #sampleHourly(): void {
    this.#time.after(this.#outside, HOUR, () => {
      this.#ledger.sampled();
      this.#sampleHourly();
    });
  }

  #happen(what: Happening): void {
    switch (what.kind) {
      case "operation":
        this.#perform(what.name);
        return;
      case "weather":
        this.#setWeather(what);
        return;
      case "clock_jump":
        this.#note("clock_jump", String(what.ms));
        this.#troubledAt = this.#time.elapsed + Math.abs(what.ms);
        this.#time.jump(what.ms);
        return;
      case "crash":
        // One that does not run cannot be killed.
        if (this.#life.alive) this.#fuse ??= { events: what.afterEvents, downMs: what.downMs };
        return;
      case "restart":
        this.#stop(what.downMs);
    }
  }

  #setWeather({ weather }: Happening & { kind: "weather" }): void {
    this.#note("weather", JSON.stringify(weather));
    this.#database.weather = weather;
    this.#troubledAt = Math.max(this.#troubledAt, this.#time.elapsed);
  }

  #perform(name: OperationName): void {
    const node = this.#node;
    if (node === null) return;
    this.#note("operation", name);
    this.#watch(this.#operations.perform(name, node).then(() => this.#note("operation", `${name} is done`)));
  }

  /** Whatever a caller is told must be one of our own answers. */
  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#note("operation", `failed: ${String(error)}`);
      expectOwnError(this.#verdict, error);
    });
  }

  /** Starts the process, and again after a while when it does not come up. */
  #start(): void {
    const run: Run = { number: ++this.#runs, settings: settingsOf(this.#random) };
    const life: Life = { alive: true };
    this.#life = life;
    this.#note("process", `${run.number} starts with ${JSON.stringify(run.settings)}`);
    this.#compareWithDatabase();
    this.#ledger.run = run;
    void this.#bringUp(run, life);
  }

  async #bringUp(run: Run, life: Life): Promise<void> {
    try {
      this.#node = await SimulatedNode.start(this.#world, run, life);
      this.#note("process", `${run.number} is up`);
    } catch (error) {
      expectOwnError(this.#verdict, error);
      this.#note("process", `${run.number} did not come up: ${String(error)}`);
      this.#kill(5000);
    }
  }

  /** `kill -9`. */
  #kill(downMs: number): void {
    this.#note("process", "killed");
    this.#gone();
    this.#time.after(this.#outside, downMs, () => this.#start());
  }

  /** SIGTERM. A process that does not stop in time is broken, unless it is killed meanwhile. */
  #stop(downMs: number): void {
    const node = this.#node;
    if (node === null) return;
    this.#note("process", "told to stop");
    this.#node = null;
    const { shutdownTimeoutMs } = node.run.settings;
    const cancel = this.#time.after(node.life, shutdownTimeoutMs + STOP_SLACK, () =>
      this.#verdict.broken("stops", `the process was told to stop ${shutdownTimeoutMs + STOP_SLACK} ms ago`),
    );
    const stop = async (): Promise<void> => {
      await node.stop();
      cancel();
      this.#note("process", "stopped");
      this.#gone();
      this.#time.after(this.#outside, downMs, () => this.#start());
    };
    this.#watch(stop());
  }

  #gone(): void {
    this.#fuse = null;
    this.#life.alive = false;
    this.#node = null;
    this.#database.drop();
    this.#ledger.processEnded();
    this.#troubledAt = Math.max(this.#troubledAt, this.#time.elapsed);
  }

  /** The database must say what the books say: whatever ended, what was committed is there, and nothing else. */
  #compareWithDatabase(): void {
    const stored = this.#database.look(allDeliveries);
    let known = 0;
    for (const { row, rows, messageId, endpointId } of stored) {
      const delivery = this.#ledger.delivery(messageId, endpointId);
      if (delivery === undefined) {
        this.#verdict.broken("nothing_lost", `message ${messageId} has a row that nobody committed`);
        return;
      }
      known++;
      const same = delivery.rows === rows && delivery.row.state === row.state && delivery.row.due === row.due;
      if (!same) this.#verdict.broken("nothing_lost", `${delivery.name} is not as it was committed`);
    }
    const expected = [...this.#ledger.deliveries()].length;
    if (known !== expected) this.#verdict.broken("nothing_lost", `${expected - known} deliveries are gone`);
  }

  #note(kind: string, text: string): void {
    let digest = this.#digest;
    for (let index = 0; index < text.length; index++) digest = (Math.imul(digest, 31) + text.charCodeAt(index)) | 0;
    this.#digest = (Math.imul(digest, 31) + Math.floor(this.#time.elapsed)) | 0;
    this.#log?.(`${formatTime(this.#time.elapsed)} ${kind.padEnd(10)} ${text}`);
  }
}

function describe(change: Change): string {
  switch (change.kind) {
    case "delivery": {
      const { state, due, attempts, generation, manual } = change.row;
      return `delivery ${change.messageId}/${change.endpointId} state ${state} due ${due} attempts ${attempts} generation ${generation} manual ${manual}`;
    }
    case "attempt":
      return `attempt ${change.id} of ${change.messageId}/${change.endpointId} status ${change.status}`;
    case "endpoint":
      return `endpoint ${change.endpointId} disabled ${change.disabled} deleted ${change.deleted}`;
    case "delivery_gone":
      return `delivery ${change.messageId}/${change.endpointId} deleted`;
  }
}

/** Elapsed milliseconds as days and time, such as `2d 03:12:44.120`. */
export function formatTime(elapsed: number): string {
  return `${Math.floor(elapsed / (24 * HOUR))}d ${new Date(elapsed).toISOString().slice(11, 23)}`;
}
