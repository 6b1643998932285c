/** Three nodes on one PostgreSQL, each with its own connection path to it, and their faults. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  createDatabase,
  eventually,
  makeToken,
  DEFAULT_ORGANISATION,
  startPgBouncer,
  startPostgres,
  startServer,
  startTcpProxy,
  type TcpProxy,
  type TestPostgres,
  type TestServer,
} from "@posthorn/testkit";
import pg from "pg";
import { queryPostgres } from "../disk.ts";
import type { Random } from "../random.ts";
import { Exits } from "./exits.ts";
import { type FakeClock, openFakeClock } from "./fake-clock.ts";
import { type Fault, NODES, type PlannedFault, STEP_SEEN_MS } from "./faults.ts";

interface Member {
  readonly server: TestServer;
  /** All paths to the database. */
  readonly proxies: readonly TcpProxy[];
  up: boolean;
  /** The source of its clock; `null`: the clock cannot be set. */
  readonly clock: FakeClock | null;
}

interface Parts {
  readonly token: string;
  readonly databaseUrl: string;
  readonly exits: Exits;
  readonly postgres: TestPostgres;
  readonly members: readonly Member[];
  readonly stack: AsyncDisposableStack;
}

export class ChaosNodes implements AsyncDisposable {
  readonly token: string;
  readonly databaseUrl: string;
  readonly exits: Exits;
  readonly #random: Random;
  readonly #postgres: TestPostgres;
  readonly #members: readonly Member[];
  readonly #stack: AsyncDisposableStack;
  readonly #faults: Fault[] = [];
  /** Repair of the current fault of each component. A component gets its next fault only after the repair. */
  readonly #repairs = new Map<PlannedFault["target"], Promise<void>>();

  private constructor(random: Random, parts: Parts) {
    this.#random = random;
    this.token = parts.token;
    this.databaseUrl = parts.databaseUrl;
    this.exits = parts.exits;
    this.#postgres = parts.postgres;
    this.#members = parts.members;
    this.#stack = parts.stack;
  }

  /** @param random For the traffic. */
  static async start(random: Random, env: Readonly<Record<string, string>>): Promise<ChaosNodes> {
    const stack = new AsyncDisposableStack();
    const postgres = stack.use(await startPostgres({ settings: { log_min_messages: "panic" } }));
    const { url: databaseUrl } = await createDatabase(postgres.url);
    const pooler = stack.use(await startPgBouncer(postgres.url));
    const name = new URL(databaseUrl).pathname.slice(1);
    await queryPostgres(databaseUrl, `ALTER ROLE postgres IN DATABASE ${name} SET search_path = posthorn`);
    const exits = stack.use(new Exits());
    const secret = `secret-of-the-chaos-${randomBytes(16).toString("hex")}`;
    const common = {
      POSTHORN_JWT_SECRET: secret,
      POSTHORN_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
      POSTHORN_DATABASE_TIMEOUT: "2",
      ...env,
    };
    const members: Member[] = [];
    for (let index = 0; index < NODES; index++) {
      const proxy = stack.use(await startTcpProxy(postgres.port));
      const proxies = [proxy];
      const url = named(databaseUrl, index);
      const ownEnv: Record<string, string> = { POSTHORN_EGRESS_PROXY: await exits.open(index) };
      if (index === 0) {
        // One node uses a pooler.
        const pooled = stack.use(await startTcpProxy(Number(new URL(pooler.through(databaseUrl)).port)));
        proxies.push(pooled);
        ownEnv["POSTHORN_DATABASE_URL"] = pooled.through(url);
        ownEnv["POSTHORN_DATABASE_DIRECT_URL"] = proxy.through(url);
      }
      const clock = openFakeClock();
      if (clock !== null) Object.assign(ownEnv, stack.use(clock).env);
      const options = { databaseUrl: proxy.through(url), env: { ...common, ...ownEnv }, allowErrors: true };
      members.push({ server: stack.use(await startServer(options)), proxies, up: true, clock });
    }
    const now = Math.floor(Date.now() / 1000);
    const token = makeToken({ sub: DEFAULT_ORGANISATION, iat: now, exp: now + 86_400 }, secret);
    return new ChaosNodes(random, { token, databaseUrl, exits, postgres, members, stack });
  }

