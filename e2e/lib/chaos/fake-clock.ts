/** A clock of a process that is set while it runs, by libfaketime. Time that passes, by which timers ring, stays as it is. */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPackage } from "@posthorn/testkit";

export interface FakeClock extends Disposable {
  /** What a process is started with whose clock this is. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets it to so many milliseconds after the right time, or before it. The process sees that within a second. */
  set(skewMs: number): void;
}

const LIBRARIES = "/usr/lib";
const LIBRARY = "faketime/libfaketimeMT.so.1";

function findLibrary(): string | null {
  if (!existsSync(LIBRARIES)) return null;
  const found = readdirSync(LIBRARIES).map((folder) => join(LIBRARIES, folder, LIBRARY));
  return found.find((path) => existsSync(path)) ?? null;
}

let library: string | null | undefined;

/** `null` where libfaketime is missing and cannot be installed; said once on standard output. */
export function openFakeClock(): FakeClock | null {
  if (library === undefined) {
    library = findLibrary();
    if (library === null) {
      try {
        installPackage("faketime");
      } catch (error) {
        process.stdout.write(`chaos: ${String(error)}\n`);
      }
      library = findLibrary();
    }
    if (library === null)
      process.stdout.write("chaos: NO CLOCK STEPS, since libfaketime is missing: apt-get install faketime\n");
  }
  if (library === null) return null;
  const folder = mkdtempSync(join(tmpdir(), "posthorn-clock-"));
  const file = join(folder, "offset");
  const set = (skewMs: number): void => {
    const seconds = skewMs / 1000;
    // Read while it is written it would be empty.
    writeFileSync(`${file}.new`, `${seconds < 0 ? "" : "+"}${seconds.toFixed(3)}\n`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    },
    set,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
