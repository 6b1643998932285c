import { LinkedList } from "./linked-list.ts";
import type { ListNode } from "./linked-list.ts";

/** Something that a signal ends. */
export interface Cancelable {
  onCancel(): void;
}

/** Place of an entry, for its removal. */
export interface CancelEntry {
  readonly group: SignalGroup;
  readonly node: ListNode<Cancelable>;
}

interface SignalGroup {
  readonly signal: AbortSignal;
  readonly members: LinkedList<Cancelable>;
  readonly onAbort: () => void;
}

/** Requests by their `AbortSignal`, with one listener for each signal: many requests share one signal. */
export class Cancellations {
  readonly #groups = new Map<AbortSignal, SignalGroup>();

  add(signal: AbortSignal, one: Cancelable): CancelEntry {
    let group = this.#groups.get(signal);
    if (group === undefined) {
      const members = new LinkedList<Cancelable>();
      group = { signal, members, onAbort: () => members.values().forEach((member) => member.onCancel()) };
      this.#groups.set(signal, group);
      signal.addEventListener("abort", group.onAbort, { once: true });
    }
    return { group, node: group.members.push(one) };
  }

  remove({ group, node }: CancelEntry): void {
    group.members.remove(node);
    if (group.members.size > 0) return;
    this.#groups.delete(group.signal);
    group.signal.removeEventListener("abort", group.onAbort);
  }
}
