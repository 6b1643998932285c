/** Checks responses of the server against the inventory: status, required fields, types, nullability, form of IDs. */
import { MODELS, type Operation, operationOf } from "./inventory.ts";

export interface RecordedResponse {
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string | null;
  readonly body: string;
}

/** Problems of a response. Routes outside the inventory must still follow the common conventions. */
export function checkResponse(response: RecordedResponse): readonly string[] {
  const operation = operationOf(response.method, response.path.split("?")[0]!);
  const problems = [...checkForm(response), ...(operation === null ? [] : checkOperation(operation, response))];
  const { method, path, status, body } = response;
  return problems.map((problem) => `${method} ${path.slice(0, 200)} → ${status}: ${problem}\n  ${body.slice(0, 1000)}`);
}

function checkForm({ method, status, contentType, body }: RecordedResponse): string[] {
  if (status === 204) return body === "" ? [] : ["204 with a body"];
  if (method === "HEAD" || method === "OPTIONS") return [];
  if (status >= 500) return ["the server failed"];
  const problems = contentType === "application/json" ? [] : [`content type ${contentType}`];
  const value = parse(body);
  if (value === undefined) return [...problems, "the body is not JSON"];
  if (status < 400) return problems;
  return [...problems, ...(status === 422 ? checkValidationError(value) : checkError(value))];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkError(value: unknown): string[] {
  const { code, detail } = (value ?? {}) as Record<string, unknown>;
  return isText(code) && isText(detail) ? [] : ["the error is not { code, detail }"];
}

function checkValidationError(value: unknown): string[] {
  const { detail } = (value ?? {}) as Record<string, unknown>;
  const good = Array.isArray(detail) && detail.length > 0 && detail.every((issue) => isIssue(issue));
  return good ? [] : ["the error is not { detail: [{ loc, msg, type }] }"];
}

function isIssue(issue: unknown): boolean {
  const { loc, msg, type } = (issue ?? {}) as Record<string, unknown>;
  if (!Array.isArray(loc) || !loc.every((part) => typeof part === "string")) return false;
  return ["body", "query", "path"].includes(loc[0] as string) && isText(msg) && isText(type);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function checkOperation(operation: Operation, { status, body }: RecordedResponse): string[] {
  if (status >= 400) {
    const documented = operation.errors.includes(String(status)) || status === 413;
    return documented ? [] : ["the status is not documented"];
  }
  // Health may be reported with a body or without one; clients ignore it.
  if (!(String(status) in operation.responses)) return ["the status is not documented"];
  const model = operation.responses[status];
  return model === null || model === undefined ? [] : checkValue(model, parse(body), model);
}

/** The problems of a value of a type in the notation of the inventory. */
export function checkValue(type: string, value: unknown, path: string): string[] {
  if (type.endsWith("?")) return value === null ? [] : checkValue(type.slice(0, -1), value, path);
  const list = /^(.*)\[\](?:\((\d*)\.\.(\d*)\))?(\{uniq\})?$/.exec(type);
  if (list !== null) return checkList(list, value, path);
  const map = /^map<(.+)>$/.exec(type);
  if (map !== null) return checkMap(map[1]!, value, path);
  const model = MODELS[type];
  if (model !== undefined && model.type !== "object") return checkValue(model.type, value, path);
  if (model !== undefined) return checkModel(type, value, path);
  return checkScalar(type, value) ? [] : [`${path} is not ${type}: ${JSON.stringify(value)}`];
}

function checkModel(name: string, value: unknown, path: string): string[] {
  if (!isObject(value)) return [`${path} is not an object`];
  return Object.entries(MODELS[name]!.fields).flatMap(([field, [type, presence]]) => {
    if (Object.hasOwn(value, field)) return checkValue(type, value[field], `${path}.${field}`);
    return presence === "required" ? [`${path}.${field} is missing`] : [];
  });
}

function checkList([, item, least, most, unique]: RegExpExecArray, value: unknown, path: string): string[] {
  if (!Array.isArray(value)) return [`${path} is not a list`];
  const problems = value.flatMap((entry, index) => checkValue(item!, entry, `${path}[${index}]`));
  if (value.length < Number(least ?? 0) || (most !== undefined && most !== "" && value.length > Number(most))) {
    problems.push(`${path} has ${value.length} items`);
  }
  if (unique !== undefined && new Set(value).size !== value.length) problems.push(`${path} has doubles`);
  return problems;
}

function checkMap(item: string, value: unknown, path: string): string[] {
  if (!isObject(value)) return [`${path} is not an object`];
  return Object.entries(value).flatMap(([key, entry]) => checkValue(item, entry, `${path}.${key}`));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const INTEGER = /^([iu])(\d+)(?:\((\d*)\.\.(\d*)\))?$/;
const STRING = /^(?:string|uri)(?:\((\d*)\.\.(\d*)\))?(?:\/(.+)\/)?$/;
const SLUG = "^[a-zA-Z0-9\\-_.]+$";
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

function checkScalar(type: string, value: unknown): boolean {
  if (type === "bool") return typeof value === "boolean";
  if (type === "object") return isObject(value);
  if (type === "datetime")
    return typeof value === "string" && DATE_TIME.test(value) && !Number.isNaN(Date.parse(value));
  if (type.startsWith("enum{")) return type.slice(5, -1).split(",").includes(String(value)) && Number.isInteger(value);
  if (type.startsWith('"')) return type.split("|").includes(JSON.stringify(value));
  const integer = INTEGER.exec(type);
  if (integer !== null)
    return Number.isInteger(value) && within(value as number, integer[3], integer[4], integer[1] === "u");
  const text = STRING.exec(type);
  if (text === null) throw new Error(`The inventory has a type that is not understood: ${type}`);
  if (typeof value !== "string" || !within(value.length, text[1], text[2], true)) return false;
  if (type.startsWith("uri") && !URL.canParse(value)) return false;
  return text[3] === undefined || new RegExp(text[3] === "slug" ? SLUG : text[3]).test(value);
}

function within(size: number, least: string | undefined, most: string | undefined, positive: boolean): boolean {
  const min = least === undefined || least === "" ? (positive ? 0 : Number.NEGATIVE_INFINITY) : Number(least);
  const max = most === undefined || most === "" ? Number.POSITIVE_INFINITY : Number(most);
  return size >= min && size <= max;
}
