/** Full-screen view of `posthorn listen`: a list of events, the details of one, and the state of the connection. */
import { stripVTControlCharacters } from "node:util";
import type { RequestFrame } from "../../relay/frames.ts";
import { onOneLine } from "../output.ts";
import type { LocalResult } from "./local.ts";
import type { ListenState, ListenView } from "./session.ts";
import { clock, describeResult, stateText } from "./views.ts";

export interface TuiOptions {
  /** Shown in the first line: where events go. */
  readonly target: string;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  /** Sends a message to the endpoint again. */
  readonly resend: (messageId: string) => Promise<void>;
  readonly quit: () => void;
}

interface Item {
  readonly at: string;
  frame: RequestFrame;
  result: LocalResult | null;
  /** Whether its bodies were dropped. */
  isDropped: boolean;
}

const MAX_ITEMS = 1000;
/** Characters and bytes of bodies that are kept. Those of the oldest events are dropped first. */
const MAX_KEPT = 32 * 1024 * 1024;
const ENTER = "\u001B[?1049h\u001B[?25l";
const LEAVE = "\u001B[?25h\u001B[?1049l";
const HELP = "↑↓ select · enter details · r resend · c clear · q quit";

export class Tui implements ListenView, Disposable {
  readonly #options: TuiOptions;
  readonly #items: Item[] = [];
  #selected = 0;
  /** Whether the selection follows the newest event. */
  #follows = true;
  #showsDetails = false;
  #scroll = 0;
  #state = "connecting";
  #note = "";
  #isScheduled = false;
  #isClosed = false;
  readonly #onKey = (data: Buffer): void => this.#key(data.toString());
  readonly #onResize = (): void => this.#draw();

