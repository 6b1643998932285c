/**
 * Messages as one flat list of values, for posting to the connector thread: cloning a list of primitive values costs a fraction of cloning
 * objects, and numbers cost less than texts. Bodies travel in the common buffer of a post.
 */
import type { KindMessage } from "../kind.ts";

export type Cell = string | number | null;

/** Messages of one link that are sent together. */
export interface Sending {
  readonly id: number;
  readonly link: number;
  readonly messages: readonly KindMessage[];
}

/** Names of attributes that are written as their index. */
const NAMES: readonly string[] = ["webhook", "svix", "x-posthorn"].flatMap((family) => [
  `${family}-id`,
  `${family}-timestamp`,
  `${family}-signature`,
]);
const INDEX: ReadonlyMap<string, number> = new Map(NAMES.map((name, index) => [name, index]));

/** Whether an attribute of this name is the ID, the time or the signature of a message. */
export function isSignatureName(name: string): boolean {
  return INDEX.has(name);
}

/** ID, time and signature are repeated under the names of each family. A value that equals the one this many places before it is `null`. */
const REPEATED_AFTER = 3;
/** Replaces the number of attributes if their names are those of the previous message. */
const SAME_NAMES = -1;
/** Replaces the value of an attribute that is the ID of the message, or the same as in the previous message. */
const OWN_ID = 0;
const SAME_VALUE = 1;
/** No facts are written: the event type and the content type are those of the previous message, and the others are empty. */
const DEFAULT_FACTS = 1;
/** Of the attributes, only the signature is written: the reader derives the others from the previous message (see `expectedValue`). */
const DERIVED_ATTRIBUTES = 2;
const ID_PLACE = 0;
const SIGNATURE_PLACE = 2;
const NO_ATTRIBUTES: KindMessage["attributes"] = [];
const NO_CHANNELS: KindMessage["channels"] = [];

export class MessageWriter {
  readonly cells: Cell[] = [];
  /** Values of the last message. The same value in the next one is `null`. */
  #eventType: string | null = null;
  #contentType: string | null = null;
  #attributes = NO_ATTRIBUTES;

  add({ id, link, messages }: Sending): void {
    this.cells.push(id, link, messages.length);
    for (const message of messages) this.#add(message);
  }

  #add(message: KindMessage): void {
    const { cells } = this;
    const { id, createdAt, attributes, body } = message;
    const before = this.#attributes;
    const areDerived = areDerivable(before, attributes, id);
    const hasDefaultFacts = this.#hasDefaultFacts(message);
    cells.push(id, (hasDefaultFacts ? DEFAULT_FACTS : 0) | (areDerived ? DERIVED_ATTRIBUTES : 0));
    cells.push(createdAt, body.byteLength);
    if (!hasDefaultFacts) this.#addFacts(message);
    if (!areDerived) return this.#addAttributes(attributes, id);
    cells.push(attributes[SIGNATURE_PLACE]![1]);
    this.#attributes = attributes;
  }

  #hasDefaultFacts({ eventType, eventId, orderingKey, contentType, channels, isTest }: KindMessage): boolean {
    return (
      eventType === this.#eventType &&
      contentType === this.#contentType &&
      eventId === null &&
      orderingKey === null &&
      channels.length === 0 &&
      !isTest
    );
  }

  #addFacts({ eventType, eventId, orderingKey, contentType, channels, isTest }: KindMessage): void {
    const { cells } = this;
    cells.push(this.#eventType === eventType ? null : eventType, eventId, orderingKey);
    cells.push(this.#contentType === contentType ? null : contentType, isTest ? 1 : 0);
    this.#eventType = eventType;
    this.#contentType = contentType;
    cells.push(channels.length);
    for (const channel of channels) cells.push(channel);
  }

  /** Most messages have the same attributes as the previous one, except for the ID and the signature. */
  #addAttributes(attributes: KindMessage["attributes"], id: string): void {
    const { cells } = this;
    const before = this.#attributes;
    this.#attributes = attributes;
    const hasSameNames = areSameNames(attributes, before);
    cells.push(hasSameNames ? SAME_NAMES : attributes.length);
    for (let index = 0; index < attributes.length; index++) {
      const [name, value] = attributes[index]!;
      if (!hasSameNames) cells.push(INDEX.get(name) ?? name);
      if (index >= REPEATED_AFTER && attributes[index - REPEATED_AFTER]![1] === value) cells.push(null);
      else if (value === id) cells.push(OWN_ID);
      else cells.push(hasSameNames && before[index]![1] === value ? SAME_VALUE : value);
    }
  }
}

/** Whether only the signature must be written for the reader to know these attributes. */
function areDerivable(before: KindMessage["attributes"], attributes: KindMessage["attributes"], id: string): boolean {
  if (attributes.length <= SIGNATURE_PLACE || !areSameNames(attributes, before)) return false;
  for (let index = 0; index < attributes.length; index++) {
    if (index !== SIGNATURE_PLACE && attributes[index]![1] !== expectedValue(index, { before, attributes, id }))
      return false;
  }
  return true;
}

