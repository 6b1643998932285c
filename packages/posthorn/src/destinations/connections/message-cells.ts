/**
 * Messages as one flat list of values, for the way to the connector thread: cloning a list of primitive values costs a fraction of cloning
 * objects. Bodies travel in the common buffer of a post.
 */
import type { KindMessage } from "../kind.ts";

export type Cell = string | number | null;

export function encodeMessages(messages: readonly KindMessage[]): readonly Cell[] {
  const cells: Cell[] = [];
  for (const message of messages) {
    const { id, eventType, eventId, orderingKey, channels, createdAt, contentType, isTest, attributes, body } = message;
    cells.push(id, eventType, eventId, orderingKey, createdAt, contentType, isTest ? 1 : 0, body.byteLength);
    cells.push(channels.length, ...channels, attributes.length);
    for (const [name, value] of attributes) cells.push(name, value);
  }
  return cells;
}

/** @param bodies The buffer in which the bodies are, one after the other from `bodyStart` on. */
export function decodeMessages(cells: readonly Cell[], bodies: Uint8Array, bodyStart: number): readonly KindMessage[] {
  const messages: KindMessage[] = [];
  let at = 0;
  let offset = bodyStart;
  while (at < cells.length) {
    const [id, eventType, eventId, orderingKey, createdAt, contentType, isTest, bodyLength] = cells.slice(
      at,
      at + 8,
    ) as [string, string, string | null, string | null, number, string, number, number];
    const channelCount = cells[at + 8] as number;
    const channels = cells.slice(at + 9, at + 9 + channelCount) as string[];
    at += 9 + channelCount;
    const attributeCount = cells[at++] as number;
    const attributes: (readonly [string, string])[] = [];
    for (const end = at + 2 * attributeCount; at < end; at += 2) {
      attributes.push([cells[at] as string, cells[at + 1] as string]);
    }
    const body = bodies.subarray(offset, offset + bodyLength);
    offset += bodyLength;
    const texts = { id, eventType, eventId, orderingKey, channels, createdAt, contentType };
    messages.push({ ...texts, body, attributes, isTest: isTest === 1 });
  }
  return messages;
}
