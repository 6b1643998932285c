/**
 * Exports lists as CSV or NDJSON. An export reads the pages of the list one after another, as fast as the client takes them, with the
 * access checks, filters and masks of the list. It ends when the client disconnects, or when its token ends.
 */
import { Readable } from "node:stream";
import { type TSchema, Type } from "typebox";
import type { Actor } from "../../domain/access.ts";
import { AuditTrail } from "../../domain/audit/trail.ts";
import type { Identity } from "../../domain/auth/token-lookup.ts";
import type { Services } from "../../domain/context.ts";
import { PosthornError } from "../../lib/errors.ts";
import { authorize } from "../authorize.ts";
import { NDJSON } from "../body.ts";
import { OPEN_READERS } from "../feed/readers.ts";
import { INERT } from "../inert.ts";
import { invoker } from "../invoke.ts";
import { maskReply, viewOf } from "../mask-reply.ts";
import { HttpError, HttpValidationError, ref } from "../models/common.ts";
import { operatorOf } from "../operator.ts";
import { queryValidator, refuseUnknown } from "../validation.ts";
import { csvHead, csvLine } from "./csv.ts";
import { LIST_EXPORTS, type ListExport } from "./lists.ts";
import type { FastifyInstance, FastifyRequest } from "fastify";

export interface ListExportOptions {
  readonly services: Services;
  /** Identifies the caller, or throws. Called again before each page. */
  readonly identify: (request: FastifyRequest) => Promise<Identity>;
}

/** Rows read at once. */
const PAGE = 250;
const NO_BODY = { raw: Buffer.alloc(0), value: {} };
const FORMATS = ["csv", "ndjson"] as const;

type Query = Readonly<Record<string, unknown>>;
type Row = Readonly<Record<string, unknown>>;

interface ListPage {
  readonly data: readonly Row[];
  readonly iterator: string | null;
  readonly done: boolean;
}

export function registerListExports(app: FastifyInstance, options: ListExportOptions): void {
  for (const list of LIST_EXPORTS) {
    const query = queryOf(list);
    const check = queryValidator(query);
    // The export has an entry of its own, instead of one for each page.
    const read = invoker({ ...list.route, audit: "none" });
    // A HEAD request would read the whole list, only to throw it away.
    app.get(pathOf(list), { exposeHeadRoute: false }, async (request, reply) => {
      const { services, identify } = options;
      // A connection that has ended no longer has an address.
      const { ip } = request;
      const own = { operationId: operationOf(list), query };
      refuseUnknown(own, request.query);
      const given = { ...(request.query as Query) };
      const { actor: caller } = await identify(request);
      check({ ...given });
      const params = Object.fromEntries(list.params.map((name) => [name, given[name]]));
      const actor = await authorize(services, caller, list.route, params);
      const reader = OPEN_READERS.enter(actor);
      reply.raw.once("close", () => reader[Symbol.dispose]());
      // There is no event if the client has already left.
      if (reply.raw.closed) reader[Symbol.dispose]();
      const pages = pagesOf(list, given, async (page) => {
        const { actor: now } = await identify(request);
        if (now.orgId !== actor.orgId) throw new PosthornError("authentication_failed", "The session has changed.");
        const current = await authorize(services, now, list.route, params);
        const call = { actor: current, caller: "", url: request.url, params, body: NO_BODY, idempotencyKey: undefined };
        const result = await read(services, { ...call, query: page });
        const view = viewOf(current);
        const shown = view === null ? result : await maskReply(list.route, result, view);
        return JSON.parse(shown.json!) as ListPage;
      });
      // Before the response begins, so that a failure is reported as one.
      const first = await pages.next();
      await noteExport(services, request, { list, actor, query: given, ip });
      const isCsv = given["format"] !== "ndjson";
      // Caches do not know that the response depends on the session cookie.
      void reply.headers(INERT).header("cache-control", "no-store");
      void reply.header("content-type", isCsv ? "text/csv; charset=utf-8" : NDJSON);
      void reply.header("content-disposition", `attachment; filename="${list.name}.${isCsv ? "csv" : "ndjson"}"`);
      return reply.send(Readable.from(textOf({ list, isCsv, first, pages }), { objectMode: false }));
    });
  }
}

