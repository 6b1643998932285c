import { respond, flood, hang, raw } from "./behaviour.ts";
import type { Behaviour } from "./behaviour.ts";
import { HEAD } from "./behaviours.ts";

/** Responses that are invalid or incomplete HTTP. */
export const BROKEN: readonly Behaviour[] = [
  {
    path: "/close",
    group: "broken",
    does: "Closes the connection without a response.",
    expect: "A reset.",
    run: (call) => call.socket.end(),
  },
  {
    path: "/reset/head",
    group: "broken",
    does: "Sends a TCP RST instead of a response.",
    expect: "A reset.",
    run: (call) => call.socket.resetAndDestroy(),
  },
  {
    path: "/reset/body",
    group: "broken",
    does: "Sends the head and half of the body, then a TCP RST.",
    expect: "The status counts; the body is recorded as cut off.",
    run: (call) => {
      // Delay the RST so that it does not overtake the bytes.
      call.socket.write(`${HEAD}content-length: 10\r\n\r\nhello`, () =>
        setTimeout(() => call.socket.resetAndDestroy(), 50),
      );
    },
  },
  {
    path: "/length/short",
    group: "broken",
    does: "Announces 100 bytes, sends 5 and closes.",
    expect: "The status counts; the body is recorded as cut off.",
    run: (call) => raw(call, `${HEAD}content-length: 100\r\n\r\nhello`, true),
  },
  {
    path: "/length/long",
    group: "broken",
    does: "Announces 5 bytes and sends 100.",
    expect: "Five bytes; the rest is never taken as the response to another request.",
    run: (call) => raw(call, `${HEAD}content-length: 5\r\n\r\nhello${"HTTP/1.1 418 Smuggled\r\n\r\n".repeat(4)}`),
  },
  {
    path: "/length/both",
    group: "broken",
    does: "Sends Content-Length and Transfer-Encoding together.",
    expect: "Rejected as invalid HTTP.",
    run: (call) => raw(call, `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
  },
  {
    path: "/length/nonsense",
    group: "broken",
    does: "Sends a Content-Length that is not a number.",
    expect: "Rejected as invalid HTTP.",
    run: (call) => raw(call, `${HEAD}content-length: five\r\n\r\nhello`, true),
  },
  {
    path: "/chunked/bad",
    group: "broken",
    does: "Sends a chunk size that is not a number.",
    expect: "The status counts; the body is recorded as invalid.",
    run: (call) => raw(call, `${HEAD}transfer-encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n`),
  },
  {
    path: "/chunked/cut",
    group: "broken",
    does: "Closes in the middle of a chunk.",
    expect: "The status counts; the body is recorded as cut off.",
    run: (call) => raw(call, `${HEAD}transfer-encoding: chunked\r\n\r\nff\r\nhello`, true),
  },
  {
    path: "/not-http",
    group: "broken",
    does: "Responds like an SSH server.",
    expect: "Rejected as invalid HTTP.",
    run: (call) => raw(call, "SSH-2.0-OpenSSH_9.9\r\n", true),
  },
  {
    path: "/http/1.0",
    group: "broken",
    does: "Responds in HTTP/1.0 and ends the body by closing the connection.",
    expect: "Success.",
    run: (call) => raw(call, "HTTP/1.0 200 OK\r\n\r\nold but good", true),
  },
  {
    path: "/http/2",
    group: "broken",
    does: "Responds to an HTTP/1.1 request with an HTTP/2 frame.",
    expect: "Rejected as invalid HTTP.",
    run: (call) => raw(call, Buffer.from("000000040000000000", "hex"), true),
  },
  {
    path: "/header-injection",
    group: "broken",
    does: "Sends a header line that contains a bare carriage return.",
    expect: "Rejected as invalid HTTP.",
    run: (call) => raw(call, `${HEAD}x-a: b\rset-cookie: c\r\ncontent-length: 0\r\n\r\n`, true),
  },
  {
    path: "/204-with-body",
    group: "broken",
    does: "Responds with 204 but sends a body.",
    expect: "Success; the extra bytes are never taken as another response.",
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
    does: "Sends 102 Processing endlessly.",
    expect: "Rejected as invalid HTTP after a few.",
    run: (call) => flood(call, () => "HTTP/1.1 102 Processing\r\n\r\n".repeat(10)),
  },
  {
    path: "/101",
    group: "broken",
    does: "Responds with an unsolicited 101 Switching Protocols.",
    expect: "Rejected as invalid HTTP.",
    run: (call) => raw(call, "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
  },
  {
    path: "/early",
    group: "broken",
    does: "Responds with 413 before reading the body, and closes the connection.",
    expect: "The status counts.",
    readBody: false,
    run: (call) => raw(call, "HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", true),
  },
  {
    path: "/keep-alive/close",
    group: "keep-alive",
    does: "Responds with 200 and keep-alive, then closes the connection silently.",
    expect: "Success each time: a request that was not yet written uses a new connection.",
    run: (call) => {
      respond(call, 200, "ok");
      setTimeout(() => call.socket.end(), 5);
    },
  },
  {
    path: "/keep-alive/random",
    group: "keep-alive",
    does: "Responds with 200 and keep-alive, then closes or resets the connection in half of all cases.",
    expect: "No success is lost; a reset on a reused socket is reported as a reset.",
    run: (call) => {
      respond(call, 200, "ok");
      if (call.random() < 0.25) setTimeout(() => call.socket.end(), 1);
      else if (call.random() < 0.34) setTimeout(() => call.socket.resetAndDestroy(), 1);
    },
  },
  {
    path: "/keep-alive/second",
    group: "keep-alive",
    does: "Responds to the first request of a connection and hangs on the second.",
    expect: "A timeout, then a new connection.",
    run: (call) => {
      const seen = (call.socket as { labSeen?: boolean }).labSeen === true;
      (call.socket as { labSeen?: boolean }).labSeen = true;
      if (seen) hang(call);
      else respond(call, 200, "first\n");
    },
  },
];
