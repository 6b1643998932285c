/** Starts the systems under measurement, each in its own processes. */
import { createDatabase, startPostgres, type TestPostgres } from "@posthorn/testkit";
import { startRedis } from "@posthorn/testkit/counterparts";
import { installFolder } from "@posthorn/testkit/install-folder";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type MeasuredNode, organisationToken, SECRET, startMeasuredNode } from "../lib/node-api.ts";
import { fillWithAttempts, openSchema } from "../lib/history.ts";
import { nextMessage, startModule, stop, treeCoreSeconds, treeCpuSeconds, treePssMib } from "../lib/processes.ts";
import type { Requests } from "../lib/publisher.ts";
import type { Round } from "./results.ts";
import type { Setup, SubjectName } from "./scenarios.ts";

/** A system that is ready for events. */
export interface Running extends AsyncDisposable {
  readonly origin: string;
  /** Used in turn. */
  readonly paths: readonly string[];
  readonly token: string;
  /** Requests that it takes instead of those of the load; `null`: the same. */
  readonly requests: Requests | null;
  readonly deliveriesPerEvent: number;
  /** Process ids of its server and then its database. Their child processes belong to it too. */
  readonly pids: readonly [server: number, ...database: number[]];
  /** Pauses its endpoints. Returns a function that resumes them. `null`: it cannot. */
  readonly pause: (() => Promise<() => Promise<void>>) | null;
}

export interface StartOptions {
  readonly setup: Setup;
  /** URL of the receiver. */
  readonly target: string;
  /** Certificate that the receiver uses; `null`: no TLS. */
  readonly ca: string | null;
  /** Folder for CPU profiles of Posthorn; `null`: none are written. */
  readonly profile: string | null;
  /** Working tree whose build is the other one; `null`: there is no other build. */
  readonly tree: string | null;
}

/** Durable settings, sized like a small dedicated server. */
const POSTGRES = { shared_buffers: "256MB", max_wal_size: "2GB" };
const RIVALS = fileURLToPath(new URL("../rivals", import.meta.url));
/** Days over which stored attempts are distributed. */
const HISTORY_DAYS = 10;
/** Requests in flight while applications are created. */
const PARALLEL = 16;

/** Starts systems, and the PostgreSQL server that several of them share one after the other. */
export class Subjects implements AsyncDisposable {
  #postgres: Promise<TestPostgres> | null = null;

  start(name: SubjectName, options: StartOptions): Promise<Running> {
    switch (name) {
      case "bare forwarder":
        return startForwarder(options);
      case "Posthorn, SQLite":
        return startPosthorn({ ...options, tree: null }, {}, []);
      case "other build, SQLite":
        return startPosthorn(options, {}, []);
      case "Posthorn, PostgreSQL":
        return this.#onPostgres((url, pid) => startOnPostgres({ ...options, tree: null }, url, pid));
      case "other build, PostgreSQL":
        return this.#onPostgres((url, pid) => startOnPostgres(options, url, pid));
      case "BullMQ, Redis":
        return startBullMq(options);
      case "pg-boss, PostgreSQL":
        return this.#onPostgres((url, pid) => startRival("pg-boss.ts", options, url, [pid]));
      case "Graphile Worker, PostgreSQL":
        return this.#onPostgres((url, pid) => startRival("graphile-worker.ts", options, url, [pid]));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#postgres)?.[Symbol.asyncDispose]();
  }

  /** Starts a system on a new database. */
  async #onPostgres(start: (url: string, pid: number) => Promise<Running>): Promise<Running> {
    this.#postgres ??= startPostgres({ settings: POSTGRES });
    const postgres = await this.#postgres;
    await using stack = new AsyncDisposableStack();
    const { url } = stack.use(await createDatabase(postgres.url));
    const running = stack.use(await start(url, postgres.pid));
    return { ...running, [Symbol.asyncDispose]: disposal(stack.move()) };
  }
}

function disposal(stack: AsyncDisposableStack): () => Promise<void> {
  return () => stack.disposeAsync();
}

function plain(child: ChildProcess, port: number, pids: readonly number[]): Running {
  return {
    origin: `http://127.0.0.1:${port}`,
    paths: ["/"],
    token: "none",
    requests: null,
    deliveriesPerEvent: 1,
    pids: [child.pid!, ...pids],
    pause: null,
    [Symbol.asyncDispose]: () => stop(child),
  };
}

async function startForwarder({ target, ca }: StartOptions): Promise<Running> {
  const child = startModule("forwarder.ts", [target], trusting(ca));
  const { port } = await nextMessage<{ port: number }>(child);
  return plain(child, port, []);
}

async function startRival(
  module: string,
  { target }: StartOptions,
  url: string,
  pids: readonly number[],
): Promise<Running> {
  installFolder(RIVALS);
  const child = startModule(`../rivals/${module}`, [target, url]);
  const { port } = await nextMessage<{ port: number }>(child);
  return plain(child, port, pids);
}

