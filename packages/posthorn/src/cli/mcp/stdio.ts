/**
 * Serves MCP over standard input and output, for clients that start a program. Each line is passed to the MCP endpoint of a server, whose
 * rules apply; nothing else is written to standard output.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Connection } from "../client.ts";

export interface StdioOptions {
  readonly connection: Connection;
  /** Path of the MCP endpoint. */
  readonly path: string;
  readonly input: Readable;
  readonly output: Writable;
  readonly userAgent: string;
  /** Aborted when the program has to stop. */
  readonly signal: AbortSignal;
}

interface Line {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: {
    readonly name?: unknown;
    readonly requestId?: unknown;
    readonly protocolVersion?: unknown;
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
}

const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";
/** The longest wait of a tool is 50 seconds. */
const TIMEOUT_MS = 90_000;

/** Resolves when the input has ended and all responses are written. */
export async function serveStdio(options: StdioOptions): Promise<void> {
  const { input, signal } = options;
  const open = new Map<unknown, AbortController>();
  const session: Session = { version: null };
  const lines = createInterface({ input, signal });
  const answers = new Set<Promise<void>>();
  for await (const text of lines) {
    const line = parsed(text);
    if (line?.method === "notifications/cancelled") open.get(line.params?.requestId)?.abort();
    // Notifications need nothing done, and lines that are no requests have no response.
    if (text.trim() === "" || (line !== null && line.id === undefined)) continue;
    const canceled = new AbortController();
    const { id } = line ?? {};
    open.set(id, canceled);
    const answer = respond(options, session, { text, line }, canceled.signal).finally(() => {
      open.delete(id);
      answers.delete(answer);
    });
    answers.add(answer);
  }
  await Promise.all(answers);
}

/** Version that the client and the server agreed on with `initialize`. */
interface Session {
  version: string | null;
}

function parsed(text: string): Line | null {
  try {
    const line = JSON.parse(text) as unknown;
    return typeof line === "object" && line !== null && !Array.isArray(line) ? line : null;
  } catch {
    return null;
  }
}

async function respond(
  options: StdioOptions,
  session: Session,
  { text, line }: { readonly text: string; readonly line: Line | null },
  canceled: AbortSignal,
): Promise<void> {
  const { output, signal } = options;
  const slow = new AbortController();
  const timer = setTimeout(() => slow.abort(new Error("it takes too long")), TIMEOUT_MS);
  const stop = AbortSignal.any([signal, canceled, slow.signal]);
  let answer: string;
  try {
    const response = await send(options, session, text, line, stop);
    if (response.headers.get("content-type")?.startsWith("text/event-stream") === true) {
      // A stream ends when the client cancels it.
      clearTimeout(timer);
      return await forwardStream(response, output, signal);
    }
    answer = withId(await response.text(), line);
    if (line?.method === "initialize") session.version = versionIn(answer);
  } catch (error) {
    // A canceled request has no response.
    if (signal.aborted || canceled.aborted) return;
    answer = failure(line, `No response from ${options.connection.url}: ${(error as Error).message}`);
  }
  clearTimeout(timer);
  await writeLine(output, answer, signal);
}

async function writeLine(output: Writable, text: string, signal: AbortSignal): Promise<void> {
  if (!output.write(`${text}\n`)) await once(output, "drain", { signal });
}

/** Writes each message of an event stream as a line. */
async function forwardStream(response: Response, output: Writable, signal: AbortSignal): Promise<void> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const frames = (text + chunk).split("\n\n");
    text = frames.pop()!;
    for (const frame of frames) {
      if (frame.startsWith("data: ")) await writeLine(output, frame.slice("data: ".length), signal);
    }
  }
}

function send(
  { connection, path, userAgent }: StdioOptions,
  { version }: Session,
  text: string,
  line: Line | null,
  signal: AbortSignal,
): Promise<Response> {
  const { _meta: meta } = line?.params ?? {};
  const stated = meta?.[VERSION_KEY];
  const isCurrent = typeof stated === "string";
  const name = line?.method === "tools/call" ? line.params?.name : undefined;
  return fetch(new URL(path, connection.url), {
    method: "POST",
    headers: {
      authorization: `Bearer ${connection.token}`,
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "user-agent": userAgent,
      // Over HTTP, headers repeat parts of the message.
      ...(isCurrent ? { "mcp-protocol-version": stated, "mcp-method": line?.method ?? "" } : {}),
      ...(isCurrent && typeof name === "string" ? { "mcp-name": encoded(name) } : {}),
      ...(!isCurrent && version !== null && line?.method !== "initialize" ? { "mcp-protocol-version": version } : {}),
    },
    body: text,
    signal,
  });
}

function encoded(name: string): string {
  return /^[\x21-\x7e]+$/.test(name) ? name : `=?base64?${Buffer.from(name).toString("base64")}?=`;
}

/** Errors from before the server read the request have no ID, but the client waits for a response with its own. */
function withId(answer: string, line: Line | null): string {
  const { error, ...rest } = JSON.parse(answer) as { readonly id?: unknown; readonly error?: object };
  if (rest.id !== undefined || line?.id === undefined) return onOneLine(answer);
  return JSON.stringify({ jsonrpc: "2.0", id: line.id, error: error ?? { code: -32_603, message: "No result." } });
}

/** A message may not contain a line break. JSON has them between its parts only. */
function onOneLine(json: string): string {
  return /[\r\n]/.test(json) ? JSON.stringify(JSON.parse(json)) : json;
}

function versionIn(answer: string): string | null {
  const { result } = JSON.parse(answer) as { readonly result?: { readonly protocolVersion?: string } };
  return result?.protocolVersion ?? null;
}

function failure(line: Line | null, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id: line?.id ?? null, error: { code: -32_603, message } });
}
