/** Shared by the two batch routes: validates each item of a request on its own and builds the response. */
import {
  type BatchItem,
  type BatchItemResult,
  createMessages,
  failedForNow,
} from "../../domain/message/create-batch.ts";
import { derivedKey } from "../../domain/idempotency.ts";
import { invalid, ValidationError } from "../../lib/errors.ts";
import { findItems, findMembers } from "../../lib/json-range.ts";
import { TimeSlice } from "../../lib/time-slice.ts";
import { layoutOf, readBody } from "../body.ts";
import { errorBody } from "../error-reply.ts";
import { applicationInput } from "../inputs.ts";
import { accepted, type Reply } from "../reply.ts";
import type { RouteRequest } from "../route.ts";
import { MAX_BATCH_MESSAGES, MessageBatchItem } from "../models/message-batch.ts";
import type { Static } from "typebox";
import { bodyValidator } from "../validation.ts";
import { publicationOf } from "./create.ts";

type BatchRequest = Pick<
  RouteRequest<unknown, unknown, unknown>,
  "ctx" | "rawBody" | "lines" | "items" | "idempotency" | "keyOf"
> & { readonly body: { readonly messages?: readonly unknown[] } };

/** Bytes of one item, and its value if it is already parsed. */
interface RawItem {
  readonly raw: Buffer;
  readonly value?: unknown;
}

type AppOf = (item: Static<typeof MessageBatchItem>) => string;

/** Handles a batch. `appOf` returns the application of an item. */
export async function handleBatch(request: BatchRequest, appOf: AppOf): Promise<Reply> {
  const items = await readItems(request, appOf);
  const results = await createMessages({ ctx: request.ctx, input: items });
  const failure = failedForNow(results);
  if (failure !== null) throw failure;
  const count = (kind: BatchItemResult["kind"]): number => results.filter((result) => result.kind === kind).length;
  return accepted({
    created: count("created"),
    duplicates: count("duplicate"),
    failed: count("failed"),
    data: results.map(resultOut),
  });
}

async function readItems(request: BatchRequest, appOf: AppOf): Promise<readonly BatchItem[]> {
  const slice = new TimeSlice();
  const items: BatchItem[] = [];
  for (const [index, item] of itemsOf(request).entries()) {
    items.push(await readItem(request, item, index, appOf));
    if (slice.isOver) await slice.next();
  }
  return items;
}

function itemsOf({ body, rawBody, lines, items }: BatchRequest): readonly RawItem[] {
  if (lines !== null) {
    if (lines.length > 0 && lines.length <= MAX_BATCH_MESSAGES) return lines.map((raw) => ({ raw }));
    throw invalid(
      ["body"],
      `A batch must have 1 to ${MAX_BATCH_MESSAGES} lines; this one has ${lines.length === 0 ? "none" : "more"}.`,
    );
  }
  if (items !== null) return items.map((raw) => ({ raw }));
  const { messages } = findMembers(rawBody, ["messages"]);
  const ranges = findItems(messages!);
  return body.messages!.map((value, index) => ({ raw: ranges[index]!, value }));
}

let checkItem: ReturnType<typeof bodyValidator> | null = null;
const ITEM_LAYOUT = layoutOf(MessageBatchItem);

async function readItem(
  { keyOf, idempotency }: BatchRequest,
  { raw, value }: RawItem,
  index: number,
  appOf: AppOf,
): Promise<BatchItem> {
  try {
    const item = (value ?? (await readBody(raw, ITEM_LAYOUT)).value) as Static<typeof MessageBatchItem>;
    checkItem ??= bodyValidator(MessageBatchItem);
    checkItem(item);
    const app = appOf(item);
    const own = item.idempotencyKey ?? null;
    const message = {
      app,
      application: item.application ? applicationInput(item.application) : null,
      ...publicationOf(item, raw),
      idempotency:
        own !== null
          ? keyOf(`/api/v1/app/${app}/msg`, own)
          : idempotency === null
            ? null
            : derivedKey(idempotency, String(index)),
    };
    return { kind: "message", message, ownKey: own !== null };
  } catch (error) {
    return { kind: "refused", error: error instanceof ValidationError ? placed(error, index) : error };
  }
}

/** Adds the index of the batch item to the location of each issue. */
function placed(error: ValidationError, index: number): ValidationError {
  const issues = error.issues.map(({ loc: [part, ...rest], ...issue }) => ({
    ...issue,
    loc: [part!, "messages", `[${index}]`, ...rest],
  }));
  return new ValidationError(issues, { cause: error });
}

function resultOut(result: BatchItemResult): object {
  if (result.kind !== "failed") return { status: result.kind, id: result.id, eventId: result.eventId };
  return { status: "failed", error: errorBody(result.error) };
}