/**
 * Value of an attribute in almost every message: the ID of the message, then what the previous message has there. Where that one repeats the
 * value of another attribute, so does this one.
 */
function expectedValue(
  index: number,
  {
    before,
    attributes,
    id,
  }: {
    readonly before: KindMessage["attributes"];
    /** Of the message, at least those before the index. */
    readonly attributes: KindMessage["attributes"];
    readonly id: string;
  },
): string {
  if (index === ID_PLACE) return id;
  const value = before[index]![1];
  const repeated = index - REPEATED_AFTER;
  return repeated >= 0 && before[repeated]![1] === value ? attributes[repeated]![1] : value;
}

function areSameNames(attributes: KindMessage["attributes"], others: KindMessage["attributes"]): boolean {
  if (attributes.length !== others.length) return false;
  for (let index = 0; index < attributes.length; index++) if (attributes[index]![0] !== others[index]![0]) return false;
  return true;
}

type Facts = Pick<KindMessage, "eventId" | "orderingKey" | "channels" | "isTest">;

const DEFAULTS: Facts = { eventId: null, orderingKey: null, channels: NO_CHANNELS, isTest: false };

export class MessageReader {
  readonly #cells: readonly Cell[];
  readonly #bodies: Uint8Array;
  #at = 0;
  #offset: number;
  #eventType = "";
  #contentType = "";
  #before = NO_ATTRIBUTES;

  /** @param bodies Buffer with the bodies, one after the other, starting at `bodyStart`. */
  constructor(cells: readonly Cell[], bodies: Uint8Array, bodyStart: number) {
    this.#cells = cells;
    this.#bodies = bodies;
    this.#offset = bodyStart;
  }

  /** `null` after the last. */
  next(): Sending | null {
    if (this.#at >= this.#cells.length) return null;
    const [id, link, count] = [this.#number(), this.#number(), this.#number()];
    const messages: KindMessage[] = [];
    for (let index = 0; index < count; index++) messages.push(this.#message());
    return { id, link, messages };
  }

  #message(): KindMessage {
    const id = this.#text();
    const form = this.#number();
    const createdAt = this.#number();
    const end = this.#offset + this.#number();
    const body = this.#bodies.subarray(this.#offset, end);
    this.#offset = end;
    const facts = (form & DEFAULT_FACTS) === 0 ? this.#facts() : DEFAULTS;
    const attributes = (form & DERIVED_ATTRIBUTES) === 0 ? this.#attributes(id) : this.#derivedAttributes(id);
    return {
      id,
      eventType: this.#eventType,
      eventId: facts.eventId,
      orderingKey: facts.orderingKey,
      channels: facts.channels,
      createdAt,
      contentType: this.#contentType,
      body,
      attributes,
      isTest: facts.isTest,
    };
  }

  #facts(): Facts {
    this.#eventType = (this.#cell() as string | null) ?? this.#eventType;
    const [eventId, orderingKey] = [this.#cell() as string | null, this.#cell() as string | null];
    this.#contentType = (this.#cell() as string | null) ?? this.#contentType;
    const isTest = this.#number() === 1;
    const channels: string[] = [];
    for (let left = this.#number(); left > 0; left--) channels.push(this.#text());
    return { eventId, orderingKey, channels, isTest };
  }

  #derivedAttributes(id: string): KindMessage["attributes"] {
    const before = this.#before;
    const signature = this.#text();
    const attributes: (readonly [string, string])[] = [];
    for (let index = 0; index < before.length; index++) {
      const value = index === SIGNATURE_PLACE ? signature : expectedValue(index, { before, attributes, id });
      attributes.push(before[index]![1] === value ? before[index]! : [before[index]![0], value]);
    }
    this.#before = attributes;
    return attributes;
  }

  #attributes(id: string): KindMessage["attributes"] {
    const before = this.#before;
    const count = this.#number();
    const hasSameNames = count === SAME_NAMES;
    const attributes: (readonly [string, string])[] = [];
    for (let index = 0; index < (hasSameNames ? before.length : count); index++) {
      const name = hasSameNames ? before[index]![0] : this.#name();
      const cell = this.#cell();
      if (cell === null) attributes.push([name, attributes[index - REPEATED_AFTER]![1]]);
      else if (cell === OWN_ID) attributes.push([name, id]);
      else attributes.push(cell === SAME_VALUE ? before[index]! : [name, cell as string]);
    }
    this.#before = attributes;
    return attributes;
  }

  #name(): string {
    const name = this.#cell();
    return typeof name === "number" ? NAMES[name]! : (name as string);
  }

  #cell(): Cell {
    return this.#cells[this.#at++]!;
  }

  #number(): number {
    return this.#cell() as number;
  }

  #text(): string {
    return this.#cell() as string;
  }
}