  get faults(): readonly Fault[] {
    return this.#faults;
  }

  /** The URL of any running node; `null` if there is none. */
  anyUrl(): string | null {
    const up = this.#members.filter((member) => member.up);
    return up.length === 0 ? null : up[this.#random.below(up.length)]!.server.url;
  }

  /** The URL of this node, or of another one while it is down; `null` if none is running. */
  urlOf(node: number): string | null {
    const member = this.#members[node]!;
    return member.up ? member.server.url : this.anyUrl();
  }

  get canSetClocks(): boolean {
    return this.#members.every(({ clock }) => clock !== null);
  }

  /** Injects a fault and repairs it. If the component has another fault, waits for its repair first. */
  async inject(planned: PlannedFault): Promise<void> {
    const { kind, target, skewMs } = planned;
    if (kind === "clock step" && !this.canSetClocks) return;
    const before = this.#repairs.get(target) ?? Promise.resolve();
    const { promise: repaired, resolve: repair } = Promise.withResolvers<void>();
    this.#repairs.set(target, repaired);
    await before;
    const fault = { kind, target, from: Date.now(), until: Infinity };
    const index = this.#faults.push(kind === "clock step" ? { ...fault, skewMs } : fault) - 1;
    try {
      await this.#start(planned);
    } finally {
      this.#faults[index] = { ...this.#faults[index]!, until: Date.now() };
      repair();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  #start({ kind, target, lastsMs, skewMs, lock }: PlannedFault): Promise<void> {
    if (target !== "database") return this.#injectInto(this.#members[target]!, { kind, lastsMs, skewMs });
    if (kind === "lock PostgreSQL") return this.#lock(lock, lastsMs);
    return this.#stopDatabase(kind === "kill PostgreSQL" ? "SIGKILL" : "SIGINT", lastsMs);
  }

  async #injectInto(
    member: Member,
    { kind, lastsMs, skewMs }: Pick<PlannedFault, "kind" | "lastsMs" | "skewMs">,
  ): Promise<void> {
    const { server, proxies, clock } = member;
    if (kind === "clock step") {
      clock!.set(skewMs);
      await delay(STEP_SEEN_MS);
      return;
    }
    if (kind === "kill") {
      member.up = false;
      await server.kill();
      await eventually(() => server.restart(), { timeoutMs: 60_000 });
      member.up = true;
      return;
    }
    if (kind === "freeze" || kind === "long freeze") {
      // Clients keep calling the frozen node, as they cannot know that it is frozen.
      process.kill(server.pid, "SIGSTOP");
      await delay(lastsMs);
      process.kill(server.pid, "SIGCONT");
      return;
    }
    for (const proxy of proxies) proxy.setState(kind === "cut" ? "cut" : "silent");
    await delay(lastsMs);
    for (const proxy of proxies) proxy.setState("open");
  }

  /** Holds a lock as a migration, a backup or an abandoned session of another program would. */
  async #lock(statement: string, lastsMs: number): Promise<void> {
    const client = new pg.Client(this.databaseUrl);
    client.on("error", () => undefined);
    await client.connect();
    try {
      await client.query(`BEGIN; SET LOCAL lock_timeout = 0; ${statement}`);
      await delay(lastsMs);
    } finally {
      await client.end();
    }
  }

  async #stopDatabase(signal: "SIGKILL" | "SIGINT", lastsMs: number): Promise<void> {
    await this.#postgres.stop(signal);
    if (signal === "SIGKILL") await delay(lastsMs);
    await this.#postgres.start();
  }
}

/** The URL of the database for a node, whose sessions the audit recognises. */
function named(databaseUrl: string, node: number): string {
  const url = new URL(databaseUrl);
  url.searchParams.set("application_name", `node ${node}`);
  return url.href;
}
