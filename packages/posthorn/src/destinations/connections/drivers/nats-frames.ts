/**
 * Frames of the NATS protocol that publish a message with headers
 * (https://docs.nats.io/reference/reference-protocols/nats-protocol#hpub). The client creates four buffers for each message, and for each
 * header it copies the list of names, twice, and converts the name to another form.
 */
import type { KindMessage } from "../../kind.ts";
import { isSignatureName } from "../message-cells.ts";

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/**
 * The frame that publishes a message, or `null` if the client must encode it: headers of the endpoint may repeat names in another case, or have
 * names and values that the client refuses, and so does a message that is larger than the server accepts.
 *
 * @param reply Subject of the acknowledgement.
 * @param maxBytes Largest size of headers and body together.
 */
export function publishFrame(message: KindMessage, subject: string, reply: string, maxBytes: number): Buffer | null {
  const { id, eventType, contentType, attributes, body } = message;
  if (!attributes.every(([name]) => isSignatureName(name)) || !isOneLine(eventType) || !isOneLine(contentType))
    return null;
  let headers = `NATS/1.0\r\nContent-Type: ${contentType.trim()}\r\nevent-type: ${eventType.trim()}\r\n`;
  for (const [name, value] of attributes) headers += `${name}: ${value}\r\n`;
  headers += `Nats-Msg-Id: ${id}\r\n\r\n`;
  const headerBytes = Buffer.byteLength(headers);
  const bytes = headerBytes + body.byteLength;
  if (bytes > maxBytes) return null;
  const text = `HPUB ${subject} ${reply} ${headerBytes} ${bytes}\r\n${headers}`;
  const bodyAt = Buffer.byteLength(text);
  const end = bodyAt + body.byteLength;
  const frame = Buffer.allocUnsafe(end + 2);
  frame.write(text);
  frame.set(body, bodyAt);
  frame[end] = CARRIAGE_RETURN;
  frame[end + 1] = LINE_FEED;
  return frame;
}

function isOneLine(text: string): boolean {
  return !text.includes("\n") && !text.includes("\r");
}
