/** Finds a resource of an application by its public ID. */
import { type Expression, sql } from "kysely";
import { notFound } from "../../lib/errors.ts";
import { type IdPrefix, keyOfId } from "../../lib/id.ts";
import type { Context } from "../context.ts";
import type { Application } from "./application.ts";
import { getApplication } from "./find.ts";

export interface ResourceRef {
  /** ID or uid of the application. */
  readonly app: string;
  readonly prefix: IdPrefix;
  /** ID of the resource; its uid, if it has one. */
  readonly ref: string;
  readonly hasUid?: boolean;
  /** Alias of its table in the query, if there is one. */
  readonly alias?: string;
  /** What it is called in an error message. */
  readonly name: string;
}

/**
 * Finds the application, and reads the row of its resource. `read` receives the condition for the row, and is not called for an ID of another
 * format. Throws `not_found`, also for a resource of another application.
 */
export async function findResource<Row>(
  ctx: Context,
  { app, name, ...its }: ResourceRef,
  read: (isIt: Expression<boolean>) => Promise<Row | undefined>,
): Promise<{ readonly application: Application; readonly row: Row }> {
  const application = await getApplication(ctx, app);
  const isIt = matches(application, its);
  const row = isIt === null ? undefined : await read(isIt);
  if (row === undefined) throw notFound(name);
  return { application, row };
}

/** Condition for the row with this ID or uid; `null`: it is not an ID, and the resource has no uid. */
export function matches(
  application: Pick<Application, "key">,
  its: Pick<ResourceRef, "prefix" | "ref" | "alias"> & { readonly hasUid: true },
): Expression<boolean>;
export function matches(
  application: Pick<Application, "key">,
  its: Pick<ResourceRef, "prefix" | "ref" | "hasUid" | "alias">,
): Expression<boolean> | null;
export function matches(
  { key: app }: Pick<Application, "key">,
  { prefix, ref, hasUid = false, alias }: Pick<ResourceRef, "prefix" | "ref" | "hasUid" | "alias">,
): Expression<boolean> | null {
  const column = (name: string) => sql.ref(alias === undefined ? name : `${alias}.${name}`);
  const key = keyOfId(prefix, ref);
  const ofApp = sql<boolean>`${column("app_id")} = ${app}`;
  if (key !== null) return sql<boolean>`${ofApp} and ${column("id")} = ${key} and ${column("public_id")} = ${ref}`;
  return hasUid ? sql<boolean>`${ofApp} and ${column("uid")} = ${ref}` : null;
}
