import { type Call, type Context, reader } from "../context.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import { matchableEndpoints } from "../message/match.ts";
import { addReplayCounts, firstCursor, NO_COUNTS, type ReplayCounts, type ReplayParams } from "./replay.ts";
import { scan, SCAN_ROWS } from "./scan.ts";
import { type ReplayRequest, resolveReplay } from "./start.ts";

/** Planned effect of a replay at one endpoint. */
export interface PlannedPart extends ReplayCounts {
  /** `null`: the URL from the request. */
  readonly endpointId: string | null;
  readonly url: string;
  /** Number of deliveries that it would make due. */
  readonly toSend: number;
  /** `false` if counting stopped at a limit, so that there may be more. */
  readonly exact: boolean;
}

export interface ReplayPlan {
  readonly parts: readonly PlannedPart[];
  readonly exact: boolean;
}

/** Maximum number of rows scanned for one plan, over all endpoints. */
const MAX_ROWS = 200_000;
/** Maximum duration of counting. */
const MAX_MS = 2000;
/** Maximum number of endpoints counted. */
const MAX_PARTS = 250;

/** Counts what a replay would send, without sending. Stops after a limited time, so that the counts may be incomplete. */
export async function planReplay({ ctx, input }: Call<ReplayRequest>): Promise<ReplayPlan> {
  const { application, params, endpoints, oneOff } = await resolveReplay(ctx, input);
  const budget = { rows: MAX_ROWS, until: ctx.services.now() + MAX_MS };
  if (oneOff !== null) {
    const target = { key: oneOff.key, url: oneOff.url } as DirectoryEndpoint;
    const part = await countPart(ctx, { params, appKey: application.key, endpoint: target }, budget);
    return { parts: [{ ...part, endpointId: null }], exact: part.exact };
  }
  const targets = await targetsOf(ctx, application.key, endpoints);
  const parts: PlannedPart[] = [];
  for (const endpoint of targets) {
    parts.push(await countPart(ctx, { params, appKey: application.key, endpoint }, budget));
  }
  return { parts, exact: targets.length < MAX_PARTS && parts.every(({ exact }) => exact) };
}

async function targetsOf(
  ctx: Context,
  appKey: number,
  keys: readonly number[] | null,
): Promise<readonly DirectoryEndpoint[]> {
  const loaded = await ctx.services.directory.application(appKey);
  const all = loaded === null ? [] : [...matchableEndpoints(loaded)];
  const wanted = keys === null ? all : all.filter(({ key }) => keys.includes(key));
  return wanted.slice(0, MAX_PARTS);
}

interface Counting {
  readonly params: ReplayParams;
  readonly appKey: number;
  readonly endpoint: DirectoryEndpoint;
}

async function countPart(
  ctx: Context,
  { params, appKey, endpoint }: Counting,
  budget: { rows: number; readonly until: number },
): Promise<PlannedPart> {
  let cursor = firstCursor(params);
  let counts: ReplayCounts = NO_COUNTS;
  let toSend = 0;
  let exact = false;
  while (!exact && budget.rows > 0 && ctx.services.now() < budget.until) {
    const found = await scan(reader(ctx), { params, appKey, endpoint, cursor }, SCAN_ROWS + 1);
    budget.rows -= Math.max(1, found.scanned);
    cursor = found.cursor;
    exact = found.done;
    toSend += found.keys.length;
    counts = addReplayCounts(counts, found);
  }
  return { endpointId: endpoint.id, url: endpoint.url, ...counts, toSend, exact };
}
