import type { AnyKind } from "../../src/destinations/kind.ts";
import { DESTINATION_KINDS } from "../../src/destinations/kinds.ts";

/** Adds a destination kind to the registry until it is disposed. */
export function registerKind(name: string, kind: AnyKind): Disposable {
  const registry = DESTINATION_KINDS as Record<string, AnyKind>;
  if (Object.hasOwn(registry, name)) throw new Error(`there is a kind ${name} already`);
  registry[name] = kind;
  return { [Symbol.dispose]: () => void delete registry[name] };
}
