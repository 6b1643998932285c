/** Three nodes on one PostgreSQL, each behind a way of its own to it, and what can befall them. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  createDatabase,
  eventually,
  makeToken,
  organisationId,
  startPostgres,
  startServer,
  startTcpProxy,
  type TcpProxy,
  type TestPostgres,
  type TestServer,
} from "@posthorn/testkit";
import type { Random } from "../random.ts";

export const NODES = 3;

/** Something that befell the nodes, Unix milliseconds. */
export interface Fault {
  readonly kind: FaultKind;
  readonly from: number;
  until: number;
}

const KINDS = ["kill", "freeze", "cut", "silence", "restart PostgreSQL", "kill PostgreSQL"] as const;
export type FaultKind = (typeof KINDS)[number];

/** How long most faults last, milliseconds; a frozen node must be able to outlast its lease. */
const MIN_FAULT_MS = 500;
const FAULT_MS = 9000;

interface Member {
  readonly server: TestServer;
  readonly proxy: TcpProxy;
  up: boolean;
}

export class ChaosNodes implements AsyncDisposable {
  readonly token: string;
  readonly databaseUrl: string;
  readonly faults: Fault[] = [];
  readonly #random: Random;
  readonly #postgres: TestPostgres;
  readonly #members: readonly Member[];
  readonly #stack: AsyncDisposableStack;

  private constructor(
    random: Random,
    parts: Pick<ChaosNodes, "token" | "databaseUrl"> & {
      readonly postgres: TestPostgres;
      readonly members: readonly Member[];
      readonly stack: AsyncDisposableStack;
    },
  ) {
    this.#random = random;
    this.token = parts.token;
    this.databaseUrl = parts.databaseUrl;
    this.#postgres = parts.postgres;
    this.#members = parts.members;
    this.#stack = parts.stack;
  }

  static async start(random: Random, env: Readonly<Record<string, string>>): Promise<ChaosNodes> {
    const stack = new AsyncDisposableStack();
    const postgres = stack.use(await startPostgres());
    const { url: databaseUrl } = await createDatabase(postgres.url);
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
      const options = { databaseUrl: proxy.through(databaseUrl), env: common, allowErrors: true };
      members.push({ server: stack.use(await startServer(options)), proxy, up: true });
    }
    const now = Math.floor(Date.now() / 1000);
    const token = makeToken({ sub: organisationId(), iat: now, exp: now + 86_400 }, secret);
    return new ChaosNodes(random, { token, databaseUrl, postgres, members, stack });
  }

  /** Where some node is; `null`: none is up. */
  anyUrl(): string | null {
    const up = this.#members.filter((member) => member.up);
    return up.length === 0 ? null : up[this.#random.below(up.length)]!.server.url;
  }

  /** Makes one fault, and mends it. */
  async fault(): Promise<void> {
    const kind = KINDS[this.#random.below(KINDS.length)]!;
    const member = this.#members[this.#random.below(NODES)]!;
    const lastsMs = MIN_FAULT_MS + this.#random.below(FAULT_MS);
    const fault: Fault = { kind, from: Date.now(), until: Infinity };
    this.faults.push(fault);
    await this.#make(kind, member, lastsMs);
    fault.until = Date.now();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #make(kind: FaultKind, member: Member, lastsMs: number): Promise<void> {
    const { server, proxy } = member;
    switch (kind) {
      case "kill":
        member.up = false;
        await server.kill();
        await eventually(() => server.restart(), { timeoutMs: 60_000 });
        member.up = true;
        return;
      case "freeze":
        // Still among those that are asked: nobody tells a client that a node stands still.
        process.kill(server.pid, "SIGSTOP");
        await delay(lastsMs);
        process.kill(server.pid, "SIGCONT");
        return;
      case "cut":
      case "silence":
        proxy.become(kind === "cut" ? "cut" : "silent");
        await delay(lastsMs);
        proxy.become("open");
        return;
      case "restart PostgreSQL":
      case "kill PostgreSQL":
        await this.#postgres.stop(kind === "kill PostgreSQL" ? "SIGKILL" : "SIGINT");
        await this.#postgres.start();
    }
  }
}
