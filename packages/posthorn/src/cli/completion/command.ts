import { Argument, type Command } from "commander";
import { withExamples, withoutJson } from "../help.ts";
import { print } from "../output.ts";
import { completionScript, SHELLS, type Shell } from "./scripts.ts";

/** `posthorn completion`: prints a script with which a shell completes commands and options. */
export function addCompletionCommand(program: Command, whole: () => Promise<Command>): void {
  const command = program
    .command("completion")
    .description("print the completion script of a shell")
    .addArgument(new Argument("<shell>").choices(SHELLS));
  withExamples(
    command,
    ["posthorn completion bash > /etc/bash_completion.d/posthorn", "completes in new sessions of Bash"],
    ['posthorn completion zsh > "${fpath[1]}/_posthorn"', "completes in new sessions of Zsh"],
    ["posthorn completion fish > ~/.config/fish/completions/posthorn.fish", "completes in fish"],
  );
  withoutJson(command, "It prints a script.");
  command.action(async (shell: Shell) => print(completionScript(shell, await whole())));
}
