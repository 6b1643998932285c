import { PosthornError } from "../../lib/errors.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { isUniqueViolation } from "../../store/errors.ts";
import { requirePermission, requireWholeOrganisation } from "../access.ts";
import { atomically, type Call, type Context, write } from "../context.ts";
import { type Application, type ApplicationInput, metadataJson } from "./application.ts";
import { findApplication } from "./find.ts";

export interface CreatedApplication {
  readonly application: Application;
  /** `false` if an application with this uid already existed. */
  readonly created: boolean;
}

/** Creates an application. With `getIfExists`, returns an existing one with the same uid unchanged. */
export function createApplication(
  call: Call<ApplicationInput & { readonly getIfExists?: boolean }>,
): Promise<CreatedApplication> {
  return atomically(call, async ({ ctx, input }) => {
    if (input.getIfExists === true && input.uid !== null) {
      const existing = await findApplication(ctx, input.uid);
      if (existing !== null) {
        ctx.audit?.unchanged();
        return { application: existing, created: false };
      }
    }
    return { application: await insertApplication(ctx, input), created: true };
  });
}

/** Creates an application. Also part of publishing and of creating portal links, which need the permission as well if they create one. */
export async function insertApplication(ctx: Context, input: ApplicationInput): Promise<Application> {
  const kind = ctx.applicationKind ?? APPLICATION_KIND.customer;
  if (kind === APPLICATION_KIND.customer) {
    requirePermission(ctx.actor, "applications:write");
    requireWholeOrganisation(ctx.actor);
  }
  const { ids, now } = ctx.services;
  const { key, id } = ids.next("app_");
  const at = now();
  const row = {
    id: key,
    public_id: id,
    org_id: ctx.actor.orgId,
    kind,
    uid: input.uid,
    name: input.name,
    throttle_rate: input.throttleRate,
    metadata_json: metadataJson(input.metadata),
    created_at: at,
    updated_at: at,
    deleted_at: null,
  };
  ctx.audit?.created("application", id, input.name);
  ctx.audit?.in({ key, id });
  try {
    await write(ctx, ({ db }) => db.insertInto("application").values(row).execute());
  } catch (error) {
    throw uidTaken(error, input.uid);
  }
  return { key, id, ...pick(input), createdAt: at, updatedAt: at };
}

/** Converts a uid conflict to an API error; returns any other error unchanged. */
export function uidTaken(error: unknown, uid: string | null): unknown {
  if (!isUniqueViolation(error)) return error;
  return new PosthornError("conflict", `An application with the uid "${uid}" already exists.`, { cause: error });
}

function pick({ uid, name, throttleRate, metadata }: ApplicationInput): ApplicationInput {
  return { uid, name, throttleRate, metadata };
}
