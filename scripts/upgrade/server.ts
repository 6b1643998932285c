/** A server or a command of one version. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { Version } from "./checkout.ts";

const READY_MS = 120_000;
const EVERY_MS = 100;

export interface ServerSettings {
  readonly environment: Readonly<Record<string, string>>;
  readonly port: number;
}

export class ServerUnderTest implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #output = "";

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
    this.#closed = once(child, "close");
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.#output = (this.#output + text).slice(-20_000)));
    }
  }

  /** Starts a server. Rejects with its output if it ends before it is ready. */
  static async start(version: Version, { environment, port }: ServerSettings): Promise<ServerUnderTest> {
    const url = `http://127.0.0.1:${port}`;
    const child = spawn(process.execPath, [...argumentsOf(version), "start", "--dev"], {
      cwd: version.root,
      env: { ...process.env, ...environment, POSTHORN_LISTEN: `127.0.0.1:${port}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const server = new ServerUnderTest(url, child);
    const until = Date.now() + READY_MS;
    while (Date.now() < until) {
      if (child.exitCode !== null) break;
      const status = await fetch(`${url}/health/ready`).then(
        (response) => response.status,
        () => 0,
      );
      if (status === 204) return server;
      await delay(EVERY_MS);
    }
    await server.end("SIGKILL");
    throw new Error(`${version.name} did not start:\n${server.#output}`);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }
}

/** Runs a command and returns its output. */
export async function runCommand(
  version: Version,
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...argumentsOf(version), ...args], {
    cwd: version.root,
    env: { ...process.env, ...environment },
  });
  return stdout;
}

function argumentsOf({ root }: Version): readonly string[] {
  return ["--conditions=@posthorn/source", join(root, "packages/posthorn/src/main.ts")];
}
