/** Responses for the tests of the HTTP client, as a seeded corpus with mutations, in bytes. */
import fc from "fast-check";

const OK = "HTTP/1.1 200 OK\r\n";

/** Responses to a POST request, valid and invalid. */
export const CORPUS: readonly string[] = [
  `${OK}content-length: 2\r\n\r\nok`,
  `${OK}Content-Type: text/plain\r\nDate: Fri, 27 Nov 2026 15:00:00 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 5\r\n\r\nhello`,
  `${OK}content-length: 0\r\n\r\n`,
  `${OK}content-length: 10\r\nconnection: close\r\n\r\nhello`,
  `${OK}content-length: 10\r\n\r\nhello`,
  `${OK}content-length: 5\r\n\r\nhelloHTTP/1.1 418 Smuggled\r\n\r\n`,
  `${OK}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`,
  `${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  `${OK}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b;c\r\n!\r\n0\r\n\r\n`,
  `${OK}Transfer-Encoding: Chunked\r\n\r\nA;q="x\\"y" \r\n0123456789\r\n0\r\nx-trailer: 1\r\n\r\n`,
  `${OK}transfer-encoding: chunked\r\n\r\na;q="x\\"y";z\r\n0123456789\r\n0\r\nx-trailer: 1\r\ny: 2\r\n\r\n`,
  `${OK}transfer-encoding: chunked\r\nconnection: close\r\n\r\nff\r\nhello`,
  `${OK}transfer-encoding: chunked\r\n\r\n0\r\ncontent-length: 3\r\n\r\n`,
  `${OK}transfer-encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  `${OK}transfer-encoding: chunked, gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  `${OK}transfer-encoding: identity\r\n\r\nuntil the end`,
  `${OK}transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  `${OK}\r\nuntil the end`,
  `${OK}connection: close\r\n\r\nuntil the end`,
  "HTTP/1.0 200 OK\r\n\r\nold but good",
  "HTTP/1.0 200 OK\r\ncontent-length: 3\r\nconnection: Keep-Alive\r\n\r\nold",
  "HTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello",
  "HTTP/1.1 304 Not Modified\r\netag: x\r\ntransfer-encoding: chunked\r\n\r\n",
  "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 503\r\nretry-after: 5\r\ncontent-length: 4\r\n\r\nbusy",
  `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${OK}content-length: 2\r\n\r\nok`,
  `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}content-length: 2\r\n\r\nok`,
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
  `\r\n\r\n${OK}content-length: 2\r\n\r\nok`,
  `${OK}a: b\rc: d\r\n\r\n`,
  `${OK}a: b\r\n c\r\ncontent-length: 0\r\n\r\n`,
  `${OK}a:\r\n c\r\ncontent-length: 0\r\n\r\n`,
  `${OK}empty:\r\nspaces: \t x \t \r\nb\xe9: 1\r\ncontent-length: 0\r\n\r\n`,
  `${OK}latin: caf\xe9\r\nempty:\r\nspaces: \t x \t \r\ncontent-length: 0\r\n\r\n`,
  `${OK}nul: a\0b\r\ncontent-length: 0\r\n\r\n`,
  `${OK}proxy-connection: close\r\ncontent-length: 1\r\n\r\nx`,
  `${OK}connection: foo, Close\r\ncontent-length: 1\r\n\r\nx`,
  `${OK}keep-alive: timeout=1\r\ncontent-length: 1\r\n\r\nx`,
  `${OK}x: ${"y".repeat(400)}\r\ncontent-length: 1\r\n\r\nx`,
  "HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
  "SSH-2.0-OpenSSH_9.9\r\n",
  "",
];

/** Bytes that change what a parser does. */
const SPICES = [
  "\r",
  "\n",
  "\r\n",
  "\0",
  " ",
  "\t",
  ":",
  ",",
  ";",
  "=",
  '"',
  "0",
  "1",
  "9",
  "f",
  "-",
  "+",
  "\x7f",
  "\x80",
  "\xff",
  "\r\n\r\n",
  "chunked",
  "close",
];

/** A response of the corpus with up to three mutations. */
export const mutated = fc
  .tuple(
    fc.constantFrom(...CORPUS),
    fc.array(
      fc.record({
        kind: fc.constantFrom("insert", "replace", "delete", "cut", "double"),
        at: fc.nat(1000),
        spice: fc.constantFrom(...SPICES),
      }),
      { maxLength: 3 },
    ),
  )
  .map(([text, changes]) =>
    changes.reduce((bytes, { kind, at, spice }) => {
      const place = bytes.length === 0 ? 0 : at % bytes.length;
      const before = bytes.slice(0, place);
      if (kind === "insert") return before + spice + bytes.slice(place);
      if (kind === "replace") return before + spice + bytes.slice(place + spice.length);
      if (kind === "delete") return before + bytes.slice(place + 1);
      if (kind === "cut") return before;
      return before + bytes.slice(place, place + 20) + bytes.slice(place);
    }, text),
  );
