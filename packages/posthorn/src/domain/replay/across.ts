/** Replays across applications: messages of all endpoints of the organisation that match a query. */
import type { Kysely } from "kysely";
import { invalid } from "../../lib/errors.ts";
import { timeOfKey } from "../../lib/id.ts";
import { APPLICATION_KIND, type Database } from "../../store/schema.ts";
import { requireWholeOrganisation } from "../access.ts";
import { findApplication } from "../application/find.ts";
import { type Call, type Context, reader } from "../context.ts";
import { hostOf } from "../endpoint/host.ts";
import { getIncident } from "../incident/find.ts";
import type { Incident } from "../incident/incident.ts";
import { sourceIdOf } from "../source/source.ts";
import { startTask } from "../task/start.ts";
import type { Task } from "../task/task.ts";
import {
  type EndpointQuery,
  type FailureFilter,
  keysOf,
  newReplayData,
  type ReplayFilter,
  type ReplayParams,
  type Window,
  withinMessages,
} from "./replay.ts";
import { messageKeysOf } from "./messages.ts";

export interface AcrossRequest extends Omit<Window, "since"> {
  /** Unix milliseconds; `null`: since the oldest message of the incident. */
  readonly since: number | null;
  /** Id of an incident: only its endpoints and failures; `null`: any. */
  readonly incident: string | null;
  /** Ids or uids of applications, or ids of sources; `null`: all. */
  readonly apps: readonly string[] | null;
  /** Hosts of endpoints, as `hostOf` returns them; `null`: all. */
  readonly hosts: readonly string[] | null;
  /** Causes of failed attempts; `null`: also deliveries without a failed attempt. */
  readonly causes: readonly string[] | null;
  readonly filter: Omit<ReplayFilter, "failure" | "messages">;
  /** Ids of messages: only these; `null`: all. */
  readonly messages: readonly string[] | null;
  readonly newestFirst: boolean;
  readonly ratePerSecond: number | null;
  readonly reason: string;
}

/** Starts a replay across applications. Endpoints are selected in the background, so the number of endpoints does not matter. */
export async function startAcross({ ctx, input }: Call<AcrossRequest>): Promise<Task> {
  const params = await resolveAcross(ctx, input);
  const data = { ...newReplayData(ctx.services.now()), selectedUpTo: 0 };
  return startTask(ctx, { kind: "organisation.replay", appKey: null, params, data });
}

/** Validates a request and looks up the applications it refers to. Writes nothing. */
export async function resolveAcross(ctx: Context, input: AcrossRequest): Promise<ReplayParams> {
  requireWholeOrganisation(ctx.actor);
  const { filter, hosts, newestFirst, ratePerSecond, reason } = input;
  const incident = input.incident === null ? null : await getIncident({ ctx, input: { incident: input.incident } });
  const since = input.since ?? (incident === null ? null : timeOfKey(incident.firstMessage));
  if (since === null) throw invalid(["body", "since"], "Set `since` or `incident`.");
  const messages = await messageKeysOf(ctx, input.messages, null);
  const window = await withinHistory(ctx, keysOf({ since, until: input.until }, ctx.services.now()));
  return {
    ...withinMessages(window, messages),
    mode: "deliveries",
    filter: { ...filter, failure: failuresOf(input.causes, incident), messages },
    endpoints: null,
    target: { kind: "same" },
    newestFirst,
    ratePerSecond,
    reason,
    across: {
      apps: await findApps(ctx, input.apps),
      hosts: hosts?.map((host) => host.toLowerCase()) ?? null,
      incident: incident === null ? null : { key: incident.key, id: incident.id },
    },
  };
}

function failuresOf(causes: readonly string[] | null, incident: Incident | null): FailureFilter | null {
  if (incident === null) return causes === null ? null : { causes, fromAttempt: 0 };
  if (causes !== null) throw invalid(["body", "causes"], "An incident has one cause: leave `causes` out.");
  return { causes: [incident.cause], fromAttempt: incident.firstAttempt };
}

