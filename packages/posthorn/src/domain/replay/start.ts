import { sql } from "kysely";
import { invalid, PosthornError } from "../../lib/errors.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { requireAccess } from "../access.ts";
import { type Call, type Context, reader } from "../context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { type EndpointRef, findEndpoint, getEndpoint } from "../endpoint/find.ts";
import { startTask as storeTask } from "../task/start.ts";
import type { Task, TaskKind } from "../task/task.ts";
import { messageKeysOf } from "./messages.ts";
import { checkOneOff, insertOneOff, type OneOffTarget } from "./one-off.ts";
import {
  firstCursor,
  keysOf,
  newReplayData,
  NO_FILTER,
  type ReplayFilter,
  type ReplayParams,
  type Window,
  withinMessages,
} from "./replay.ts";
import type { Tx } from "../../store/tx.ts";

export interface ReplayRequest extends Window {
  readonly app: string;
  readonly filter: Omit<ReplayFilter, "messages">;
  /** Ids of messages: only these; `null`: all. */
  readonly messages: readonly string[] | null;
  /** Ids or uids of the endpoints whose deliveries to replay; `null`: all endpoints. */
  readonly endpoints: readonly string[] | null;
  readonly target: TargetRequest;
  readonly newestFirst: boolean;
  readonly ratePerSecond: number | null;
  readonly reason: string;
}

export type TargetRequest =
  | { readonly kind: "same" }
  /** Id or uid of an endpoint of the same application. */
  | { readonly kind: "endpoint"; readonly endpoint: string }
  | OneOffTarget;

const DAY = 86_400_000;
const MAX_WINDOW = 14 * DAY;
/** Tolerance of 5 minutes for clients that compute "14 days ago" some time before the request. */
const SLACK = 300_000;

/** Recovery: makes one manual attempt for each message of the window that failed at the endpoint and has not succeeded since. */
export function recoverEndpoint({ ctx, input }: Call<EndpointRef & Window>): Promise<Task> {
  checkWindow(input, ctx.services.now());
  return startAtEndpoint(ctx, input, { kind: "endpoint.recover", mode: "failing", filter: NO_FILTER });
}

/** Sends the messages of the time range that match the endpoint and have no delivery to it. */
export function replayMissing({ ctx, input }: Call<EndpointRef & Window>): Promise<Task> {
  checkWindow(input, ctx.services.now());
  return startAtEndpoint(ctx, input, { kind: "endpoint.replay", mode: "missing", filter: NO_FILTER });
}

/** Like {@link replayMissing}, for a subscriber: it does not count towards the open tasks of the application. */
export function startCatchUp({ ctx, input }: Call<EndpointRef & Window>): Promise<Task> {
  const what = { kind: "endpoint.replay", mode: "missing", filter: NO_FILTER, isCatchUp: true } as const;
  return startAtEndpoint(ctx, input, what);
}

/** Makes one manual attempt for each delivery of the endpoint that matches a filter. */
export function bulkReplay({
  ctx,
  input,
}: Call<EndpointRef & Window & { readonly filter: ReplayFilter }>): Promise<Task> {
  return startAtEndpoint(ctx, input, { kind: "endpoint.bulk-replay", mode: "deliveries", filter: input.filter });
}

/** Replays messages that match a filter: to the endpoints of their deliveries, to another endpoint, or to a URL. */
export async function startReplay({ ctx, input }: Call<ReplayRequest>): Promise<Task> {
  const resolved = await resolveReplay(ctx, input);
  const { application, params, endpoints, oneOff } = resolved;
  return storeTask(ctx, {
    kind: "endpoint.bulk-replay",
    appKey: application.key,
    params,
    data: newReplayData(ctx.services.now()),
    prepare: async (tx, taskKey) => {
      if (oneOff !== null) await insertOneOff(ctx, tx, { ...oneOff, taskKey, appKey: application.key });
      await insertParts(tx, { taskKey, appKey: application.key, params, endpointKeys: endpoints });
    },
  });
}

export interface ResolvedReplay {
  readonly application: Application;
  readonly params: ReplayParams;
  /** Keys of the target endpoints; `null`: all endpoints of the application. */
  readonly endpoints: readonly number[] | null;
  readonly oneOff: Awaited<ReturnType<typeof checkOneOff>> | null;
}