/** Reads one page after another. */
async function* pagesOf(
  { fixed, params }: ListExport,
  given: Query,
  read: (query: Query) => Promise<ListPage>,
): AsyncGenerator<readonly Row[], void> {
  const ownNames = new Set(["format", ...params]);
  const filters = Object.fromEntries(Object.entries(given).filter(([name]) => !ownNames.has(name)));
  for (let iterator: string | null = null, done = false; !done;) {
    const page = await read({ ...filters, ...fixed, limit: String(PAGE), ...(iterator === null ? {} : { iterator }) });
    yield page.data;
    ({ iterator } = page);
    done = page.done || iterator === null;
  }
}

interface Writing {
  readonly list: ListExport;
  readonly isCsv: boolean;
  readonly first: IteratorResult<readonly Row[], void>;
  readonly pages: AsyncGenerator<readonly Row[], void>;
}

async function* textOf({ list: { columns, omitted = [] }, isCsv, first, pages }: Writing): AsyncGenerator<string> {
  if (isCsv) yield csvHead(columns);
  const shown = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([name]) => !omitted.includes(name)));
  const lineOf = (row: Row): string => (isCsv ? csvLine(row, columns) : `${JSON.stringify(shown(row))}\n`);
  for (let page = first; page.done !== true; page = await pages.next()) {
    if (page.value.length > 0) yield page.value.map(lineOf).join("");
  }
}

interface Noted {
  readonly list: ListExport;
  readonly actor: Actor;
  readonly query: Query;
  readonly ip: string;
}

async function noteExport(
  services: Services,
  request: FastifyRequest,
  { list, actor, query, ip }: Noted,
): Promise<void> {
  const { format = "csv", ...filters } = query;
  const trail = new AuditTrail({
    type: "view",
    action: operationOf(list),
    actor,
    target: { kind: "list", id: null, name: list.name },
    fields: [],
    facts: { format: String(format), filters: Object.keys(filters) },
    operator: operatorOf(request.headers) ?? null,
    ip,
    userAgent: request.headers["user-agent"] ?? null,
  });
  await trail.finish(services);
}

function pathOf({ name }: ListExport): string {
  return `/api/v1/export/${name}`;
}

function operationOf({ name }: ListExport): string {
  return `v1.export.${name}`;
}

/** The filters of the list, without its pages. */
function queryOf({ route, fixed, params }: ListExport) {
  const own = new Set([...Object.keys(fixed), "limit", "iterator"]);
  const filters = Object.entries(route.query?.properties ?? {}).filter(([name]) => !own.has(name));
  const places = params.map((name): [string, TSchema] => [name, Type.String({ description: "ID or uid." })]);
  return Type.Object({
    ...Object.fromEntries([...places, ...filters]),
    format: Type.Optional(
      Type.Union(
        FORMATS.map((format) => Type.Literal(format)),
        { default: "csv", description: "`csv`, or `ndjson` with a row as JSON in each line." },
      ),
    ),
  });
}

/** Descriptions for the OpenAPI document. */
export const LIST_EXPORT_DESCRIPTIONS: readonly { readonly path: string; readonly schema: object }[] = LIST_EXPORTS.map(
  (list) => ({
    path: pathOf(list),
    schema: {
      operationId: operationOf(list),
      tags: ["Export"],
      summary: `Export ${list.name}`,
      description: `Streams all ${list.what}, in the order and with the filters of \`${list.route.operationId}\`. In CSV, cells that a spreadsheet would take for a formula begin with an apostrophe. The export has an entry in the audit log. Close the connection to cancel it.`,
      security: [{ token: [] }],
      querystring: queryOf(list),
      response: {
        200: {
          description: "The rows.",
          content: { "text/csv": { schema: Type.String() }, "application/x-ndjson": { schema: Type.String() } },
        },
        401: { description: "The token is missing, wrong, expired or revoked.", ...ref(HttpError) },
        403: { description: "The token does not allow this.", ...ref(HttpError) },
        404: { description: "There is no such application or endpoint.", ...ref(HttpError) },
        422: { description: "A parameter is not valid.", ...ref(HttpValidationError) },
        429: { description: "Too many streams and exports are open.", ...ref(HttpError) },
      },
    },
  }),
);