async function findApps(ctx: Context, refs: readonly string[] | null): Promise<EndpointQuery["apps"]> {
  if (refs === null) return null;
  const found = new Map<number, string>();
  for (const [index, ref] of refs.entries()) {
    const application = await findApplication(ctx, ref);
    if (application === null) {
      throw invalid(["body", "apps", `[${index}]`], `The organisation has no application or source "${ref}".`);
    }
    found.set(application.key, application.id);
  }
  return [...found].map(([key, id]) => ({ key, id }));
}

/** Narrows a window to the stored messages, so that progress does not include long periods without messages. */
async function withinHistory<Keys extends { readonly from: number; readonly to: number }>(
  ctx: Context,
  window: Keys,
): Promise<Keys> {
  const within = reader(ctx)
    .selectFrom("message")
    .select("id")
    .where("id", ">=", window.from)
    .where("id", "<=", window.to)
    .limit(1);
  const first = await within.orderBy("id", "asc").executeTakeFirst();
  const last = await within.orderBy("id", "desc").executeTakeFirst();
  return { ...window, from: first?.id ?? window.from, to: last?.id ?? window.from };
}

/** An endpoint that a replay across applications covers. */
export interface AcrossEndpoint {
  readonly key: number;
  readonly id: string;
  readonly url: string;
  readonly disabled: boolean;
  /** ID of the application, or of the source. */
  readonly appId: string;
  readonly appName: string;
}

export interface EndpointPage {
  readonly endpoints: readonly AcrossEndpoint[];
  /** Key to continue after; `null`: there are no more. */
  readonly next: number | null;
}

interface PageOptions {
  readonly orgId: number;
  readonly params: ReplayParams;
  /** Key of the last endpoint of the page before. */
  readonly after: number;
}

/** Endpoints that one page examines. */
const PAGE_ROWS = 500;

/** Returns the next endpoints that match the query and have a delivery within the window. */
export async function endpointPage(db: Kysely<Database>, { orgId, params, after }: PageOptions): Promise<EndpointPage> {
  const { apps, hosts, incident = null } = params.across!;
  const rows = await db
    .selectFrom("endpoint as e")
    .innerJoin("application as a", "a.id", "e.app_id")
    .select(["e.id as key", "e.public_id as id", "e.url", "e.disabled"])
    .select(["a.public_id as appId", "a.name as appName", "a.kind"])
    .select((eb) =>
      eb
        .exists(
          eb
            .selectFrom("delivery")
            .select(eb.lit(1).as("one"))
            .whereRef("delivery.endpoint_id", "=", "e.id")
            .where("delivery.message_id", ">=", params.from)
            .where("delivery.message_id", "<=", params.to),
        )
        .as("used"),
    )
    .where("a.org_id", "=", orgId)
    .where("a.kind", "<>", APPLICATION_KIND.operational)
    .where("a.deleted_at", "is", null)
    .where("e.deleted_at", "is", null)
    .where("e.replay_task_id", "is", null)
    .where("e.id", ">", after)
    .$if(incident !== null, (query) =>
      query.where((eb) =>
        eb.exists(
          eb
            .selectFrom("incident_endpoint as i")
            .select(eb.lit(1).as("one"))
            .where("i.incident_id", "=", incident!.key)
            .whereRef("i.endpoint_id", "=", "e.id"),
        ),
      ),
    )
    .$if(apps !== null, (query) =>
      query.where(
        "e.app_id",
        "in",
        apps!.map(({ key }) => key),
      ),
    )
    .orderBy("e.id")
    .limit(PAGE_ROWS)
    .execute();
  const wanted = hosts === null ? null : new Set(hosts);
  const endpoints = rows
    .filter(({ used, url }) => Boolean(used) && (wanted === null || wanted.has(hostOf(url))))
    .map(({ key, id, url, disabled, appId, appName, kind }) => ({
      key,
      id,
      url,
      disabled: disabled === 1,
      appId: kind === APPLICATION_KIND.source ? sourceIdOf(appId) : appId,
      appName,
    }));
  return { endpoints, next: rows.length < PAGE_ROWS ? null : rows.at(-1)!.key };
}
