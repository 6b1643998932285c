/**
 * Simulates one week of a node, or an hour of several: dispatcher, store, domain operations and shards of the product, with clocks, a
 * network, a database and processes whose faults depend on the seed. It never reads the real time, so the same seed gives the same week.
 */
import type { DatabaseSync } from "node:sqlite";
import { allDeliveries, auditOn } from "./audit.ts";
import { allChecks } from "./checks/index.ts";
import { compare } from "./comparison.ts";
import { Bus, CLEAR } from "./cluster/bus.ts";
import { Coordination } from "./cluster/coordination.ts";
import type { Sharing } from "./cluster/open.ts";
import { noticesOf } from "./cluster/shared-store.ts";
import { type DatabaseConditions, FAIR, SimulatedDatabase } from "./database.ts";
import { describe, EventLog } from "./event-log.ts";
import { Fleet, type FleetOptions, type Machines } from "./fleet.ts";
import { hasHeardAsNode, Ledger } from "./ledger.ts";
import { expectOwnError } from "./error-check.ts";
import type { NodeWorld } from "./node.ts";
import { Operations } from "./operations.ts";
import { type Happening, startsOf, wholePlanOf } from "./plan.ts";
import { Random } from "./random.ts";
import { type Receiver, receiversOf } from "./receivers.ts";
import { countsOf, type SimulationResult } from "./result.ts";
import type { Sabotage } from "./sabotage.ts";
import type { Scenario } from "./scenarios.ts";
import { HOUR, isShared, MINUTE, type Span, spanOf, threadSpanOf } from "./spans.ts";
import { ShardOwners, SoleOwner } from "./ownership.ts";
import { ThreadFleet } from "./threads/thread-fleet.ts";
import { Verdict } from "./verdict.ts";
import { Life, VirtualTime } from "./virtual-time.ts";
import type { CommitWatcher } from "./commits.ts";
import type { OperationName } from "./operation-names.ts";

export interface SimulationOptions {
  readonly sabotage?: Sabotage;
  /** The nodes are threads of one process. */
  readonly threads?: boolean;
  /** Replaces the random week. */
  readonly scenario?: Scenario | undefined;
  /** Called with each line of the log. */
  readonly log?: (line: string) => void;
}

export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  using _ = options.sabotage?.inside?.() ?? null;
  using simulation = new Simulation(seed, options);
  return await simulation.run();
}

class Simulation implements Disposable {
  readonly #seed: number;
  readonly #eventLog: EventLog;
  readonly #span: Span;
  readonly #scenario: Scenario | null;
  readonly #time = new VirtualTime();
  readonly #verdict = new Verdict(() => this.#time.elapsed);
  readonly #ledger = new Ledger(this.#time, this.#verdict);
  readonly #random: Random;
  readonly #receivers: ReadonlyMap<string, Receiver>;
  readonly #database: SimulatedDatabase;
  readonly #bus: Bus;
  readonly #operations: Operations;
  readonly #world: NodeWorld;
  /** State outside of the processes, which outlives them. */
  readonly #outside = new Life();
  readonly #fleet: Machines;
  /** When the database last had a fault. */
  #databaseFaultAt = 0;
  #events = 0;

