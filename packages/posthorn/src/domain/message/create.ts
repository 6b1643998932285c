import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import type { IdempotencyKey } from "../../store/store.ts";
import type { ApplicationInput } from "../application/application.ts";
import { insertApplication } from "../application/create.ts";
import { admitMessage, checkPublication, firstJobs, prepareMessage, type Publication } from "./prepare.ts";
import { seesApplication } from "../access.ts";
import type { Context, OutsideCall } from "../context.ts";
import type { DirectoryApplication } from "../directory.ts";
import { storedMessage } from "./find.ts";
import { commitWait } from "./commit-wait.ts";
import type { Message } from "./message.ts";

export interface CreateMessage extends Publication {
  /** Id or uid of the application. */
  readonly app: string;
  /** Application to create if none has the uid `app`. */
  readonly application: ApplicationInput | null;
  readonly idempotency: IdempotencyKey | null;
}

/** Stores a message with its deliveries and starts them. Resolves when both are on disk. */
export async function createMessage({ ctx, input }: OutsideCall<CreateMessage>): Promise<Message> {
  checkPublication(ctx, input);
  const { directory, cluster } = ctx.services;
  // Most applications are in memory, and nothing has to be waited for.
  const application = directory.known(ctx.actor.orgId, input.app) ?? (await findOrCreateApplication(ctx, input));
  if (!seesApplication(ctx.actor, application.key)) throw notFound("application");
  admitMessage(ctx, application.key);
  const { entry, message, caller } = prepareMessage(ctx, application, input, input.idempotency, { caller: ctx.trace });
  const result = await ctx.services.store.accept(entry);
  switch (result.kind) {
    case "replayed":
      return storedMessage(ctx, result.messageId);
    case "duplicate_event_id":
      throw new PosthornError(
        "conflict",
        `This application already has a message with the eventId "${input.eventId}".`,
      );
    case "stored":
      ctx.services.dispatch.push(firstJobs(entry, result.dues ?? null));
      ctx.services.tracing?.published(entry, caller);
  }
  if (!cluster.alone) await commitWait(ctx.services, [entry]);
  return message;
}

export async function findOrCreateApplication(
  ctx: Context,
  input: Pick<CreateMessage, "app" | "application">,
): Promise<DirectoryApplication> {
  const { directory } = ctx.services;
  const found = await directory.find(ctx.actor.orgId, input.app);
  if (found !== null && seesApplication(ctx.actor, found.key)) return found;
  if (found !== null || input.application === null) throw notFound("application");
  const { uid } = input.application;
  if (uid === null) {
    throw invalid(
      ["body", "application", "uid"],
      "An application that is created with its message needs a uid.",
      "application_uid_missing",
    );
  }
  if (uid !== input.app) {
    throw invalid(
      ["body", "application", "uid"],
      `The uid must match the one in the path, "${input.app}".`,
      "application_uid_mismatch",
    );
  }
  try {
    await insertApplication(ctx, input.application);
  } catch (error) {
    // A concurrent request has created the application; use it.
    if (!(error instanceof PosthornError && error.code === "conflict")) throw error;
  }
  const created = await directory.find(ctx.actor.orgId, input.app);
  if (created === null) throw notFound("application");
  return created;
}
