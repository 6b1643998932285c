import { describe, expect, test } from "vitest";
import { EgressError } from "../errors.ts";
import { ResponseParser } from "./parser.ts";

interface Parsed {
  readonly informational: number;
  readonly status: number | null;
  readonly headers: readonly string[];
  readonly body: string;
  /** `null`: the response is incomplete. */
  readonly reusable: boolean | null;
  /** Code of the error; `null` without one. */
  readonly code: string | null;
}

/** Parses the pieces as they arrive, then the end of the connection if `ends` is set. */
function parse(pieces: readonly string[], { isHead = false, ends = false, limit = 1000 } = {}): Parsed {
  const seen = { informational: 0, status: null as number | null, headers: [] as string[], body: "" };
  let reusable: boolean | null = null;
  let code: string | null = null;
  const parser = new ResponseParser(limit);
  const onHead = (status: number, headers: string[]) => void Object.assign(seen, { status, headers });
  const sink = {
    onInformational: () => void seen.informational++,
    onHead,
    onBody: (bytes: Buffer, from: number, to: number) => void (seen.body += bytes.toString("latin1", from, to)),
    onEnd: (isReusable: boolean) => void (reusable = isReusable),
  };
  parser.begin(sink, isHead);
  try {
    for (const piece of pieces) {
      // A longer array with other bytes behind the piece, as the socket passes it.
      const bytes = Buffer.from(`${piece}HTTP/1.1 999\r\n\r\n`, "latin1");
      parser.execute(bytes, piece.length);
      bytes.fill(0x58);
    }
    if (ends) parser.finish();
  } catch (error) {
    code = error instanceof EgressError ? error.code : String(error);
  }
  return { ...seen, reusable, code };
}

/** The text as one piece, as two pieces split at each position, and byte by byte. All must have the same result. */
function parsed(text: string, options: Parameters<typeof parse>[1] = {}): Parsed {
  const whole = parse([text], options);
  for (let cut = 1; cut < text.length; cut++) {
    expect(parse([text.slice(0, cut), text.slice(cut)], options), `cut at ${cut}`).toEqual(whole);
  }
  expect(parse(text.split(""), options), "byte by byte").toEqual(whole);
  return whole;
}

const OK = "HTTP/1.1 200 OK\r\n";

describe("a response, in however many pieces it arrives,", () => {
  test("ends at its Content-Length", () => {
    expect(parsed(`${OK}Content-Type: text/plain\r\ncontent-length: 5\r\n\r\nhello`)).toEqual({
      informational: 0,
      status: 200,
      headers: ["Content-Type", "text/plain", "content-length", "5"],
      body: "hello",
      reusable: true,
      code: null,
    });
  });

  test("ends at the last chunk, and its trailers and extensions are dropped", () => {
    const body = '5;a=b;c="d\\"";e\r\nhello\r\n6\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n';
    expect(parsed(`${OK}transfer-encoding: chunked\r\n\r\n${body}`)).toMatchObject({
      headers: ["transfer-encoding", "chunked"],
      body: "hello world",
      reusable: true,
      code: null,
    });
  });

  test("without a length ends with the connection", () => {
    const text = `${OK}\r\nuntil the end`;
    expect(parsed(text)).toMatchObject({ body: "until the end", reusable: null });
    expect(parsed(text, { ends: true })).toMatchObject({ body: "until the end", reusable: false });
    expect(parsed(`HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nabc`, { ends: true })).toMatchObject({
      body: "abc",
      reusable: false,
    });
  });

  test("follows informational responses", () => {
    const text = `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 x\r\n\r\n${OK}a: b\r\ncontent-length: 2\r\n\r\nok`;
    expect(parsed(text)).toMatchObject({
      informational: 2,
      status: 200,
      headers: ["a", "b", "content-length", "2"],
      body: "ok",
      reusable: true,
    });
  });

  test("has no body after HEAD, 204 and 304", () => {
    expect(parsed(`${OK}content-length: 5\r\n\r\n`, { isHead: true })).toMatchObject({ body: "", reusable: false });
    expect(parsed("HTTP/1.1 204 No Content\r\n\r\n")).toMatchObject({ status: 204, body: "", reusable: true });
    expect(parsed("HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n")).toMatchObject({ status: 304, reusable: true });
  });

  test("keeps every byte of a header value, without the white space before it", () => {
    expect(parsed(`${OK}x:  caf\xe9 \t\r\nempty:\r\nY:\tz\r\ncontent-length: 0\r\n\r\n`).headers).toEqual([
      "x",
      "caf\xe9 \t",
      "empty",
      "",
      "Y",
      "z",
      "content-length",
      "0",
    ]);
  });

  test("may be preceded by empty lines, and may lack a reason", () => {
    expect(parsed("\r\n\r\nHTTP/1.1 503\r\ncontent-length: 0\r\n\r\n")).toMatchObject({ status: 503, reusable: true });
  });
});

