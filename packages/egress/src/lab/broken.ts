import { answer, flood, hang, raw } from "./behaviour.ts";
import type { Behaviour } from "./behaviour.ts";
import { HEAD } from "./behaviours.ts";

/** Answers that are not HTTP, or not all of it. */
export const BROKEN: readonly Behaviour[] = [
  {
    path: "/close",
    group: "broken",
    does: "Closes the connection without an answer.",
    expect: "A reset.",
    run: (call) => call.socket.end(),
  },
  {
    path: "/reset/head",
    group: "broken",
    does: "Sends RST instead of an answer.",
    expect: "A reset.",
    run: (call) => call.socket.resetAndDestroy(),
  },
  {
    path: "/reset/body",
    group: "broken",
    does: "Sends head and half of the body, then RST.",
    expect: "The status counts; the body is noted as cut off.",
    run: (call) => {
      // The RST must not overtake the bytes.
      call.socket.write(`${HEAD}content-length: 10\r\n\r\nhello`, () =>
        setTimeout(() => call.socket.resetAndDestroy(), 50),
      );
    },
  },
  {
    path: "/length/short",
    group: "broken",
    does: "Announces 100 bytes, sends 5 and closes.",
    expect: "The status counts; the body is noted as cut off.",
    run: (call) => raw(call, `${HEAD}content-length: 100\r\n\r\nhello`, true),
  },
  {
    path: "/length/long",
    group: "broken",
    does: "Announces 5 bytes and sends 100.",
    expect: "Five bytes; the rest is never taken for the answer to another request.",
    run: (call) => raw(call, `${HEAD}content-length: 5\r\n\r\nhello${"HTTP/1.1 418 Smuggled\r\n\r\n".repeat(4)}`),
  },
  {
    path: "/length/both",
    group: "broken",
    does: "Sends Content-Length and Transfer-Encoding together.",
    expect: "Refused as invalid HTTP.",
    run: (call) => raw(call, `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
  },
  {
    path: "/length/nonsense",
    group: "broken",
    does: "Sends a Content-Length that is no number.",
    expect: "Refused as invalid HTTP.",
    run: (call) => raw(call, `${HEAD}content-length: five\r\n\r\nhello`, true),
  },
  {
    path: "/chunked/bad",
    group: "broken",
    does: "Sends a chunk size that is no number.",
    expect: "The status counts; the body is noted as broken.",
    run: (call) => raw(call, `${HEAD}transfer-encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n`),
  },
  {
    path: "/chunked/cut",
    group: "broken",
    does: "Closes in the middle of a chunk.",
    expect: "The status counts; the body is noted as cut off.",
    run: (call) => raw(call, `${HEAD}transfer-encoding: chunked\r\n\r\nff\r\nhello`, true),
  },
  {
    path: "/not-http",
    group: "broken",
    does: "Answers as an SSH server would.",
    expect: "Refused as invalid HTTP.",
    run: (call) => raw(call, "SSH-2.0-OpenSSH_9.9\r\n", true),
  },
  {
    path: "/http/1.0",
    group: "broken",
    does: "Answers in HTTP/1.0, the body ended by closing.",
    expect: "Success.",
    run: (call) => raw(call, "HTTP/1.0 200 OK\r\n\r\nold but good", true),
  },
  {
    path: "/http/2",
    group: "broken",
    does: "Answers with an HTTP/2 frame to an HTTP/1.1 request.",
    expect: "Refused as invalid HTTP.",
    run: (call) => raw(call, Buffer.from("000000040000000000", "hex"), true),
  },
  {
    path: "/header-injection",
    group: "broken",
    does: "Sends a header line with a bare carriage return in it.",
    expect: "Refused as invalid HTTP.",
    run: (call) => raw(call, `${HEAD}x-a: b\rset-cookie: c\r\ncontent-length: 0\r\n\r\n`, true),
  },
  {
    path: "/204-with-body",
    group: "broken",
    does: "Answers 204 and sends a body all the same.",
    expect: "Success; the stray bytes are never taken for another answer.",
    run: (call) => raw(call, "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello"),
  },
  {
    path: "/1xx/hints",
    group: "broken",
    does: "Sends 103 Early Hints before the 200.",
    expect: "Success.",
    run: (call) =>
      raw(call, "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
  },
  {
    path: "/1xx/storm",
    group: "broken",
    does: "Sends 102 Processing without end.",
    expect: "Refused as invalid HTTP after a few.",
    run: (call) => flood(call, () => "HTTP/1.1 102 Processing\r\n\r\n".repeat(10)),
  },
  {
    path: "/101",
    group: "broken",
    does: "Answers 101 Switching Protocols, which nobody asked for.",
    expect: "Refused as invalid HTTP.",
    run: (call) => raw(call, "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
  },
  {
    path: "/early",
    group: "broken",
    does: "Answers 413 before it has read the body, and closes.",
    expect: "The status counts.",
    readBody: false,
    run: (call) => raw(call, "HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", true),
  },
  {
    path: "/keep-alive/close",
    group: "keep-alive",
    does: "Answers 200 with keep-alive, then closes without a word.",
    expect: "Success each time: a request that was not written yet goes to a new connection.",
    run: (call) => {
      answer(call, 200, "ok");
      setTimeout(() => call.socket.end(), 5);
    },
  },
  {
    path: "/keep-alive/random",
    group: "keep-alive",
    does: "Answers 200 with keep-alive, then closes or resets in half of all cases.",
    expect: "No success is lost; a reset on a used socket is told as such.",
    run: (call) => {
      answer(call, 200, "ok");
      if (call.random() < 0.25) setTimeout(() => call.socket.end(), 1);
      else if (call.random() < 0.34) setTimeout(() => call.socket.resetAndDestroy(), 1);
    },
  },
  {
    path: "/keep-alive/second",
    group: "keep-alive",
    does: "Answers the first request of a connection and hangs on the second.",
    expect: "A timeout, then a new connection.",
    run: (call) => {
      const seen = (call.socket as { labSeen?: boolean }).labSeen === true;
      (call.socket as { labSeen?: boolean }).labSeen = true;
      if (seen) hang(call);
      else answer(call, 200, "first\n");
    },
  },
];
