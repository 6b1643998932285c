/** Return values of handlers. */

/** A response. Its body is JSON text, so that it can contain payloads byte for byte; `null` for no body. */
export interface Reply {
  readonly status: number;
  readonly json: string | null;
}

export function ok(body: object | JsonText): Reply {
  return reply(200, body);
}

export function created(body: object | JsonText): Reply {
  return reply(201, body);
}

export function accepted(body: object | JsonText): Reply {
  return reply(202, body);
}

export function noContent(): Reply {
  return { status: 204, json: null };
}

export function reply(status: number, body: object | JsonText): Reply {
  return { status, json: body instanceof JsonText ? body.text : JSON.stringify(body) };
}

/** JSON that is already serialized. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Serializes `fields` and adds one member whose value is already JSON text. */
  static withMember(fields: object, name: string, text: string): JsonText {
    return new JsonText(`${JSON.stringify(fields).slice(0, -1)},${JSON.stringify(name)}:${text}}`);
  }
}

export interface ListPage<Row> {
  readonly rows: readonly Row[];
  readonly done: boolean;
  /** Iterator of the next page, if it does not follow the last row; a leading minus means backwards. */
  readonly next?: string;
}

/** Response with one page of a list. `iteratorOf` returns the id that a row is paged by. */
export function list<Row>(
  page: ListPage<Row>,
  iteratorOf: (row: Row) => string,
  toBody: (row: Row) => object | JsonText,
): Reply {
  const first = page.rows[0];
  const last = page.rows.at(-1);
  const data = page.rows.map((row) => {
    const body = toBody(row);
    return body instanceof JsonText ? body.text : JSON.stringify(body);
  });
  const { next } = page;
  const back = next?.startsWith("-") === true ? next : first === undefined ? undefined : `-${iteratorOf(first)}`;
  const on = next?.startsWith("-") === false ? next : last === undefined ? null : iteratorOf(last);
  const fields = { iterator: on, ...(back === undefined ? {} : { prevIterator: back }), done: page.done };
  return { status: 200, json: JsonText.withMember(fields, "data", `[${data.join(",")}]`).text };
}
