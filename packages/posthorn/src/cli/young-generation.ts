/**
 * Bounds the young generation of V8 on the main thread.
 *
 * By default, Node lets it grow to 128 MiB and does not return that memory, although that does not make a server with
 * many short-lived objects faster. V8 only reads the bound when the process starts, so the process replaces itself,
 * which takes about 40 ms and keeps its id, its standard streams and its environment.
 */
import { existsSync } from "node:fs";
import { nodeOptions } from "../config/node-options.ts";

const FLAG = "--max-semi-space-size";
/** Half of the maximum size of the young generation, in MiB. */
const SEMI_SPACE_MIB = 8;

export interface StartedProcess {
  readonly execPath: string;
  /** Flags of Node on the command line. */
  readonly nodeFlags: readonly string[];
  /** Flags of Node in the environment. */
  readonly environmentFlags: readonly string[];
  /** Path of the program and its arguments. */
  readonly args: readonly string[];
  /** Whether the process has a channel to its parent, which a replacement would lose. */
  readonly hasChannel: boolean;
  /** Whether the process can replace itself. Not on Windows. */
  readonly canReplace: boolean;
}

/** The command line with which the server should have been started, or `null` if the current one is correct. */
export function boundedCommandLine(started: StartedProcess): readonly string[] | null {
  const { execPath, nodeFlags, environmentFlags, args, hasChannel, canReplace } = started;
  // Without a command, the program starts a server.
  const [, command = "start"] = args;
  if (command !== "start" || hasChannel || !canReplace) return null;
  // The operator's own setting takes precedence, and a process that was replaced already has the flag.
  if ([...nodeFlags, ...environmentFlags].some((flag) => flag.replaceAll("_", "-").startsWith(FLAG))) return null;
  return [execPath, `${FLAG}=${SEMI_SPACE_MIB}`, ...nodeFlags, ...args];
}

/** Replaces this process with one that has a bounded young generation, if it is a server without a bound. */
export function boundYoungGeneration(): void {
  const { argv, execArgv, execPath, platform } = process;
  const bounded = boundedCommandLine({
    execPath,
    nodeFlags: execArgv,
    environmentFlags: nodeOptions(),
    args: argv.slice(1),
    hasChannel: process.channel !== undefined && process.channel !== null,
    canReplace: platform !== "win32" && typeof process.execve === "function" && existsSync(execPath),
  });
  if (bounded !== null) process.execve?.(execPath, bounded);
}
