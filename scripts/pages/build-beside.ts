/** Builds the dashboard and the documentation while a server is already running. */
import { type ChildProcess, fork } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import type { PageBuild, PageBuilds, PageBuildState } from "../../packages/posthorn/src/api/page-build.ts";
import type { BuildMessage } from "./progress.ts";
import { isDashboardStale, isDocsStale } from "./stale.ts";

/** Low priority, so that the server starts first. */
const NICENESS = 10;

const READY: PageBuild = { state: { kind: "ready" } };

export interface RunningBuilds {
  readonly builds: PageBuilds;
  /** Display names of the running builds; empty: none. */
  readonly names: readonly string[];
  /** Stops builds that are still running. */
  stop(): void;
}

/** Starts builds of the pages whose sources have changed, each in a separate process. */
export function buildBeside(): RunningBuilds {
  const dashboard = isDashboardStale() ? new Build("build-dashboard.ts", "dashboard") : null;
  const docs = isDocsStale() ? new Build("build-docs.ts", "documentation") : null;
  const running = [dashboard, docs].filter((build) => build !== null);
  return {
    builds: { dashboard: dashboard ?? READY, docs: docs ?? READY },
    names: running.map(({ name }) => name),
    stop: () => running.forEach((build) => build.stop()),
  };
}

class Build implements PageBuild {
  readonly name: string;
  state: PageBuildState = { kind: "building", step: "starting" };
  readonly #child: ChildProcess;

  constructor(script: string, name: string) {
    this.name = name;
    const path = `scripts/${script}`;
    this.#child = fork(fileURLToPath(new URL(`../${script}`, import.meta.url)), { stdio: "inherit", execArgv: [] });
    if (this.#child.pid !== undefined) setPriority(this.#child.pid, NICENESS);
    // A build that continues after its pages can be served still reports its steps.
    this.#child.on("message", (message: BuildMessage) => {
      if (this.state.kind !== "ready") this.state = message;
    });
    this.#child.on("error", (error) => this.#fail(`${path} did not start: ${error.message}`));
    this.#child.on("exit", (code, signal) => {
      if (code !== 0)
        this.#fail(`\`node ${path}\` ${signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`}.`);
    });
  }

  stop(): void {
    this.#child.kill();
  }

  #fail(message: string): void {
    if (this.state.kind === "ready") return;
    this.state = { kind: "failed", message };
    console.error(`posthorn: the ${this.name} could not be built; the server runs without it. ${message}`);
  }
}
