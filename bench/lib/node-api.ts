/** The API of a node under measurement, with a token of an organisation. */
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StartedNode, startNode, type StartOptions, stop } from "./processes.ts";
import type { Sent } from "./faulty-receiver.ts";

/** Secret that signs tokens. */
export const SECRET = "bench-secret-bench-secret-bench-secret";

export interface MeasuredNode extends AsyncDisposable {
  readonly node: StartedNode;
  /** @param base Path before `path`; `/api/v1` by default. */
  call(method: string, path: string, body?: object, base?: string): Promise<Record<string, unknown>>;
}

/** Starts the built server with the application `bench`, in a new folder unless `folder` is given. */
export async function startMeasuredNode(
  env: Record<string, string> = {},
  { folder: kept, ...options }: { readonly folder?: string } & StartOptions = {},
): Promise<MeasuredNode> {
  const folder = kept ?? mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  const node = await startNode(
    {
      POSTHORN_LISTEN: "127.0.0.1:0",
      POSTHORN_DATA_DIR: folder,
      POSTHORN_JWT_SECRET: SECRET,
      POSTHORN_EGRESS_ALLOW: "external,loopback",
      // Otherwise, a further thread could start during a measurement.
      POSTHORN_THREADS: "1",
      ...env,
    },
    options,
  );
  const authorization = `Bearer ${organisationToken()}`;
  const call: MeasuredNode["call"] = async (method, path, body, base = "/api/v1") => {
    const response = await fetch(`${node.url}${base}/${path}`, {
      method,
      headers: { authorization, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
  await call("POST", "app?get_if_exists=true", { name: "Bench", uid: "bench" });
  return {
    node,
    call,
    [Symbol.asyncDispose]: async () => {
      await stop(node.child);
      if (kept === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Publishes `perSecond` messages per second for a while. Each contains `Sent` of faulty-receiver.ts. Returns the
 * time of each response by number, in Unix milliseconds with fractions.
 */
export async function publishFor(
  { call }: MeasuredNode,
  { perSecond, seconds, channels = [] }: { perSecond: number; seconds: number; channels?: readonly string[] },
): Promise<readonly number[]> {
  const begun = performance.now();
  const total = perSecond * seconds;
  const answered = new Array<number>(total).fill(Number.NaN);
  const open = new Set<Promise<void>>();
  const publish = async (n: number): Promise<void> => {
    const to = channels.length === 0 ? {} : { channels: [channels[n % channels.length]!] };
    const payload: Sent = { at: unixMs(), n };
    await call("POST", "app/bench/msg?with_content=false", { eventType: "bench.event", payload, ...to });
    answered[n] = unixMs();
  };
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) * perSecond) / 1000));
    for (; sent < due; sent++) {
      const publishing = publish(sent).finally(() => open.delete(publishing));
      open.add(publishing);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(open);
  return answered;
}

/** Unix milliseconds with fractions, comparable between processes of one machine. */
function unixMs(): number {
  return performance.timeOrigin + performance.now();
}

export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Token for everything in the organisation of a benchmark. */
export function organisationToken(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const unsigned = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: `org_${"b".repeat(27)}` })}`;
  return `${unsigned}.${createHmac("sha256", SECRET).update(unsigned).digest("base64url")}`;
}
