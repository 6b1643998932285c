/** Errors that the server finds in the rule of a watch, by their location in the rule. */

export interface RuleFault {
  /** Names and indexes from the rule to the error, such as `["when", "above"]`. */
  readonly path: readonly string[];
  readonly message: string;
}

/**
 * Errors in the rule, taken from the errors of a request whose body has the member `rule`. The schema writes indexes as `[0]`, the compiler
 * as `0`.
 */
export function ruleFaults(faults: readonly { readonly loc: readonly string[]; readonly msg: string }[]): RuleFault[] {
  return faults.flatMap(({ loc, msg }) =>
    loc[0] === "body" && loc[1] === "rule"
      ? [{ path: loc.slice(2).map((name) => name.replace(/^\[(\d+)\]$/, "$1")), message: msg }]
      : [],
  );
}

/** Errors at a location in the rule or below it. */
export function faultsUnder(faults: readonly RuleFault[], path: readonly string[]): readonly RuleFault[] {
  return faults.filter((fault) => path.every((name, index) => fault.path[index] === name));
}

/** Messages of the errors at exactly this location. */
export function faultsAt(faults: readonly RuleFault[], path: readonly string[]): readonly string[] {
  return faultsUnder(faults, path)
    .filter((fault) => fault.path.length === path.length)
    .map(({ message }) => message);
}

export function messagesUnder(faults: readonly RuleFault[], path: readonly string[]): readonly string[] {
  return faultsUnder(faults, path).map(({ message }) => message);
}