async function startBullMq(options: StartOptions): Promise<Running> {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const url = `redis://:${redis.password}@127.0.0.1:${redis.port}`;
  const running = stack.use(await startRival("bullmq.ts", options, url, [redis.program.group!]));
  return { ...running, [Symbol.asyncDispose]: disposal(stack.move()) };
}

async function startOnPostgres(options: StartOptions, url: string, pid: number): Promise<Running> {
  const { attempts, fan } = options.setup;
  const env = { POSTHORN_DATABASE_URL: url };
  if (attempts === 0) return startPosthorn(options, env, [pid]);
  await using schema = await openSchema(url, Date.now(), HISTORY_DAYS);
  const history = { attempts, days: HISTORY_DAYS, endpointsOfApplication: fan };
  return await startPosthorn(options, env, [pid], () => fillWithAttempts(schema.client, history));
}

/** @param fill Called once applications and endpoints exist. */
async function startPosthorn(
  options: StartOptions,
  env: Readonly<Record<string, string>>,
  pids: readonly number[],
  fill: () => Promise<void> = () => Promise.resolve(),
): Promise<Running> {
  const { setup, ca, profile, tree } = options;
  await using stack = new AsyncDisposableStack();
  const node = stack.use(
    await startMeasuredNode(
      { ...env, ...trusting(ca), POSTHORN_ENDPOINT_CONCURRENCY: "64", POSTHORN_RETRY_SCHEDULE: "1,1,1,1,1,1,1" },
      { ...(profile === null ? {} : { profile }), ...(tree === null ? {} : { tree }) },
    ),
  );
  const paths = setup.inbound ? [await createSource(node, options)] : await createApplications(node, options);
  await fill();
  return {
    origin: node.node.url,
    paths,
    token: organisationToken(),
    requests: setup.inbound ? { kind: "github", secret: SECRET } : null,
    deliveriesPerEvent: setup.fan,
    pids: [node.node.child.pid!, ...pids],
    pause: async () => {
      await node.call("POST", "app/app-0/endpoint/ep-0/pause", {});
      return async () => void (await node.call("POST", "app/app-0/endpoint/ep-0/resume"));
    },
    [Symbol.asyncDispose]: disposal(stack.move()),
  };
}

/** @returns The path that webhooks are sent to. */
async function createSource(node: MeasuredNode, { target }: StartOptions): Promise<string> {
  const source = { name: "Bench", type: "github", secrets: [SECRET] };
  const { id, ingestUrl } = await node.call("POST", "source", source, "/ingest/api/v1");
  await node.call("POST", `source/${String(id)}/endpoint`, { url: `${target}/0` }, "/ingest/api/v1");
  return new URL(String(ingestUrl)).pathname;
}

/** @returns The paths that events are published to, one for each application. */
async function createApplications(node: MeasuredNode, { setup, target }: StartOptions): Promise<readonly string[]> {
  let next = 0;
  const create = async (): Promise<void> => {
    while (next < setup.applications) {
      const uid = `app-${next++}`;
      await node.call("POST", "app", { name: `Customer ${uid}`, uid });
      for (let index = 0; index < setup.fan; index++)
        await createEndpoint(node, `app/${uid}/endpoint`, index, setup, target);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, create));
  return Array.from({ length: setup.applications }, (_, index) => `/api/v1/app/app-${index}/msg?with_content=false`);
}

async function createEndpoint(
  { call }: MeasuredNode,
  path: string,
  index: number,
  { endpoint }: Setup,
  target: string,
): Promise<void> {
  const uid = `ep-${index}`;
  await call("POST", path, { url: `${target}/${index}`, uid });
  switch (endpoint) {
    case "plain":
      return;
    case "filtered":
      await call("PUT", `${path}/${uid}/filter`, { filter: { body: { sequence: { $gte: 0 } } } });
      return;
    case "transformed":
      await call("PATCH", `${path}/${uid}/transformation`, { enabled: true, code: TRANSFORMATION });
      return;
    case "ordered":
      await call("PATCH", `${path}/${uid}/policy`, { order: { by: "key" } });
  }
}

const TRANSFORMATION = `function handler(webhook) {
  webhook.payload = { ...webhook.payload, seen: true };
  return webhook;
}`;

function trusting(ca: string | null): Record<string, string> {
  return ca === null ? {} : { NODE_EXTRA_CA_CERTS: ca };
}

/** CPU seconds of all processes of a system so far. */
export function cpuSecondsOf({ pids }: Running): number {
  return pids.reduce((sum, pid) => sum + treeCpuSeconds(pid), 0);
}

/** The same for a system that uses little. */
export function coreSecondsOf({ pids }: Running): number {
  return pids.reduce((sum, pid) => sum + treeCoreSeconds(pid), 0);
}

/** Proportional set size of all processes of a system. */
export function memoryOf({ pids: [server, ...database] }: Running): Pick<Round, "pssMib" | "databaseMib"> {
  const databaseMib = database.reduce((sum, pid) => sum + treePssMib(pid), 0);
  return { pssMib: treePssMib(server) + databaseMib, ...(database.length === 0 ? {} : { databaseMib }) };
}
