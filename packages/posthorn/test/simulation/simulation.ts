/**
 * One simulated week of a node, or an hour of several: the dispatcher, the store, the verbs and the shards of the product, under clocks,
 * a network, a database and processes that misbehave as the seed says. Nothing in it looks at the real time, so the same seed gives the
 * same week.
 */
import type { DatabaseSync } from "node:sqlite";
import { allDeliveries, auditOn, type Change } from "./audit.ts";
import { allChecks } from "./checks/index.ts";
import { Bus, CLEAR } from "./cluster/bus.ts";
import { Coordination } from "./cluster/coordination.ts";
import type { Sharing } from "./cluster/open.ts";
import { noticesOf } from "./cluster/shared-store.ts";
import { type CommitWatcher, type DatabaseWeather, FAIR, SimulatedDatabase } from "./database.ts";
import { Fleet } from "./fleet.ts";
import { Ledger } from "./ledger.ts";
import { expectOwnError, type NodeWorld } from "./node.ts";
import { type OperationName, Operations } from "./operations.ts";
import { type Happening, planOf, startsOf } from "./plan.ts";
import { Random } from "./random.ts";
import { Receiver } from "./receivers.ts";
import type { Sabotage } from "./sabotage.ts";
import { HOUR, isShared, MINUTE, type Span, spanOf } from "./spans.ts";
import { ShardTenures, SoleTenure, type Tenure } from "./tenure.ts";
import { Verdict, type Violation } from "./verdict.ts";
import { Life, VirtualTime } from "./virtual-time.ts";

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
  /** Requests of which nothing came to disk: their process ended, or lost the shard. */
  readonly lost: number;
  readonly processes: number;
  /** Machines with a process each. */
  readonly nodes: number;
}

export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  using _ = options.sabotage?.inside?.() ?? null;
  using simulation = new Simulation(seed, options);
  return await simulation.run();
}

class Simulation implements Disposable {
  readonly #seed: number;
  readonly #log: ((line: string) => void) | null;
  readonly #span: Span;
  readonly #time = new VirtualTime();
  readonly #verdict = new Verdict(() => this.#time.elapsed);
  readonly #ledger = new Ledger(this.#time, this.#verdict);
  readonly #random: Random;
  readonly #receivers = new Map<string, Receiver>();
  readonly #database: SimulatedDatabase;
  readonly #bus: Bus;
  readonly #operations: Operations;
  readonly #world: NodeWorld;
  /** What happens around the processes and outlives them. */
  readonly #outside = new Life();
  readonly #fleet: Fleet;
  /** When the database was in trouble the last time. */
  #databaseTroubledAt = 0;
  #digest = 0;
  #events = 0;

