/** A place in a {@link Chain}. Whoever pushed keeps it, to leave again. */
export interface Link<T> {
  value: T | null;
  previous: Link<T> | null;
  next: Link<T> | null;
}

/**
 * A queue that can be left from anywhere in constant time.
 *
 * Not a `Set`, for the sake of the garbage collector: the table a `Set` outgrows keeps a pointer to the one after it,
 * and what it held. One such table in old space keeps all that follow alive until a full collection, with every
 * request they ever held: measured here at half again the CPU of a request. A link that left holds nothing.
 */
export class Chain<T> {
  #first: Link<T> | null = null;
  #last: Link<T> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The value that came first. */
  get first(): T | undefined {
    return this.#first?.value ?? undefined;
  }

  push(value: T): Link<T> {
    const link: Link<T> = { value, previous: this.#last, next: null };
    if (this.#last === null) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#size++;
    return link;
  }

  /** Takes a link out. Returns false when it was out already. */
  remove(link: Link<T>): boolean {
    if (link.value === null) return false;
    if (link.previous === null) this.#first = link.next;
    else link.previous.next = link.next;
    if (link.next === null) this.#last = link.previous;
    else link.next.previous = link.previous;
    link.value = link.previous = link.next = null;
    this.#size--;
    return true;
  }

  /** Takes the value out that came first. */
  shift(): T | undefined {
    const link = this.#first;
    if (link === null) return undefined;
    const { value } = link;
    this.remove(link);
    return value ?? undefined;
  }

  /** The values as they are now: the chain may change meanwhile. */
  values(): T[] {
    const out: T[] = [];
    for (let link = this.#first; link !== null; link = link.next) if (link.value !== null) out.push(link.value);
    return out;
  }
}
