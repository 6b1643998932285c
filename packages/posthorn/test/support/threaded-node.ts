/** A server with several threads whose main thread is that of the test. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { execFileSync } from "node:child_process";
import { closeSync, constants, existsSync, openSync, rmSync } from "node:fs";
import { Agent, request, type RequestOptions } from "node:http";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { builtProgramArguments, eventually } from "@posthorn/testkit";
import { pino } from "pino";
import { vi } from "vitest";
import { envToConfig } from "../../src/config/config.ts";
import { readEnv } from "../../src/config/env.ts";
import { loadSecrets } from "../../src/config/secrets.ts";
import { organisationToken } from "../../src/cli/token/create.ts";
import { threadFile } from "../../src/lib/thread-file.ts";
import { PosthornNode } from "../../src/node/node.ts";
import { fixedThreads, shareOf } from "../../src/node/thread.ts";
import { type StartWorker, ThreadPool, type ThreadPoolOptions } from "../../src/threads/pool.ts";
import { NODE_THREAD_OF } from "./bundled-thread-file.ts";
import { borrowDatabase } from "./postgres.ts";
import { onPostgres, temporaryFolder } from "./store.ts";

export interface Reply {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

/** One connection to a server, which one of its threads has accepted. */
export class Connection implements Disposable {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = url;
  }

  call(token: string, method: string, path: string, body?: object): Promise<Reply> {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    return this.#send(`/api/v1/${path}`, { method, headers }, body);
  }

  /** Sends a request without the end of its body. Resolves with the error with which it fails. */
  begin(token: string, method: string, path: string): Promise<string> {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "content-length": "100" };
    return new Promise((resolve, reject) => {
      const asked = request(`${this.#url}/api/v1/${path}`, { method, headers, agent: this.#agent }, ({ statusCode }) =>
        reject(new Error(`the request was answered with ${statusCode}`)),
      );
      asked.on("error", ({ message }) => resolve(message));
      asked.write("{");
    });
  }

  /** Without authentication. */
  get(path: string): Promise<Reply> {
    return this.#send(path, { method: "GET" });
  }

  #send(path: string, options: RequestOptions, body?: object): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const asked = request(`${this.#url}${path}`, { ...options, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode!, json: text === "" ? {} : (JSON.parse(text) as Reply["json"]) });
        });
        response.on("error", reject);
      });
      asked.on("error", reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

export interface ThreadedNode extends AsyncDisposable {
  readonly node: PosthornNode;
  readonly pool: ThreadPool;
  readonly token: string;
  /** The workers of thread 2, each after the previous one has ended. */
  readonly workers: readonly Worker[];
}

/** Starts the main thread and, with a fixed number, the others. */
export async function startThreadedNode(
  env: Record<string, string>,
  options: Partial<ThreadPoolOptions> = {},
): Promise<ThreadedNode> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder());
  vi.stubEnv(NODE_THREAD_OF, (await builtProgramArguments()).at(-1));
  const environment = {
    POSTHORN_DATA_DIR: folder.path,
    POSTHORN_LISTEN: "127.0.0.1:0",
    ...(onPostgres ? { POSTHORN_DATABASE_URL: (await borrowDatabase()).url } : {}),
    POSTHORN_LOG_LEVEL: "silent",
    ...env,
  };
  const settings = readEnv({ environment, dev: true });
  const config = envToConfig(settings);
  const secrets = loadSecrets(config);
  const workers: Worker[] = [];
  const note = (message: unknown): void => {
    const { worker } = message as { worker: Worker };
    if (worker.threadName === "posthorn-2") workers.push(worker);
  };
  subscribe("worker_threads", note);
  stack.defer(() => void unsubscribe("worker_threads", note));
  const log = pino({ level: "silent" });
  const threads = fixedThreads(config) ?? 1;
  const pool = new ThreadPool({
    config,
    max: threads,
    settings,
    log,
    listens: true,
    counts: false,
    stopMs: 60_000,
    ...options,
  });
  const node = stack.use(
    await PosthornNode.start({ config: shareOf(config, threads), secrets, log, thread: pool.mainThread }),
  );
  pool.start(node);
  stack.defer(() => void pool.stop());
  const token = await organisationToken(secrets.jwtSecret, "org_00000000000000000000000test");
  const owned = stack.move();
  return { node, pool, token, workers, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Runs in a thread before its own code, and in those that it starts, which have other data. */
const HANGS = `
  import { workerData } from "node:worker_threads";
  const hang = workerData?.hang;
  if (hang !== undefined) setInterval(() => { while (Atomics.load(hang, 0) === 1); }, 10).unref();
`;

/** Starts threads that hang, like in an endless loop, while the number is 1. */
export function hangingWhile(hang: Int32Array<SharedArrayBuffer>): StartWorker {
  return startingWith(preload(HANGS), { hang });
}

function startingWith(flag: string, more: object = {}): StartWorker {
  return (data, ports) =>
    new Worker(threadFile("./server-thread", import.meta.url), {
      workerData: { ...data, ...more },
      transferList: [...ports],
      name: `posthorn-${data.number}`,
      execArgv: [flag],
    });
}

/** Flag of Node that runs code before a program. */
function preload(code: string): string {
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

/** A pipe whose opening blocks a thread in a system call, where it cannot be terminated. */
export class BlockingPipe implements Disposable {
  readonly #path: string;
  /** Flag of Node with which all threads except the main one open the pipe once it exists. */
  readonly flag: string;

  /** @param folder An existing folder. */
  constructor(folder: string) {
    this.#path = join(folder, "pipe");
    this.flag = preload(`
      import { existsSync, openSync, writeFileSync } from "node:fs";
      import { workerData } from "node:worker_threads";
      const path = ${JSON.stringify(this.#path)};
      const open = () => {
        if (!existsSync(path)) return;
        writeFileSync(path + ".opened", "");
        openSync(path, "r");
      };
      if (workerData?.seat !== undefined) setInterval(open, 10).unref();`);
  }

  /** Starts threads with the flag. */
  get startWorker(): StartWorker {
    return startingWith(this.flag);
  }

  /** Blocks the threads; resolves when one of them is. */
  async block(): Promise<void> {
    execFileSync("mkfifo", [this.#path]);
    await eventually(() => {
      if (!existsSync(`${this.#path}.opened`)) throw new Error("no thread has opened the pipe");
    });
  }

  /** Lets the threads continue: a pipe is opened for reading once it is open for writing. */
  release(): void {
    if (!existsSync(this.#path)) return;
    // For reading as well, so that it also opens if no thread is blocked.
    const writing = openSync(this.#path, constants.O_RDWR | constants.O_NONBLOCK);
    rmSync(this.#path);
    closeSync(writing);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