  constructor(options: TuiOptions) {
    this.#options = options;
    const { input, output } = options;
    output.write(ENTER);
    input.setRawMode(true);
    input.resume();
    input.on("data", this.#onKey);
    output.on("resize", this.#onResize);
    this.#draw();
  }

  state(state: ListenState): void {
    this.#state = stateText(state);
    this.#draw();
  }

  received(frame: RequestFrame): void {
    this.#items.push({ at: clock(), frame, result: null, isDropped: false });
    if (this.#items.length > MAX_ITEMS) {
      this.#items.shift();
      this.#selected = Math.max(0, this.#selected - 1);
    }
    if (this.#follows) this.#selected = this.#items.length - 1;
    this.#dropOldBodies();
    this.#draw();
  }

  answered(frame: RequestFrame, result: LocalResult): void {
    const item = this.#items.findLast(({ frame: { id } }) => id === frame.id);
    if (item !== undefined) item.result = result;
    this.#dropOldBodies();
    this.#draw();
  }

  note(text: string): void {
    this.#note = text;
    this.#draw();
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { input, output } = this.#options;
    input.off("data", this.#onKey);
    output.off("resize", this.#onResize);
    input.setRawMode(false);
    input.pause();
    output.write(LEAVE);
  }

  #key(key: string): void {
    switch (key) {
      case "q":
      case "\u0003":
        return this.#options.quit();
      case "k":
      case "\u001B[A":
        return this.#move(-1);
      case "j":
      case "\u001B[B":
        return this.#move(1);
      case "\r":
      case "d":
        this.#showsDetails = !this.#showsDetails;
        this.#scroll = 0;
        break;
      case "\u001B":
        this.#showsDetails = false;
        break;
      case "c":
        this.#items.length = 0;
        this.#selected = 0;
        this.#follows = true;
        break;
      case "r":
        return this.#resend();
    }
    this.#draw();
  }

  #move(by: number): void {
    if (this.#showsDetails) this.#scroll = Math.max(0, this.#scroll + by);
    else {
      this.#selected = Math.min(Math.max(0, this.#selected + by), Math.max(0, this.#items.length - 1));
      this.#follows = this.#selected === this.#items.length - 1;
    }
    this.#draw();
  }

  #dropOldBodies(): void {
    let kept = 0;
    for (const item of this.#items.toReversed()) {
      if (item.isDropped) return;
      kept += item.frame.body.length + (item.result?.kind === "response" ? item.result.body.byteLength : 0);
      if (kept <= MAX_KEPT) continue;
      item.isDropped = true;
      item.frame = { ...item.frame, body: "" };
      if (item.result?.kind === "response") item.result = { ...item.result, body: Buffer.alloc(0) };
    }
  }

  #resend(): void {
    const item = this.#items[this.#selected];
    if (item === undefined) return;
    const { id } = item.frame.message;
    this.note(`Resending ${id}.`);
    this.#options
      .resend(id)
      .catch((error: unknown) => this.note(error instanceof Error ? error.message : String(error)));
  }

  /** Draws once per turn of the event loop, however much has changed. */
  #draw(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (!this.#isClosed) this.#options.output.write(this.#screen());
    });
  }

  #screen(): string {
    const { columns, rows } = this.#options.output;
    const height = Math.max(1, rows - 3);
    const body = this.#showsDetails ? this.#details(height) : this.#list(height);
    const head = `posthorn listen → ${this.#options.target}`;
    const lines = [bold(fit(head, columns)), ...body.map((line) => fitted(line, columns))];
    while (lines.length < height + 1) lines.push("");
    lines.push(
      inverse(fit(` ${this.#state}${this.#note === "" ? "" : ` · ${onOneLine(this.#note)}`}`, columns)),
      fit(HELP, columns),
    );
    return `\u001B[H${lines.map((line) => `${line}\u001B[K`).join("\r\n")}\u001B[J`;
  }

  #list(height: number): readonly string[] {
    if (this.#items.length === 0) return ["", "  Waiting for events."];
    const from = Math.max(0, Math.min(this.#selected - Math.floor(height / 2), this.#items.length - height));
    return this.#items.slice(from, from + height).map((item, index) => {
      const { at, frame, result } = item;
      const name = onOneLine(frame.message.eventType || frame.method);
      const line = `${at}  ${name.padEnd(32)}  ${result === null ? "…" : describeResult(result)}`;
      return from + index === this.#selected ? `> ${line}` : `  ${line}`;
    });
  }

  #details(height: number): readonly string[] {
    const item = this.#items[this.#selected];
    if (item === undefined) return [];
    const { frame, result } = item;
    const lines = [
      `${frame.message.id}  ${frame.message.timestamp}`,
      `${frame.method} ${frame.path || "/"}`,
      ...frame.headers.map(([name, value]) => `${name}: ${value}`),
      "",
      ...(item.isDropped
        ? ["The body is no longer kept. Press r to receive it again."]
        : textOf(Buffer.from(frame.body, "base64"))),
      "",
      result === null ? "No response yet." : `← ${describeResult(result)}`,
      ...(result?.kind === "response"
        ? [...result.headers.map(([name, value]) => `${name}: ${value}`), "", ...textOf(result.body)]
        : []),
    ];
    this.#scroll = Math.min(this.#scroll, Math.max(0, lines.length - height));
    return lines.slice(this.#scroll, this.#scroll + height).map((line) => `  ${line}`);
  }
}

const MAX_SHOWN_LINES = 500;

/** Lines of a body; binary ones as their size. */
function textOf(body: Buffer): readonly string[] {
  if (body.byteLength === 0) return [];
  const text = body.toString("utf8");
  if (text.includes("\uFFFD")) return [`${body.byteLength} bytes that are not text`];
  try {
    return JSON.stringify(JSON.parse(text), null, 2).split("\n").slice(0, MAX_SHOWN_LINES);
  } catch {
    return text.split("\n").slice(0, MAX_SHOWN_LINES);
  }
}

/** Text from outside may contain control characters, which terminals interpret. */
function fit(text: string, columns: number): string {
  const line = stripVTControlCharacters(text).replaceAll(/\p{C}/gu, "·");
  return line.length > columns ? `${line.slice(0, columns - 1)}…` : line;
}

function fitted(line: string, columns: number): string {
  const text = fit(line, columns);
  return text.startsWith("> ") ? bold(text) : text;
}

const bold = (text: string): string => `\u001B[1m${text}\u001B[22m`;
const inverse = (text: string): string => `\u001B[7m${text}\u001B[27m`;