  constructor(seed: number, { sabotage = {}, scenario, log, threads = false }: SimulationOptions) {
    this.#seed = seed;
    this.#eventLog = new EventLog(log);
    const random = (name: string): Random => new Random(seed, name);
    const own = threads ? threadSpanOf(random("threads")) : spanOf(random("span"), random("crowd"));
    const span = scenario?.span ?? own;
    this.#span = span;
    this.#scenario = scenario ?? null;
    this.#random = random("process");
    const { verdict, ledger, time } = { verdict: this.#verdict, ledger: this.#ledger, time: this.#time };
    this.#bus = new Bus({ time, random: random("bus"), ...(sabotage.told && { change: sabotage.told }) });
    this.#database = new SimulatedDatabase({
      time,
      random: random("database"),
      watch: (connection) => this.#watchCommits(connection),
    });
    this.#receivers = receiversOf(random("receivers"), span);
    const { sharing, owners } = this.#share(random("sharing"), sabotage);
    const shards = owners?.shards ?? null;
    this.#operations = new Operations({
      time,
      ledger,
      verdict,
      random: random("operations"),
      manualRandom: random("by hand"),
      replayRandom: random("slow replays"),
      unblockRandom: random("unblock"),
      changeRandom: random("changes"),
      tenantRandom: random("tenants"),
      span,
    });
    this.#world = {
      time,
      verdict,
      ledger,
      database: this.#database,
      sharing,
      receivers: this.#receivers,
      longestWait: Math.floor(7200 / Math.min(24, span.speedUp)),
      networkRandom: random("network"),
      connectRandom: random("connect"),
      maxConnectMs: scenario?.maxConnectMs ?? 0,
      dispatchRandom: random("dispatch"),
      pagesRandom: random("pages"),
      sabotage,
      sabotageRandom: random("sabotage"),
    };
    const fleet: FleetOptions = {
      span,
      time,
      ledger,
      verdict,
      random: this.#random,
      boundsRandom: random("bounds"),
      outside: this.#outside,
      world: () => this.#world,
      adjust: scenario?.settings ?? ((drawn) => drawn),
      note: (kind, text) => this.#note(kind, text),
      onStart: () => this.#compareWithDatabase(),
      watch: (work) => this.#watch(work),
    };
    this.#fleet =
      span.threads === true
        ? new ThreadFleet({ ...fleet, owners: owners!, threadsRandom: random("threads of a process") })
        : new Fleet(fleet);
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
        waitLimits: span.waitLimits,
        calmSince: () => Math.max(this.#fleet.faultAt, this.#fleet.wrongUntil, this.#databaseFaultAt),
        wellSince: () => Math.max(this.#fleet.faultAt, this.#databaseFaultAt),
        databaseWellSince: () => this.#databaseFaultAt,
      }),
    );
    ledger.use([{ requested: (endpoint, messageId) => this.#note("request", `${messageId} to ${endpoint.host}`) }]);
  }

  async run(): Promise<SimulationResult> {
    const { faults } = this.#span;
    await this.#begin();
    const planned =
      this.#scenario?.plan(new Random(this.#seed, "plan"), this.#span) ?? wholePlanOf(this.#seed, this.#span);
    for (const { at, what } of planned) {
      this.#time.after(this.#outside, at - this.#time.elapsed, () => this.#happen(what));
    }
    this.#sample();
    await this.#continue(faults);
    if (this.#verdict.violation === null) await this.#end();
    const { violation } = this.#verdict;
    if (violation !== null) this.#eventLog.tell(`broken: ${violation.rule}: ${violation.text}`);
    return {
      seed: this.#seed,
      violation,
      digest: this.#eventLog.digest,
      events: this.#events,
      messages: this.#operations.published,
      ...countsOf(this.#ledger),
      processes: this.#fleet.runs,
      nodes: this.#span.nodes,
    };
  }

  [Symbol.dispose](): void {
    this.#fleet.end();
    this.#outside.alive = false;
    this.#database[Symbol.dispose]();
  }

  /** State that nodes on one database share, if they do. */
  #share(
    random: Random,
    { coordination: sabotage }: Sabotage,
  ): { readonly sharing: Sharing | null; readonly owners: ShardOwners | null } {
    if (!isShared(this.#span)) {
      this.#ledger.watchOver(new SoleOwner());
      return { sharing: null, owners: null };
    }
    const owners = new ShardOwners(() => this.#time.elapsed, {
      ended: (ownership, how) => this.#ledger.ownershipEnded(ownership, how),
    });
    if (this.#span.threads === true) {
      this.#ledger.watchOver(owners, (...commit) => (this.#fleet as ThreadFleet).hasHeard(...commit));
      return { sharing: null, owners };
    }
    this.#ledger.watchOver(
      owners,
      hasHeardAsNode(({ machine }) => this.#fleet.isWell(machine)),
    );
    const coordination = new Coordination(() => this.#time.utc, owners);
    sabotage?.(coordination);
    const isUnlinked = (machine: number): boolean => (this.#fleet as Fleet).isUnlinked(machine);
    return { sharing: { coordination, bus: this.#bus, random, isUnlinked }, owners };
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
    await this.#continue(30_000);
    const node = this.#fleet.nodes[0]!;
    const set = async (): Promise<void> => {
      await this.#operations.makeApplications(node);
      for (const host of this.#receivers.keys()) await this.#operations.makeEndpoint(node, host);
      for (const endpoint of this.#operations.endpoints) {
        if (this.#scenario !== null) {
          await this.#operations.setPolicy(node, endpoint, this.#scenario.policy);
          continue;
        }
        if (this.#random.chance(0.5)) await this.#operations.setOrder(node, endpoint);
        // In a short time, only a low rate causes a backlog.
        if (isShared(this.#span) && this.#random.chance(0.5)) await this.#operations.setRate(node, endpoint);
      }
    };
    this.#watch(set());
    await this.#continue(90_000);
  }

  /** From now on everything is healthy, and every delivery must finish. */
  async #end(): Promise<void> {
    const { faults, recovery, lastTimer, sample } = this.#span;
    const step = Math.min(HOUR, Math.max(sample, 5 * MINUTE));
    this.#fleet.spare();
    this.#note("recovery", "");
    this.#setConditions(FAIR);
    this.#bus.conditions = CLEAR;
    await this.#continue(faults + step);
    const node = this.#fleet.someNode();
    if (!this.#fleet.isComplete || node === null) {
      this.#verdict.broken("stops", "a process did not come back");
    } else {
      this.#watch(this.#operations.letAllGo(node));
    }
    for (let at = faults + 2 * step; at <= faults + recovery; at += step) {
      await this.#continue(at);
      const isDone = this.#ledger.live.size === 0 && !this.#ledger.replays.areRunning;
      if (isDone || this.#verdict.violation !== null) break;
    }
    await this.#continue(this.#time.elapsed + lastTimer);
    this.#compareWithDatabase();
    this.#ledger.finish();
  }

  async #continue(end: number): Promise<void> {
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
    else if (what.kind === "conditions") this.#setConditions(what.conditions);
    else if (what.kind === "bus") this.#bus.conditions = what.conditions;
    else this.#fleet.happen(what);
  }

  #setConditions(conditions: DatabaseConditions): void {
    this.#note("conditions", JSON.stringify(conditions));
    this.#database.conditions = conditions;
    // The fault lasts until the conditions are good again.
    this.#databaseFaultAt = conditions === FAIR ? this.#time.elapsed : Infinity;
  }

  #perform(name: OperationName): void {
    const node = this.#fleet.someNode(this.#operations.chanceOf(name));
    if (node === null) return;
    const at = this.#span.nodes === 1 ? "" : ` at ${node.run.number}`;
    this.#note("operation", name + at);
    this.#watch(this.#operations.perform(name, node).then(() => this.#note("operation", `${name} is done`)));
  }

  /** Every error that a caller receives must be one of our own. */
  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#note("operation", `failed: ${String(error)}`);
      expectOwnError(this.#verdict, error);
    });
  }

  #compareWithDatabase(): void {
    compare(this.#database.look(allDeliveries), this.#ledger, this.#verdict);
  }

  #note(kind: string, text: string): void {
    this.#eventLog.note(this.#time.elapsed, kind, text);
  }
}
