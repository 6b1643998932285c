/** Table sources of an organisation, with their state. They are added by the operator, because their definition contains SQL. */
import { type ListedSource, tableSources } from "../../store/table-sources.ts";
import { visibleApplications } from "../access.ts";
import { type Call, type Context, reader } from "../context.ts";

export interface TableSourceState {
  readonly source: ListedSource;
  /** `running`: changes are published. `failing`: events were missed within a day, or a trigger is missing. `unavailable`: all are. */
  readonly state: "running" | "failing" | "unavailable";
  readonly error: TableSourceProblem | null;
}

/** Missed events count as a failure for this long. */
const RECENT_MS = 86_400_000;

export async function listTableSources({ ctx }: Call<object>): Promise<readonly TableSourceState[]> {
  const all = await tableSources(ctx.services.store.db);
  if (all.length === 0) return [];
  const isOwn = await ownership(ctx);
  const now = ctx.services.now();
  return all.filter((source) => isOwn(source)).map((source) => stateOf(source, now));
}

/** Without an organisation in its definition, a source belongs to the one that has the application or, by a column, to the only one. */
async function ownership(ctx: Context): Promise<(source: ListedSource) => boolean> {
  const { orgId } = ctx.actor;
  const db = reader(ctx);
  const visible = visibleApplications(ctx.actor);
  const organisations = await db.selectFrom("organisation").select(["id", "public_id"]).limit(1000).execute();
  const own = organisations.find(({ id }) => id === orgId)?.public_id;
  const applications = await db
    .selectFrom("application")
    .select(["uid", "public_id"])
    .where("org_id", "=", orgId)
    .$if(visible !== null, (query) => query.where("id", "in", visible!))
    .where("deleted_at", "is", null)
    .execute();
  const names = new Set(applications.flatMap((application) => [application.uid, application.public_id]));
  return ({ org, app }) => {
    // A column can name any application.
    if (visible !== null) return (org === null || org === own) && "constant" in app && names.has(app.constant);
    if (org !== null) return org === own;
    return "constant" in app ? names.has(app.constant) : organisations.length === 1;
  };
}

export interface TableSourceProblem {
  readonly code: "trigger_missing" | "event_missed";
  readonly message: string;
  readonly hint: string;
}

function stateOf(source: ListedSource, now: number): TableSourceState {
  const { triggers, changes, missed } = source;
  if (triggers < changes.length) {
    const missing = changes.length - triggers;
    const error: TableSourceProblem = {
      code: "trigger_missing",
      message: `${missing} of ${changes.length} triggers of the table were dropped or disabled.`,
      hint: "Remove the source with `posthorn tables remove`, and add it again.",
    };
    return { source, state: triggers === 0 ? "unavailable" : "failing", error };
  }
  if (missed === null) return { source, state: "running", error: null };
  const error: TableSourceProblem = {
    code: "event_missed",
    message: `An event could not be published: ${missed.reason}`,
    hint: "`posthorn tables list` shows the time. Add the source with `--strict` to let such changes fail.",
  };
  return { source, state: now - missed.at < RECENT_MS ? "failing" : "running", error };
}
