/** Output of the scripts that `npm test` runs in parallel, printed script by script. */

/** Output of one script, which is printed in its turn. */
class ScriptOutput implements Disposable {
  readonly #turns: OutputTurns;
  #waiting = "";
  #printing = false;
  ended = false;

  constructor(turns: OutputTurns) {
    this.#turns = turns;
  }

  write(text: string): void {
    if (this.#printing) process.stdout.write(text);
    else this.#waiting += text;
  }

  /** Prints the output so far, and further output immediately. */
  print(): void {
    this.#printing = true;
    process.stdout.write(this.#waiting);
    this.#waiting = "";
  }

  [Symbol.dispose](): void {
    this.ended = true;
    this.#turns.advance();
  }
}

/** Prints the output of one running script immediately, and the output of the others one after the other. */
export class OutputTurns {
  readonly #scripts: ScriptOutput[] = [];

  next(): ScriptOutput {
    const script = new ScriptOutput(this);
    this.#scripts.push(script);
    if (this.#scripts.length === 1) script.print();
    return script;
  }

  /** Prints all scripts that have finished, and then the first one that is still running. */
  advance(): void {
    while (this.#scripts.length > 0 && this.#scripts[0]!.ended) {
      this.#scripts.shift();
      this.#scripts[0]?.print();
    }
  }
}
