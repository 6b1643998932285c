import { type Call, reader } from "../context.ts";
import { type AcrossRequest, endpointPage, type EndpointPage, resolveAcross } from "./across.ts";
import { countDeliveries } from "./count.ts";
import type { PlannedPart } from "./plan.ts";
import { addReplayCounts, NO_COUNTS, type ReplayCounts } from "./replay.ts";

/** Planned effect of a replay across applications at one endpoint. */
export interface AcrossPart extends PlannedPart {
  readonly endpointId: string;
  readonly appId: string;
  readonly appName: string;
  /** Whether the endpoint is disabled, so that the replay leaves it out. */
  readonly disabled: boolean;
}

export interface AcrossPlan extends ReplayCounts {
  readonly toSend: number;
  /** Messages that would be sent if their endpoints were enabled. */
  readonly endpointDisabled: number;
  /** `false` if counting stopped at a limit, so that there may be more. */
  readonly exact: boolean;
  /** Applications and endpoints that would get messages. */
  readonly applications: number;
  readonly endpoints: number;
  /** Endpoints with matching messages, those with the most first. */
  readonly parts: readonly AcrossPart[];
}

const MAX_ROWS = 200_000;
const MAX_MS = 5000;
/** Maximum number of endpoints listed. */
const MAX_LISTED = 250;

/** Counts what a replay across applications would send, and why it leaves messages out. Sends nothing. */
export async function planAcross({ ctx, input }: Call<AcrossRequest>): Promise<AcrossPlan> {
  const params = await resolveAcross(ctx, input);
  const until = ctx.services.now() + MAX_MS;
  const parts: AcrossPart[] = [];
  let left = MAX_ROWS;
  let after: number | null = 0;
  while (after !== null && left > 0 && ctx.services.now() < until) {
    const page: EndpointPage = await endpointPage(reader(ctx), { orgId: ctx.actor.orgId, params, after });
    const endpoints = page.endpoints.map(({ key }) => key);
    const { byEndpoint, rows } = await countDeliveries(reader(ctx), params, { endpoints, limit: left });
    left -= rows;
    after = page.next;
    for (const { key, id, ...named } of page.endpoints) {
      const counts = byEndpoint.get(key);
      if (counts !== undefined) parts.push({ ...named, endpointId: id, ...counts, exact: left > 0 });
    }
  }
  return sumOf(parts, after === null && left > 0);
}

function sumOf(parts: readonly AcrossPart[], isComplete: boolean): AcrossPlan {
  const enabled = parts.filter(({ disabled, toSend }) => !disabled && toSend > 0);
  const sum = (of: readonly AcrossPart[]): number => of.reduce((total, { toSend }) => total + toSend, 0);
  const listed = parts
    .filter(({ matched, otherStatus }) => matched > 0 || Object.values(otherStatus).some((count) => count > 0))
    .toSorted((a, b) => b.matched - a.matched)
    .slice(0, MAX_LISTED);
  return {
    ...parts.reduce<ReplayCounts>(addReplayCounts, NO_COUNTS),
    toSend: sum(enabled),
    endpointDisabled: sum(parts.filter(({ disabled }) => disabled)),
    exact: isComplete,
    applications: new Set(enabled.map(({ appId }) => appId)).size,
    endpoints: enabled.length,
    parts: listed,
  };
}