describe("the connection is not reusable", () => {
  test.each([
    ["when the peer announces its end", `${OK}connection: close\r\ncontent-length: 2\r\n\r\nok`],
    ["when one of several options is close", `${OK}connection: foo , Close\r\ncontent-length: 2\r\n\r\nok`],
    ["when a proxy header announces its end", `${OK}proxy-connection: close\r\ncontent-length: 2\r\n\r\nok`],
    ["after HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"],
    ["after a 204 with a length", "HTTP/1.1 204 x\r\ncontent-length: 5\r\n\r\n"],
  ])("%s", (_title, text) => {
    expect(parsed(text)).toMatchObject({ reusable: false, code: null });
  });

  test("when bytes follow the response", () => {
    for (const more of ["x", "\r\n", "HTTP/1.1 418 Smuggled\r\n\r\n"]) {
      for (const response of [
        `content-length: 2\r\n\r\nok`,
        `transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
      ]) {
        expect(parse([`${OK}${response}${more}`])).toMatchObject({ body: "ok", reusable: false, code: null });
      }
    }
    expect(parse([`${OK}content-length: 0\r\n\r\nx`])).toMatchObject({ body: "", reusable: false });
  });

  test("except after HTTP/1.0 with keep-alive", () => {
    const text = "HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: Keep-Alive\r\n\r\nok";
    expect(parsed(text)).toMatchObject({ body: "ok", reusable: true });
  });
});

describe("is rejected:", () => {
  test.each([
    ["a repeated Content-Length", `${OK}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`],
    ["a list of lengths", `${OK}content-length: 5, 5\r\n\r\nhello`],
    ["a signed length", `${OK}content-length: +5\r\n\r\nhello`],
    ["an empty length", `${OK}content-length: \r\n\r\n`],
    ["a length that JavaScript cannot count", `${OK}content-length: 9007199254740993\r\n\r\n`],
    ["a length after a transfer coding", `${OK}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n`],
    ["a length before a transfer coding", `${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`],
    ["a folded header", `${OK}a: b\r\n c\r\n\r\n`],
    ["a folded empty header", `${OK}a:\r\n c\r\n\r\n`],
    ["a bare line feed in the head", `${OK}a: b\nc: d\r\n\r\n`],
    ["a bare line feed after the status line", "HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n"],
    ["a bare carriage return", `${OK}a: b\rc: d\r\n\r\n`],
    ["NUL in a value", `${OK}a: b\0\r\n\r\n`],
    ["DEL in a value", `${OK}a: b\x7f\r\n\r\n`],
    ["a space before the colon", `${OK}a : b\r\n\r\n`],
    ["a header without a name", `${OK}: b\r\n\r\n`],
    ["status 100", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["status 101", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["a status below 100", "HTTP/1.1 099 x\r\n\r\n"],
    ["a status of four digits", "HTTP/1.1 2000 x\r\n\r\n"],
    ["another version", "HTTP/1.2 200 OK\r\n\r\n"],
    ["another protocol", "ICY 200 OK\r\n\r\n"],
  ])("%s", (_title, text) => {
    expect(parsed(text)).toMatchObject({ status: null, code: "protocol", reusable: null });
  });

  test.each([
    ["a chunk size that is not a number", "x\r\nhello"],
    ["an empty chunk size", "\r\nhello"],
    ["a signed chunk size", "-1\r\n"],
    ["a hexadecimal prefix", "0x5\r\nhello"],
    ["a space after the chunk size", "5 \r\nhello"],
    ["a bare line feed after the chunk size", "5\nhello"],
    ["a chunk size that JavaScript cannot count", "fffffffffffffff\r\n"],
    ["a chunk longer than its size", "5\r\nhello!\r\n"],
    ["a chunk followed by a bare line feed", "5\r\nhello\n0\r\n\r\n"],
    ["a space in an extension", "5; a\r\nhello"],
    ["an unquoted extension with an invalid character", "5;a=b@\r\nhello"],
    ["a line feed in a quoted extension", '5;a="b\n"\r\nhello'],
    ["an endless extension", `5;${"x".repeat(20_000)}`],
    ["a trailer without a colon", "0\r\nbroken\r\n\r\n"],
    ["a trailer with a length", "0\r\ncontent-length: 5\r\n\r\n"],
    ["a trailer with a transfer coding", "0\r\ntransfer-encoding: chunked\r\n\r\n"],
  ])("%s", (_title, body) => {
    const text = `${OK}transfer-encoding: chunked\r\n\r\n${body}`;
    const whole = body.length > 1000 ? parse([text]) : parsed(text);
    expect(whole).toMatchObject({ status: 200, code: "protocol", reusable: null });
  });

  test("text that is not HTTP, before its first line ends", () => {
    for (const text of ["S", "HTTX", '{"ok"', "<html>", "\0", "HTTP/1.1 2x"]) {
      expect(parse([text])).toMatchObject({ code: "protocol" });
    }
  });
});

describe("the size of a head is limited", () => {
  test("by its names and values, complete or not, in one piece or in many", () => {
    const fits = `${OK}a: ${"x".repeat(80)}\r\ncontent-length: 0\r\n\r\n`;
    expect(parsed(fits, { limit: 97 })).toMatchObject({ status: 200, code: null });
    expect(parse([fits], { limit: 96 })).toMatchObject({ status: null, code: "headers_too_large" });
    expect(parse([`${OK}a: ${"x".repeat(100)}`], { limit: 100 })).toMatchObject({ code: "headers_too_large" });
    expect(parse([`${OK}a: `, ..."x".repeat(200).split("")], { limit: 100 })).toMatchObject({
      code: "headers_too_large",
    });
  });

  test("by its bytes, whatever they are", () => {
    for (const filler of [
      `HTTP/1.1 200 ${"x".repeat(500)}`,
      `${OK}a:${" ".repeat(500)}`,
      `${OK}${"a:\r\n".repeat(120)}`,
    ]) {
      expect(parse([filler], { limit: 100 })).toMatchObject({ code: "headers_too_large" });
      expect(parse(filler.split(""), { limit: 100 })).toMatchObject({ code: "headers_too_large" });
    }
  });

  test("also as trailers", () => {
    const text = `${OK}transfer-encoding: chunked\r\n\r\n0\r\na: ${"x".repeat(100)}\r\n\r\n`;
    expect(parse([text], { limit: 100 })).toMatchObject({ status: 200, code: "headers_too_large" });
  });
});

describe("a parser", () => {
  test("reads one response after the other and remembers the announced idle time of the last", () => {
    const statuses: number[] = [];
    const parser = new ResponseParser(1000);
    const sink = {
      onInformational() {},
      onHead: (status: number) => void statuses.push(status),
      onBody() {},
      onEnd() {},
    };
    for (const [text, idle] of [
      [`${OK}keep-alive: timeout=7, max=10\r\ncontent-length: 2\r\n\r\nok`, 7000],
      ["HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n", -1],
    ] as const) {
      parser.begin(sink, false);
      parser.execute(Buffer.from(text), text.length);
      expect(parser.keepAliveMs).toBe(idle);
    }
    expect(statuses).toEqual([200, 503]);
  });

  test("rejects bytes that arrive without a request", () => {
    const parser = new ResponseParser(1000);
    expect(() => parser.execute(Buffer.from("x"), 1)).toThrow(EgressError);
  });

  test("ignores all input after it was closed, even by its own sink", () => {
    const parser = new ResponseParser(1000);
    let bodies = 0;
    const onBody = () => {
      bodies++;
      parser.close();
    };
    parser.begin({ onInformational() {}, onHead() {}, onBody, onEnd: () => expect.unreachable() }, false);
    const text = `${OK}transfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n`;
    parser.execute(Buffer.from(text), text.length);
    parser.execute(Buffer.from("garbage"), 7);
    expect(bodies).toBe(1);
  });
});
