/** Scripts with which shells complete the command line. They are complete in themselves: completing starts no process. */
import type { Command } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

interface Level {
  /** Words before it, such as `events ls`. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly string[];
}

export function completionScript(shell: Shell, program: Command): string {
  const levels = levelsOf(program, []);
  switch (shell) {
    case "bash":
      return bash(levels);
    case "zsh":
      // Zsh runs scripts for Bash.
      return `#compdef posthorn\nautoload -U +X bashcompinit && bashcompinit\n${bash(levels)}`;
    case "fish":
      return fish(levels);
  }
}

function levelsOf(command: Command, path: readonly string[]): readonly Level[] {
  const own: Level = {
    path: path.join(" "),
    commands: command.commands.map((one) => ({ name: one.name(), description: one.description() })),
    options: [...command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long])), "--help"],
  };
  return [own, ...command.commands.flatMap((one) => levelsOf(one, [...path, one.name()]))];
}

function bash(levels: readonly Level[]): string {
  const cases = levels.map(({ path, commands, options }) => {
    const words = [...commands.map(({ name }) => name), ...options].join(" ");
    return `    "${path}") words="${words}" ;;`;
  });
  return `_posthorn() {
  local path="" words="" word candidate
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    candidate="\${path:+$path }$word"
    case " ${levels
      .map(({ path }) => path)
      .filter((path) => path !== "")
      .map((path) => path.replaceAll(" ", "/"))
      .join(" ")} " in
      *" \${candidate// //} "*) path="$candidate" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _posthorn posthorn`;
}

function fish(levels: readonly Level[]): string {
  const lines = levels.flatMap(({ path, commands, options }) => {
    const parts = path.split(" ").filter((part) => part !== "");
    const seen = parts.map((part) => `__fish_seen_subcommand_from ${part}`).join("; and ");
    const when = parts.length === 0 ? "__fish_use_subcommand" : seen;
    return [
      ...commands.map(
        ({ name, description }) =>
          `complete -c posthorn -n '${when}' -f -a ${name} -d '${description.replaceAll("'", "\\'")}'`,
      ),
      ...options.map((option) => `complete -c posthorn -n '${when}' -l ${option.slice(2)}`),
    ];
  });
  return lines.join("\n");
}
