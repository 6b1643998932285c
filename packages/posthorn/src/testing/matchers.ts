/** Expectations for Vitest and `node:test`. */
import { AssertionError } from "node:assert";
import { isDeepStrictEqual } from "node:util";
import { TestingError } from "./errors.ts";
import type { Hook, WaitOptions } from "./hook.ts";
import type { ReceivedWebhook } from "./webhook.ts";

/** Fields that the payload must have; others are allowed at each level of objects. */
export type PartialPayload = Readonly<Record<string, unknown>>;

/** Result of a matcher of Vitest or Jest. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * Matchers for `expect.extend` of Vitest and Jest. For the types, declare them once:
 *
 * ```ts
 * expect.extend(matchers);
 * declare module "vitest" {
 *   interface Matchers<R extends void | Promise<void>, T> extends PosthornMatchers {}
 * }
 * ```
 */
export const matchers = {
  /** The hook accepts a webhook of this type, with these fields and a valid signature. With `not`, none is on its way. */
  async toReceive(
    this: { readonly isNot?: boolean },
    hook: Hook,
    type: string,
    payload?: PartialPayload,
  ): Promise<MatcherResult> {
    const problem = await problemOf(hook, type, payload, this?.isNot === true ? { timeoutMs: 0 } : {});
    const unexpected = `The hook ${hook.url} accepted a webhook "${type}"${payload === undefined ? "" : ` with ${text(payload)}`}.`;
    return { pass: problem === null, message: () => problem ?? unexpected };
  },

  /** The hook has accepted webhooks of exactly these types, in this order. */
  toHaveReceivedInOrder(hook: Hook, types: readonly string[]): MatcherResult {
    const pass = isDeepStrictEqual(hook.types, types);
    const received = `The hook ${hook.url} accepted ${text(hook.types)}`;
    return { pass, message: () => (pass ? `${received}.` : `${received}, not ${text(types)}.`) };
  },
};

/** The matchers as methods of `expect`. */
export interface PosthornMatchers {
  toReceive(type: string, payload?: PartialPayload): Promise<void>;
  toHaveReceivedInOrder(types: readonly string[]): void;
}

/**
 * Assertions for `node:test` and any other runner. They throw an `AssertionError`. To use them as `t.assert.received(…)`, register them:
 *
 * ```ts
 * for (const [name, check] of Object.entries(assertions)) assert.register(name, check);
 * ```
 */
export const assertions = {
  /** Resolves with the webhook of this type that the hook accepts, if it has these fields and a valid signature. */
  async received(hook: Hook, type: string, payload?: PartialPayload, options?: WaitOptions): Promise<ReceivedWebhook> {
    const [webhook, problem] = await find(hook, type, payload, options);
    if (webhook === null || problem !== null) throw failed(problem ?? "");
    return webhook;
  },

  /** No webhook of this type is on its way to the hook. */
  async notReceived(hook: Hook, type: string): Promise<void> {
    const [webhook] = await find(hook, type, undefined, { timeoutMs: 0 });
    if (webhook !== null) throw failed(`The hook ${hook.url} accepted a webhook "${type}": ${webhook.text()}`);
  },

  /** The hook has accepted webhooks of exactly these types, in this order. */
  receivedInOrder(hook: Hook, types: readonly string[]): void {
    const { pass, message } = matchers.toHaveReceivedInOrder(hook, types);
    if (!pass) throw failed(message());
  },
} as const;

function failed(message: string): AssertionError {
  return new AssertionError({ message });
}

async function problemOf(
  hook: Hook,
  type: string,
  payload: PartialPayload | undefined,
  options: WaitOptions,
): Promise<string | null> {
  const [, problem] = await find(hook, type, payload, options);
  return problem;
}

/** The next webhook of the type, and what is wrong with it. */
async function find(
  hook: Hook,
  type: string,
  payload: PartialPayload | undefined,
  options: WaitOptions = {},
): Promise<[ReceivedWebhook | null, string | null]> {
  let webhook: ReceivedWebhook;
  try {
    webhook = await hook.received(type, options);
  } catch (error) {
    if (error instanceof TestingError && error.code === "webhook_not_received") return [null, error.message];
    throw error;
  }
  if (hook.secret !== null) {
    const reason = await webhook.verify().then(
      () => null,
      (error: unknown) => String(error),
    );
    if (reason !== null) return [webhook, `The signature of the webhook "${type}" is not valid. ${reason}`];
  }
  if (payload === undefined) return [webhook, null];
  const received = webhook.json();
  if (includes(received, payload)) return [webhook, null];
  return [webhook, `The payload of the webhook "${type}" lacks ${text(payload)}. It is ${text(received)}.`];
}

/** Whether a value has all the fields of the expected one. Arrays have the same length. */
function includes(value: unknown, expected: unknown): boolean {
  if (Array.isArray(expected)) {
    if (!Array.isArray(value) || value.length !== expected.length) return false;
    return expected.every((each, index) => includes(value[index], each));
  }
  if (typeof expected !== "object" || expected === null) return isDeepStrictEqual(value, expected);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(expected).every(([key, each]) => includes((value as Record<string, unknown>)[key], each));
}

function text(value: unknown): string {
  return JSON.stringify(value);
}
