import { WebSocket } from "ws";
import { RELAY_PROTOCOL } from "../../relay/frames.ts";
import { messageText } from "../../relay/message-text.ts";
import { ApiError } from "../client.ts";
import type { Transport, TransportEnd, TransportOptions } from "./transport.ts";

const HANDSHAKE_MS = 15_000;
const LOST = "The connection was lost. Deliveries wait until it is back.";

/** Connects a listener over a WebSocket. */
export function openSocket(options: TransportOptions): Transport {
  const { connection, ticket, window, onFrame, onSign, onEnd } = options;
  const url = new URL(`/api/v1/relay/socket?ticket=${ticket}`, connection.url);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const headers = { authorization: `Bearer ${connection.token}` };
  const socket = new WebSocket(url, RELAY_PROTOCOL, { headers, handshakeTimeout: HANDSHAKE_MS });
  let hasFrame = false;
  const send: Transport["send"] = (frame) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  };
  socket.on("open", () => send({ type: "start", window }));
  socket.on("message", (data) => {
    hasFrame = true;
    onFrame(messageText(data));
  });
  socket.on("ping", onSign);
  socket.on("error", (error) => onEnd(endOf(error, hasFrame)));
  // Some proxies accept a WebSocket, but pass nothing on.
  socket.on("close", () => onEnd(hasFrame ? { kind: "lost", message: LOST } : blocked("it was closed at once")));
  socket.on("unexpected-response", (_request, response) => {
    let text = "";
    response.on("data", (chunk) => (text += String(chunk)));
    response.on("end", () => onEnd(refusalOf(response.statusCode ?? 0, text)));
  });
  return {
    kind: "websocket",
    send,
    close: () => Promise.resolve(socket.close(1000)),
    terminate: () => socket.terminate(),
  };
}

function endOf(error: NodeJS.ErrnoException, hasFrame: boolean): TransportEnd {
  const isRefused = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"].includes(
    error.code ?? "",
  );
  if (hasFrame || isRefused) return { kind: "lost", message: `The connection failed: ${error.message}` };
  return blocked(error.message);
}

const blocked = (reason: string): TransportEnd => ({ kind: "blocked", message: reason });

/** Responses of Posthorn have a code. All others come from something in between, and so does a request without its `Upgrade` header. */
function refusalOf(status: number, text: string): TransportEnd {
  if (!isFromPosthorn(text) || status === 400) return blocked(`the response was ${status}`);
  const kind = [403, 404, 409].includes(status) ? "refused" : "lost";
  return { kind, message: ApiError.messageOf(text, status) };
}

function isFromPosthorn(text: string): boolean {
  try {
    const { code } = Object(JSON.parse(text)) as { readonly code?: unknown };
    return typeof code === "string";
  } catch {
    return false;
  }
}
