import type { Command } from "commander";
import { type ConnectorState, connectorStates, type PackageState } from "../../destinations/connections/installed.ts";
import { print, printTable } from "../output.ts";
import { withJson } from "../help.ts";
import { CONNECTORS } from "../json.ts";

/** `posthorn connectors`: shows which destinations and sources that need a package can be used here. */
export function addConnectorsCommand(program: Command): void {
  withJson(
    program
      .command("connectors")
      .description("list the destinations and sources that need a package, and whether it is installed"),
    { kind: "own", schema: CONNECTORS },
  ).action(({ json = false }: { json?: boolean }) => {
    const states = connectorStates();
    if (json) print(JSON.stringify(states, null, 2));
    else printStates(states);
  });
}

function printStates(states: readonly ConnectorState[]): void {
  printTable([
    ["USE", "KIND", "NAME", "PACKAGE", "STATE"],
    ...states.flatMap(({ use, kind, title, packages }) =>
      packages.map((state) => [use, kind, title, state.name, stateOf(state)]),
    ),
  ]);
  const missing = states.flatMap(({ packages }) => packages).filter(({ isUsable }) => !isUsable);
  if (missing.length === 0) return;
  const commands = [...new Set(missing.map(({ name, needed }) => `${name}@${needed}`))];
  print(`\nTo install all that are missing: npm i ${commands.join(" ")}`);
}

function stateOf({ installed, needed, isUsable }: PackageState): string {
  if (installed === null) return "not installed";
  return isUsable ? installed : `${installed}, needs version ${needed}`;
}
