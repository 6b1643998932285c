/** The official SDKs of both major versions, called by the names of the inventory. */
import { Svix } from "svix";
import { Svix as Svix1 } from "svix1";
import { OPERATIONS, keyOf } from "./inventory.ts";
import type { Recorder } from "./recorder.ts";

export type SdkVersion = 1 | 2;
export const SDK_VERSIONS = [1, 2] as const satisfies readonly SdkVersion[];

/** One call of a client by the name of an operation, such as `endpoint.upsert`; each version has its own name for some. */
// The models of the two versions differ, and a test fails when an answer has another form than it expects.
// oxlint-disable-next-line typescript/no-explicit-any
export type Sdk = (operation: string, ...args: readonly unknown[]) => Promise<any>;

type Method = (...args: readonly unknown[]) => Promise<unknown>;
/** A client, or a resource of one: methods, and resources inside. */
interface Node {
  readonly [name: string]: Method | Node;
}

export function sdkOf(version: SdkVersion, url: string, token: string, recorder: Recorder): Sdk {
  // One retry far away: an answer of 5xx or a broken connection is what a test must see, at once.
  const options = { serverUrl: url, fetch: recorder.fetch, retryScheduleInMs: [] };
  const newer = new Svix(token, options) as unknown as Node;
  const older = new Svix1(token, options) as unknown as Node;
  return (key, ...args) => {
    const operation = OPERATIONS.find((candidate) => keyOf(candidate) === key);
    if (operation === undefined) throw new Error(`The inventory has no operation ${key}.`);
    // What the older one never had is called with the newer one.
    const client = version === 1 && operation.v1method !== null ? older : newer;
    // A resource may stand inside another one, such as `operationalWebhook.endpoint`; the older SDK may have its methods on the outer one.
    const names = operation.resource.split(".");
    const inner = names.reduce<Node | undefined>((node, name) => node?.[name] as Node | undefined, client);
    const resource = inner ?? names.slice(0, -1).reduce<Node>((node, name) => node[name] as Node, client);
    const name = inner !== undefined && operation.method in inner ? operation.method : operation.v1method!;
    return (resource[name] as Method).apply(resource, [...args]);
  };
}

/** Status and body of the error that a call ends with. Fails when it succeeds. */
// oxlint-disable-next-line typescript/no-explicit-any -- as above
export async function errorOf(call: Promise<unknown>): Promise<{ code: number; body: any }> {
  try {
    await call;
  } catch (error) {
    if (typeof (error as { code?: unknown }).code === "number") return error as { code: number; body: unknown };
    throw error;
  }
  throw new Error("The call succeeded.");
}
