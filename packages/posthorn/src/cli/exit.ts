/** Exit codes of commands: `docs/cli/README.md` lists them. */

/** Ends a command with an exit code and a message for the user. */
export class CommandEnd extends Error {
  override readonly name = "CommandEnd";
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
