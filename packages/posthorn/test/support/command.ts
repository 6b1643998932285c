/** Runs commands of the command line in this process or in another one. */
import { type ChildProcess, spawn } from "node:child_process";
import { builtProgramArguments } from "@posthorn/testkit";
import { vi } from "vitest";
import { runProgram } from "../../src/cli/program.ts";

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, without the settings of the test run. */
export async function command(...args: readonly string[]): Promise<CommandResult> {
  const text = { out: "", err: "" };
  // The test run has its own variables, which are not settings.
  for (const name of Object.keys(process.env)) if (name.startsWith("POSTHORN_")) vi.stubEnv(name, undefined);
  const collect = (stream: NodeJS.WriteStream, to: "out" | "err") =>
    vi.spyOn(stream, "write").mockImplementation((piece) => {
      text[to] += String(piece);
      return true;
    });
  const spies = [collect(process.stdout, "out"), collect(process.stderr, "err")];
  try {
    return { code: await runProgram(args), ...text };
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

export interface CommandProcess extends AsyncDisposable {
  readonly ended: Promise<CommandResult>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs a command in a separate process, which is killed at the end. */
export async function commandProcess(...args: readonly string[]): Promise<CommandProcess> {
  const child = spawn(process.execPath, [...(await builtProgramArguments()), ...args], {
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(POSTHORN_|NODE_|VITEST)/.test(name))),
    stdio: ["ignore", "pipe", "pipe"],
    // A separate process group, so that programs that it starts are killed with it.
    detached: true,
  });
  const ended = resultOf(child);
  const kill = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-child.pid!, signal);
    } catch {
      // It has ended.
    }
  };
  return {
    ended,
    kill,
    [Symbol.asyncDispose]: async () => {
      kill("SIGKILL");
      await ended;
    },
  };
}

function resultOf(child: ChildProcess): Promise<CommandResult> {
  const text = { out: "", err: "" };
  child.stdout!.setEncoding("utf8").on("data", (piece: string) => (text.out += piece));
  child.stderr!.setEncoding("utf8").on("data", (piece: string) => (text.err += piece));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, ...text }));
  });
}
