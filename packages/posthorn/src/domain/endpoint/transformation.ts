/** Transformations: code of an endpoint that changes messages before delivery. */
import { invalid, PosthornError } from "../../lib/errors.ts";
import { type Call, type Context, type OutsideCall, type OutsideContext, reader, write } from "../context.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";
import type { Transformation } from "../../transform/types.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** Transformation of an endpoint, and whether it is enabled. */
export interface TransformationState {
  readonly enabled: boolean;
  /** `null` if there is none. */
  readonly transformation: Transformation | null;
}

/** Absent fields are unchanged; `null` removes a value. */
export interface TransformationChange {
  readonly code?: string | null;
  readonly enabled?: boolean;
  readonly variables?: Readonly<Record<string, string>> | null;
}

const MAX_VARIABLES = 100;
/** Maximum total length of the names and values of variables, in characters. */
const MAX_VARIABLES_LENGTH = 32_768;

export async function getTransformation({ ctx, input }: Call<EndpointRef>): Promise<TransformationState> {
  const { endpoint } = await getEndpoint(ctx, input);
  return readTransformation(ctx, endpoint.key);
}

/** Changes the transformation. Rejects invalid code. Applies from the next attempt on, including retries. */
export async function patchTransformation({
  ctx,
  input,
}: OutsideCall<EndpointRef & { readonly change: TransformationChange }>): Promise<void> {
  const found = await getEndpoint(ctx, input);
  const { change } = input;
  if (change.variables) checkVariables(change.variables);
  if (typeof change.code === "string") {
    await checkCode(ctx, change.code, { tenant: found.application.key, endpoint: found.endpoint.key });
  }
  await saveTransformation(ctx, found, change);
}

/** Changes a transformation whose code was checked, which takes too long in a transaction. */
export async function saveTransformation(
  ctx: Context,
  { application, endpoint }: Awaited<ReturnType<typeof getEndpoint>>,
  change: TransformationChange,
): Promise<void> {
  const place = sealedIn("endpoint.transformation_sealed", endpoint.key);
  await write(ctx, async (tx) => {
    const before = await readTransformation({ ...ctx, tx }, endpoint.key);
    const { enabled, transformation } = changed(before, change, ctx.services.now());
    await tx.db
      .updateTable("endpoint")
      .set({
        transformation_sealed:
          transformation === null ? null : ctx.services.secretBox.seal(JSON.stringify(transformation), place),
        transformation_enabled: enabled ? 1 : 0,
        updated_at: ctx.services.now(),
      })
      .where("id", "=", endpoint.key)
      .execute();
    tx.signal({ kind: "application", key: application.key });
  });
}

async function readTransformation(ctx: Context, endpointKey: number): Promise<TransformationState> {
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .select(["transformation_sealed", "transformation_enabled"])
    .where("id", "=", endpointKey)
    .executeTakeFirstOrThrow();
  const { transformation_sealed: sealed } = row;
  const place = sealedIn("endpoint.transformation_sealed", endpointKey);
  const opened = sealed === null ? null : ctx.services.secretBox.open(sealed, place);
  const transformation = opened === null ? null : (JSON.parse(opened) as Transformation);
  return { enabled: row.transformation_enabled === 1, transformation };
}

/** Applies a change. Removing the code also disables the transformation and removes its variables. */
function changed(before: TransformationState, change: TransformationChange, now: number): TransformationState {
  const known = before.transformation;
  const code = change.code === undefined ? (known?.code ?? null) : change.code;
  if (code === null) {
    if (change.enabled === true) throw invalid(["body", "code"], "There is no code to enable. Set the code too.");
    if (change.variables)
      throw invalid(["body", "code"], "The endpoint has no code that could use these variables. Set the code too.");
    return { enabled: false, transformation: null };
  }
  const variables = change.variables === undefined ? (known?.variables ?? {}) : (change.variables ?? {});
  return { enabled: change.enabled ?? before.enabled, transformation: { code, variables, updatedAt: now } };
}

/** Throws a 422 with the error in the code and its line. */
export async function checkCode(
  ctx: OutsideContext,
  code: string,
  turn: { readonly tenant: number; readonly endpoint: number },
): Promise<void> {
  const problem = await ctx.services.transforms.check(code, turn);
  if (problem === null) return;
  if (problem.kind === "busy") throw transformsBusy();
  throw invalid(["body", "code"], problem.message);
}

export function transformsBusy(): PosthornError {
  return new PosthornError("transforms_busy", "Too many transformations are queued. Try again in a moment.");
}

/** Throws a 422 for too many or too large variables. */
export function checkVariables(variables: Readonly<Record<string, string>>): void {
  const entries = Object.entries(variables);
  if (entries.length > MAX_VARIABLES) {
    throw invalid(["body", "variables"], `A transformation can have up to ${MAX_VARIABLES} variables.`);
  }
  if (entries.flat().join("").length > MAX_VARIABLES_LENGTH) {
    throw invalid(["body", "variables"], `All variables together can have up to ${MAX_VARIABLES_LENGTH} characters.`);
  }
}