  constructor(seed: number, { sabotage = {}, log }: SimulationOptions) {
    this.#seed = seed;
    this.#log = log ?? null;
    const random = (name: string): Random => new Random(seed, name);
    const span = spanOf(random("span"));
    this.#span = span;
    this.#random = random("process");
    const { verdict, ledger, time } = { verdict: this.#verdict, ledger: this.#ledger, time: this.#time };
    this.#bus = new Bus({ time, random: random("bus"), ...(sabotage.told && { change: sabotage.told }) });
    this.#database = new SimulatedDatabase({
      time,
      random: random("database"),
      watch: (connection) => this.#watchCommits(connection),
    });
    const { sharing, shards } = this.#share(random("sharing"), sabotage);
    this.#operations = new Operations({ time, ledger, verdict, random: random("operations"), span });
    this.#world = {
      time,
      verdict,
      ledger,
      database: this.#database,
      sharing,
      receivers: this.#receivers,
      longestWait: Math.floor(7200 / Math.min(24, span.haste)),
      networkRandom: random("network"),
      dispatchRandom: random("dispatch"),
      pagesRandom: random("pages"),
      sabotage,
      sabotageRandom: random("sabotage"),
    };
    this.#fleet = new Fleet({
      span,
      time,
      ledger,
      verdict,
      random: this.#random,
      outside: this.#outside,
      world: () => this.#world,
      note: (kind, text) => this.#note(kind, text),
      onStart: () => this.#compareWithDatabase(),
      watch: (work) => this.#watch(work),
    });
    const receiversRandom = random("receivers");
    for (let index = receiversRandom.int(2, 5); index > 0; index--) {
      const host = `receiver-${index}.example.com`;
      this.#receivers.set(host, new Receiver(host, receiversRandom, span));
    }
    const { machines } = this.#fleet;
    ledger.use(
      allChecks({
        ledger,
        time,
        verdict,
        receivers: this.#receivers,
        machines,
        clocks: machines.map(({ clock }) => clock),
        nodes: () => this.#fleet.nodes,
        shards,
        patience: span.patience,
        calmSince: () => Math.max(this.#fleet.troubledAt, this.#databaseTroubledAt),
        databaseWellSince: () => this.#databaseTroubledAt,
      }),
    );
    ledger.use([{ requested: (endpoint, messageId) => this.#note("request", `${messageId} to ${endpoint.host}`) }]);
  }

  async run(): Promise<SimulationResult> {
    const { trouble } = this.#span;
    await this.#begin();
    for (const { at, what } of planOf(new Random(this.#seed, "plan"), this.#span)) {
      this.#time.after(this.#outside, at - this.#time.elapsed, () => this.#happen(what));
    }
    this.#sample();
    await this.#goOn(trouble);
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
      lost: deliveries.reduce((sum, delivery) => sum + delivery.lost, 0),
      processes: this.#fleet.runs,
      nodes: this.#span.nodes,
    };
  }

  [Symbol.dispose](): void {
    this.#fleet.end();
    this.#outside.alive = false;
    this.#database[Symbol.dispose]();
  }

  /** What nodes that share the database have in common, if they do. */
  #share(
    random: Random,
    { coordination: sabotage }: Sabotage,
  ): { readonly sharing: Sharing | null; readonly shards: readonly (Tenure | null)[] | null } {
    if (!isShared(this.#span)) {
      this.#ledger.watchOver(new SoleTenure());
      return { sharing: null, shards: null };
    }
    const tenures = new ShardTenures(() => this.#time.elapsed, {
      ended: (tenure, how) => this.#ledger.tenureEnded(tenure, how),
    });
    this.#ledger.watchOver(tenures, ({ machine }) => this.#fleet.isWell(machine));
    const coordination = new Coordination(() => this.#time.utc, tenures);
    sabotage?.(coordination);
    const isUnlinked = (machine: number): boolean => this.#fleet.isUnlinked(machine);
    return { sharing: { coordination, bus: this.#bus, random, isUnlinked }, shards: tenures.shards };
  }

  #watchCommits(connection: DatabaseSync): CommitWatcher {
    const changesOf = auditOn(connection);
    const told = noticesOf(connection);
    return (commit) => {
      const changes = changesOf();
      for (const change of changes) this.#note("commit", describe(change));
      this.#ledger.committed(changes, commit);
      for (const payload of told()) this.#bus.committed(payload);
    };
  }

  async #begin(): Promise<void> {
    const starts = startsOf(this.#random, this.#span);
    for (const [index, machine] of this.#fleet.machines.entries()) {
      const at = starts[index]!;
      if (at === 0) this.#fleet.start(machine);
      else this.#time.after(this.#outside, at, () => this.#fleet.start(machine));
    }
    await this.#goOn(30_000);
    const node = this.#fleet.nodes[0]!;
    const set = async (): Promise<void> => {
      await this.#operations.perform("publish", node);
      for (const host of this.#receivers.keys()) await this.#operations.makeEndpoint(node, host);
      for (const endpoint of this.#operations.endpoints) {
        if (this.#random.chance(0.5)) await this.#operations.setOrder(node, endpoint);
        // In a short time a backlog comes of a low rate alone.
        if (isShared(this.#span) && this.#random.chance(0.5)) await this.#operations.setRate(node, endpoint);
      }
    };
    this.#watch(set());
    await this.#goOn(90_000);
  }

  /** Everything is healthy from now on: what is owed must come to its end. */
  async #end(): Promise<void> {
    const { trouble, aftermath, lastAlarm, sample } = this.#span;
    const step = Math.min(HOUR, Math.max(sample, 5 * MINUTE));
    this.#fleet.spare();
    this.#note("aftermath", "");
    this.#setWeather(FAIR);
    this.#bus.weather = CLEAR;
    await this.#goOn(trouble + step);
    const node = this.#fleet.someNode();
    if (this.#fleet.nodes.length < this.#span.nodes || node === null) {
      this.#verdict.broken("stops", "a process did not come back");
    } else {
      this.#watch(this.#operations.enableAll(node));
    }
    for (let at = trouble + 2 * step; at <= trouble + aftermath; at += step) {
      await this.#goOn(at);
      if (this.#ledger.live.size === 0 || this.#verdict.violation !== null) break;
    }
    await this.#goOn(this.#time.elapsed + lastAlarm);
    this.#compareWithDatabase();
    this.#ledger.finish();
  }

  async #goOn(end: number): Promise<void> {
    if (this.#verdict.violation !== null) return;
    this.#events += await this.#time.run(end, () => {
      this.#ledger.stepped();
      this.#fleet.stepped();
      return this.#verdict.violation === null;
    });
  }

  #sample(): void {
    this.#time.after(this.#outside, this.#span.sample, () => {
      this.#ledger.sampled();
      this.#sample();
    });
  }

  #happen(what: Happening): void {
    if (what.kind === "operation") this.#perform(what.name);
    else if (what.kind === "weather") this.#setWeather(what.weather);
    else if (what.kind === "bus") this.#bus.weather = what.weather;
    else this.#fleet.happen(what);
  }

  #setWeather(weather: DatabaseWeather): void {
    this.#note("weather", JSON.stringify(weather));
    this.#database.weather = weather;
    // Until it is fair again there is no end of the trouble.
    this.#databaseTroubledAt = weather === FAIR ? this.#time.elapsed : Infinity;
  }

  #perform(name: OperationName): void {
    const node = this.#fleet.someNode();
    if (node === null) return;
    const at = this.#span.nodes === 1 ? "" : ` at ${node.run.number}`;
    this.#note("operation", name + at);
    this.#watch(this.#operations.perform(name, node).then(() => this.#note("operation", `${name} is done`)));
  }

  /** Whatever a caller is told must be one of our own answers. */
  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#note("operation", `failed: ${String(error)}`);
      expectOwnError(this.#verdict, error);
    });
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
