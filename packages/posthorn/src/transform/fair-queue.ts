/** Fair queue: takes tenants in turn, and within a tenant its endpoints in turn. */

export interface Turn {
  readonly tenant: number;
  readonly endpoint: number;
}

/** Turn for work that an organisation requests itself, such as an import. Negative, because its applications have positive keys. */
export function organisationTurn(orgId: number): Turn {
  return { tenant: -orgId, endpoint: -orgId };
}

export class FairQueue<Item extends Turn> {
  /** Tenants in the order of their turns, each with its endpoints in the order of theirs. Empty entries are removed. */
  readonly #tenants = new Map<number, Map<number, Item[]>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: Item): void {
    let endpoints = this.#tenants.get(item.tenant);
    if (endpoints === undefined) this.#tenants.set(item.tenant, (endpoints = new Map()));
    const items = endpoints.get(item.endpoint);
    if (items === undefined) endpoints.set(item.endpoint, [item]);
    else items.push(item);
    this.#size++;
  }

  /** The next item that `may` allows, or `undefined`. Its tenant and endpoint move to the end. */
  shift(may: (turn: Turn) => boolean = () => true): Item | undefined {
    for (const [tenant, endpoints] of this.#tenants) {
      for (const [endpoint, items] of endpoints) {
        if (!may(items[0]!)) continue;
        const item = items.shift()!;
        endpoints.delete(endpoint);
        if (items.length > 0) endpoints.set(endpoint, items);
        this.#tenants.delete(tenant);
        if (endpoints.size > 0) this.#tenants.set(tenant, endpoints);
        this.#size--;
        return item;
      }
    }
    return undefined;
  }

  /** Removes an item, if it is still queued. Returns whether it was. */
  remove(item: Item): boolean {
    const endpoints = this.#tenants.get(item.tenant);
    const items = endpoints?.get(item.endpoint);
    const place = items?.indexOf(item) ?? -1;
    if (place === -1) return false;
    items!.splice(place, 1);
    if (items!.length === 0) endpoints!.delete(item.endpoint);
    if (endpoints!.size === 0) this.#tenants.delete(item.tenant);
    this.#size--;
    return true;
  }
}