/** Validates a request and looks up the resources it refers to. Writes nothing. */
export async function resolveReplay(ctx: Context, input: ReplayRequest): Promise<ResolvedReplay> {
  const application = await getApplication(ctx, input.app);
  const window = keysOf(input, ctx.services.now());
  const { newestFirst, ratePerSecond, reason, target } = input;
  const messages = await messageKeysOf(ctx, input.messages, application.key);
  const filter = { ...input.filter, messages };
  const within = withinMessages(await withinHistory(ctx, application.key, window), messages);
  const common = { ...within, filter, newestFirst, ratePerSecond, reason };
  const named = input.endpoints === null ? null : await findAll(ctx, application, input.endpoints);
  const endpoints = named?.map(({ key, id }) => ({ key, id })) ?? null;
  if (target.kind === "same") {
    const params = { ...common, mode: "deliveries", endpoints, target } as const;
    return { application, params, endpoints: endpoints?.map(({ key }) => key) ?? null, oneOff: null };
  }
  if (target.kind === "endpoint") {
    const endpoint = await findEndpoint(ctx, application, target.endpoint);
    if (endpoint === null) throw invalid(["body", "target", "endpoint"], noEndpoint(target.endpoint));
    const to = { kind: "endpoint", endpointId: endpoint.id } as const;
    const params = { ...common, mode: "messages", endpoints, target: to } as const;
    return { application, params, endpoints: [endpoint.key], oneOff: null };
  }
  // Sending to any URL requires the same access as creating an endpoint.
  requireAccess(ctx.actor, { access: "ManageEndpoint", permission: "endpoints:write" });
  const oneOff = await checkOneOff(ctx, application, target);
  const to = { kind: "url", url: oneOff.url, endpointId: oneOff.id } as const;
  const params = { ...common, mode: "messages", endpoints, target: to } as const;
  return { application, params, endpoints: [oneOff.key], oneOff };
}

async function findAll(ctx: Context, application: Application, refs: readonly string[]): Promise<readonly Endpoint[]> {
  const found = new Map<number, Endpoint>();
  for (const [index, ref] of refs.entries()) {
    const endpoint = await findEndpoint(ctx, application, ref);
    if (endpoint === null) throw invalid(["body", "endpoints", `[${index}]`], noEndpoint(ref));
    found.set(endpoint.key, endpoint);
  }
  return [...found.values()];
}

function noEndpoint(ref: string): string {
  return `The application has no endpoint "${ref}".`;
}

function checkWindow({ since, until }: Window, now: number): void {
  if ((until ?? now) - since > MAX_WINDOW + SLACK) throw invalid("since", "The window can cover up to 14 days.");
}

async function startAtEndpoint(
  ctx: Context,
  input: EndpointRef & Window,
  what: {
    readonly kind: TaskKind;
    readonly mode: ReplayParams["mode"];
    readonly filter: ReplayFilter;
    readonly isCatchUp?: true;
  },
): Promise<Task> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  const now = ctx.services.now();
  const params: ReplayParams = {
    ...(await withinHistory(ctx, application.key, keysOf(input, now))),
    mode: what.mode,
    filter: what.filter,
    endpoints: [{ key: endpoint.key, id: endpoint.id }],
    target: { kind: "same" },
    newestFirst: false,
    ratePerSecond: null,
    reason: "",
    ...(what.isCatchUp === true ? { isCatchUp: true } : {}),
  };
  const parts = { appKey: application.key, params, endpointKeys: [endpoint.key] };
  return storeTask(ctx, {
    kind: what.kind,
    appKey: application.key,
    params,
    data: newReplayData(now),
    ...(what.isCatchUp === true ? { isExempt: true } : {}),
    prepare: (tx, taskKey) => insertParts(tx, { taskKey, ...parts }),
  });
}

/** Narrows a window to the stored messages, so that progress does not include long periods without messages. */
async function withinHistory<Keys extends { readonly from: number; readonly to: number }>(
  ctx: Context,
  appKey: number,
  window: Keys,
): Promise<Keys> {
  const within = reader(ctx)
    .selectFrom("message")
    .select("id")
    .where("app_id", "=", appKey)
    .where("id", ">=", window.from)
    .where("id", "<=", window.to)
    .limit(1);
  const first = await within.orderBy("id", "asc").executeTakeFirst();
  const last = await within.orderBy("id", "desc").executeTakeFirst();
  return { ...window, from: first?.id ?? window.from, to: last?.id ?? window.from };
}

interface Parts {
  readonly taskKey: number;
  readonly appKey: number;
  readonly params: ReplayParams;
  /** `null`: all endpoints of the application. */
  readonly endpointKeys: readonly number[] | null;
}

async function insertParts({ db }: Tx, { taskKey, appKey, params, endpointKeys }: Parts): Promise<void> {
  const which =
    endpointKeys === null
      ? sql`app_id = ${appKey} AND deleted_at IS NULL AND replay_task_id IS NULL`
      : sql`id IN (${sql.join(endpointKeys)})`;
  const { numAffectedRows } = await sql`
    INSERT INTO task_part (task_id, endpoint_id, cursor)
    SELECT ${taskKey}, id, ${firstCursor(params)} FROM endpoint WHERE ${which}`.execute(db);
  if (endpointKeys === null && numAffectedRows === 0n) {
    throw new PosthornError("not_found", "The application has no endpoint to send to.");
  }
}
