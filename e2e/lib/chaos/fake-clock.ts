/** A process clock that libfaketime sets while the process runs. Elapsed time, which timers use, is not affected. */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPackage } from "@posthorn/testkit";

export interface FakeClock extends Disposable {
  /** The environment for a process that uses this clock. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets the clock to this many milliseconds after the right time, or before it. The process sees it within a second. */
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

/** `null` if libfaketime is missing and cannot be installed; reported once on standard output. */
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
    // A file that is read while it is written would be empty.
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
