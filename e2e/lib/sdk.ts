/** The official SDKs of both major versions, called by the operation names of the inventory. */
import { Svix } from "svix";
import { Svix as Svix1 } from "svix1";
import { Api } from "./api.ts";
import { OPERATIONS, type Operation, keyOf } from "./inventory.ts";
import type { Recorder } from "./recorder.ts";

export type SdkVersion = 1 | 2;
export const SDK_VERSIONS = [1, 2] as const satisfies readonly SdkVersion[];

/** One call of a client by operation name, such as `endpoint.upsert`; the versions use different names for some operations. */
// The models of the two versions differ, and a test fails if a response does not have the expected shape.
// oxlint-disable-next-line typescript/no-explicit-any
export type Sdk = (operation: string, ...args: readonly unknown[]) => Promise<any>;

type Method = (...args: readonly unknown[]) => Promise<unknown>;
/** A client, or a resource of one: methods and nested resources. */
interface Node {
  readonly [name: string]: Method | Node;
}

export function sdkOf(version: SdkVersion, url: string, token: string, recorder: Recorder): Sdk {
  // The only retry is in the distant future, because tests must see a 5xx or a broken connection at once.
  const options = { serverUrl: url, fetch: recorder.fetch, retryScheduleInMs: [] };
  const newer = new Svix(token, options) as unknown as Node;
  const older = new Svix1(token, options) as unknown as Node;
  return (key, ...args) => {
    const operation = OPERATIONS.find((candidate) => keyOf(candidate) === key);
    if (operation === undefined) throw new Error(`The inventory has no operation ${key}.`);
    if (operation.internal === true) return callByPath(new Api(url, token, recorder), operation, args);
    // Operations that the older SDK lacks are called with the newer one.
    const client = version === 1 && operation.v1method !== null ? older : newer;
    // A resource may be nested, such as `operationalWebhook.endpoint`; the older SDK may have its methods on the outer one.
    const names = operation.resource.split(".");
    const inner = names.reduce<Node | undefined>((node, name) => node?.[name] as Node | undefined, client);
    const resource = inner ?? names.slice(0, -1).reduce<Node>((node, name) => node[name] as Node, client);
    const name = inner !== undefined && operation.method in inner ? operation.method : operation.v1method!;
    return (resource[name] as Method).apply(resource, [...args]);
  };
}

/** Calls an operation without a public method. Arguments: the parameters of its path, then its body or query, named as on the wire. */
async function callByPath(api: Api, { verb, path, body }: Operation, args: readonly unknown[]): Promise<unknown> {
  const rest = [...args];
  const target = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(String(rest.shift())));
  const [input] = rest;
  const query = body === null && input !== undefined ? `?${new URLSearchParams(input as Record<string, string>)}` : "";
  const { status, json } = await api.call(verb, target + query, body === null ? {} : { body: input });
  if (status >= 400)
    throw Object.assign(new Error(`${verb} ${target} returned ${status}.`), { code: status, body: json });
  return json;
}

/** Status and body of the error of a call. Fails if the call succeeds. */
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
