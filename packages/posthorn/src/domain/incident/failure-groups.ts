/** Failed attempts of a step, grouped by endpoint and cause. */
import type { Kysely } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import { APPLICATION_KIND, ATTEMPT_STATUS, type Database } from "../../store/schema.ts";
import { causeOf } from "../attempt/cause.ts";
import { hostOf } from "../endpoint/host.ts";
import { SLOT_MS } from "./incident.ts";

/** Failed attempts at one endpoint with one cause. */
export interface FailureGroup {
  readonly orgId: number;
  readonly appId: number;
  readonly endpointId: number;
  readonly host: string;
  readonly cause: string;
  readonly attempts: number;
  readonly firstAttempt: number;
  readonly lastAttempt: number;
  readonly firstMessage: number;
  /** Attempts by slot. */
  readonly slots: ReadonlyMap<number, number>;
}

interface EndedAttempt {
  readonly id: number;
  readonly messageId: number;
  readonly endpointId: number;
  readonly status: number;
  readonly errorCode: string | null;
  readonly responseCode: number;
}

/** Groups the failed attempts. Attempts at operational webhooks and at the URL of a replay belong to no incident. */
export async function findFailures(
  db: Kysely<Database>,
  attempts: readonly EndedAttempt[],
): Promise<readonly FailureGroup[]> {
  const failed = attempts.filter(({ status }) => status === ATTEMPT_STATUS.fail);
  if (failed.length === 0) return [];
  const rows = await db
    .selectFrom("endpoint as e")
    .innerJoin("application as a", "a.id", "e.app_id")
    .select(["e.id", "e.url", "e.app_id", "a.org_id"])
    .where("e.id", "in", [...new Set(failed.map(({ endpointId }) => endpointId))])
    .where("e.deleted_at", "is", null)
    .where("e.replay_task_id", "is", null)
    .where("a.deleted_at", "is", null)
    .where("a.kind", "<>", APPLICATION_KIND.operational)
    .execute();
  const endpoints = new Map(rows.map((row) => [row.id, { ...row, host: hostOf(row.url) }]));
  const groups = new Map<string, FailureGroup>();
  for (const attempt of failed) {
    const endpoint = endpoints.get(attempt.endpointId);
    if (endpoint === undefined) continue;
    const cause = causeOf(attempt.errorCode, attempt.responseCode);
    const key = nameOf({ endpointId: attempt.endpointId, cause });
    groups.set(key, withAttempt(groups.get(key) ?? emptyGroup(endpoint, cause), attempt));
  }
  return [...groups.values()];
}

interface FailedEndpoint {
  readonly id: number;
  readonly app_id: number;
  readonly org_id: number;
  readonly host: string;
}

function emptyGroup({ id, app_id, org_id, host }: FailedEndpoint, cause: string): FailureGroup {
  return {
    orgId: org_id,
    appId: app_id,
    endpointId: id,
    host,
    cause,
    attempts: 0,
    firstAttempt: Number.POSITIVE_INFINITY,
    lastAttempt: 0,
    firstMessage: Number.POSITIVE_INFINITY,
    slots: new Map(),
  };
}

function withAttempt(group: FailureGroup, { id, messageId }: EndedAttempt): FailureGroup {
  const slot = slotOf(id);
  return {
    ...group,
    attempts: group.attempts + 1,
    firstAttempt: Math.min(group.firstAttempt, id),
    lastAttempt: Math.max(group.lastAttempt, id),
    firstMessage: Math.min(group.firstMessage, messageId),
    slots: new Map(group.slots).set(slot, (group.slots.get(slot) ?? 0) + 1),
  };
}

function slotOf(attempt: number): number {
  return Math.floor(timeOfKey(attempt) / SLOT_MS);
}

export const nameOf = ({ endpointId, cause }: Pick<FailureGroup, "endpointId" | "cause">): string =>
  `${endpointId} ${cause}`;
