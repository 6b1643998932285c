import { callerNames } from "../../domain/auth/caller-names.ts";
import type { Context } from "../../domain/context.ts";
import type { IncidentDetail } from "../../domain/incident/find.ts";
import type { Incident } from "../../domain/incident/incident.ts";
import { timeOfKey } from "../../lib/id.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

export function incidentOut(incident: Incident): object {
  const { id, host, cause, state, attempts, events, endpoints, applications, changedBy } = incident;
  return {
    id,
    host,
    cause,
    state,
    mutedUntil: dateTimeOrNull(incident.mutedUntil),
    firstAt: dateTime(incident.firstAt),
    lastAt: dateTime(incident.lastAt),
    attempts,
    events,
    endpoints,
    applications,
    changedBy,
    changedAt: dateTimeOrNull(incident.changedAt),
    resolvedAt: dateTimeOrNull(incident.resolvedAt),
  };
}

export async function incidentDetailOut(ctx: Context, detail: IncidentDetail): Promise<object> {
  const { incident, affected, samples, chart, notes } = detail;
  const names = await callerNames(ctx, [incident.changedBy, ...notes.map(({ author }) => author)]);
  return {
    ...incidentOut(incident),
    changedByName: names.get(incident.changedBy ?? "") ?? null,
    replaySince: dateTime(timeOfKey(incident.firstMessage)),
    affected: affected.map((row) => ({ ...row, firstAt: dateTime(row.firstAt), lastAt: dateTime(row.lastAt) })),
    samples: samples.map((row) => ({ ...row, at: dateTime(row.at) })),
    chart: chart.map(({ at, attempts }) => ({ at: dateTime(at), attempts })),
    notes: notes.map((row) => ({ ...row, authorName: names.get(row.author) ?? null, at: dateTime(row.at) })),
  };
}
