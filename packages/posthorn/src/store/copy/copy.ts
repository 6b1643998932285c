/** Copies a database to an empty one of either kind, and verifies that the copy is complete. */
import { copyUnfinished, schemaTooNew, StoreError } from "../errors.ts";
import { SCHEMA_VERSION } from "../migrations/list.ts";
import { SEALED_COLUMNS, type SealedColumn, type SealedColumnName, contextOf } from "../sealed-columns.ts";
import type { CopySide, CopyTarget, Position, TableShape } from "./side.ts";
import { TABLES } from "./tables.ts";
import { Digest, pickFields } from "./tuple.ts";

export interface CopySides {
  readonly source: CopySide;
  readonly target: CopyTarget;
}

export interface PlannedTable {
  readonly shape: TableShape;
  readonly rows: number;
}

export interface CopyPlan {
  readonly tables: readonly PlannedTable[];
  /** An earlier run began the copy, and this one continues it. */
  readonly resumed: boolean;
}

export interface CopyProgress {
  readonly step: "copy" | "check";
  readonly table: string;
  /** Rows of all tables, including those copied by earlier runs. */
  readonly rows: number;
  /** Bytes of all tables, since this run began. */
  readonly bytes: number;
}

/** Content of a table that is the same on both sides. */
export interface CheckedTable {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly digest: string;
}

/** Whether the server's keys can decrypt a value in its context. */
export type CanOpen = (sealed: Uint8Array, context: string) => boolean;

/**
 * Checks whether the copy is possible, and lists what will be copied. Changes nothing.
 *
 * @param canOpen `null`: there is no key.
 */
export async function planCopy({ source, target }: CopySides, canOpen: CanOpen | null): Promise<CopyPlan> {
  await checkSource(source);
  const resumed = await checkTarget(source, target);
  const shapes = await source.shapes();
  const tables: PlannedTable[] = [];
  for (const name of TABLES) {
    const shape = shapes.get(name)!;
    await checkSecrets(source, shape, canOpen);
    tables.push({ shape, rows: await source.count(name) });
  }
  return { tables, resumed };
}

/**
 * Copies the planned tables and compares both sides row by row. It can be stopped at any time and continues from there in the next run.
 * Until the copy is complete, the target is marked as unfinished and no server starts on it. Throws `copy_refused` if the sides differ at
 * the end.
 */
export async function runCopy(
  { source, target }: CopySides,
  { tables, resumed }: CopyPlan,
  onProgress: (progress: CopyProgress) => void,
): Promise<readonly CheckedTable[]> {
  if (!resumed) await target.begin(source.name, await source.keys());
  const positions = await target.positions();
  let rows = 0;
  let bytes = 0;
  for (const { shape } of tables) {
    const { name } = shape;
    const position = positions.get(name) ?? null;
    rows += position?.rows ?? 0;
    await copyTable({ source, target }, shape, position, (tuples) => {
      rows += tuples.length;
      for (const tuple of tuples) bytes += tuple.length;
      onProgress({ step: "copy", table: name, rows, bytes });
    });
  }
  await copyCounters({ source, target }, tables);
  await target.derive();
  const checked = await compare({ source, target }, tables, onProgress);
  await target.finish();
  return checked;
}

async function checkSource(source: CopySide): Promise<void> {
  const version = await source.version();
  if (version === 0) throw new StoreError("copy_refused", `${source.name} contains no data of Posthorn.`);
  if (version > SCHEMA_VERSION) throw schemaTooNew(version, SCHEMA_VERSION);
  if (version < SCHEMA_VERSION) {
    throw new StoreError(
      "copy_refused",
      `${source.name} was written by an older Posthorn (schema ${version}, this version has ${SCHEMA_VERSION}): start this version on it once, stop it, then copy.`,
    );
  }
  await source.checkMigrations();
  if ((await source.begunFrom()) !== null) throw copyUnfinished();
}

/** Returns whether the target has an unfinished copy of this source. */
async function checkTarget(source: CopySide, target: CopyTarget): Promise<boolean> {
  const version = await target.version();
  if (version > SCHEMA_VERSION) throw schemaTooNew(version, SCHEMA_VERSION);
  const begunFrom = await target.begunFrom();
  if (begunFrom === null) {
    if (version > 0) await checkEmpty(target);
    return false;
  }
  if (begunFrom === source.name && version === SCHEMA_VERSION) {
    await target.checkMigrations();
    return true;
  }
  const reason = begunFrom === source.name ? "begun by another version of Posthorn" : `from ${begunFrom}`;
  throw new StoreError("copy_refused", `${target.name} contains an incomplete copy ${reason}: ${howToEmpty(target)}.`);
}

async function checkEmpty(target: CopyTarget): Promise<void> {
  for (const name of (await target.shapes()).keys()) {
    if (!TABLES.includes(name) || (await target.count(name)) === 0) continue;
    throw new StoreError(
      "copy_refused",
      `${target.name} is not empty, its table ${name} has rows: copy to another database, or ${howToEmpty(target)}.`,
    );
  }
}

function howToEmpty({ database }: CopySide): string {
  return database === "sqlite"
    ? "delete the file and its `-wal` and `-shm` files, and copy again"
    : "run DROP SCHEMA posthorn CASCADE in it, and copy again";
}

/** Checks that encrypted values can be decrypted, by one value per column. */
async function checkSecrets(source: CopySide, { name }: TableShape, canOpen: CanOpen | null): Promise<void> {
  for (const [place, column] of Object.entries(SEALED_COLUMNS) as [SealedColumnName, SealedColumn][]) {
    if (column.table !== name || column.form !== "bytes") continue;
    const found = await source.sample(name, column.column, column.row);
    if (found === null || canOpen?.(found.sealed, contextOf(place, [found.row])) === true) continue;
    const reason =
      canOpen === null
        ? "there is no key for them here: give POSTHORN_ENCRYPTION_KEY, or the data folder that has it (POSTHORN_DATA_DIR)"
        : "POSTHORN_ENCRYPTION_KEY, or the key in the data folder, is not the one that they were encrypted with";
    throw new StoreError("copy_refused", `${source.name} contains encrypted secrets (${name}), and ${reason}.`);
  }
}

async function copyTable(
  { source, target }: CopySides,
  shape: TableShape,
  position: Position | null,
  onBatch: (tuples: readonly Buffer[]) => void,
): Promise<void> {
  const places = shape.key.map((key) => shape.columns.findIndex(({ name }) => name === key));
  let rows = position?.rows ?? 0;
  for await (const tuples of source.read(shape, position?.key ?? null)) {
    rows += tuples.length;
    await target.write(shape, tuples, { key: pickFields(tuples.at(-1)!, places), rows });
    onBatch(tuples);
  }
}

/** Copies the counters, so that the ID of a deleted row is not used again. */
async function copyCounters({ source, target }: CopySides, tables: readonly PlannedTable[]): Promise<void> {
  const shapes = await target.shapes();
  for (const { shape } of tables) {
    for (const column of shapes.get(shape.name)!.counters) {
      await target.setCounter(shape.name, column, await source.counter(shape.name, column));
    }
  }
}

async function compare(
  { source, target }: CopySides,
  tables: readonly PlannedTable[],
  onProgress: (progress: CopyProgress) => void,
): Promise<readonly CheckedTable[]> {
  const checked: CheckedTable[] = [];
  const differing: string[] = [];
  const progress = { rows: 0, bytes: 0 };
  for (const { shape } of tables) {
    const { name } = shape;
    const [here, there] = await Promise.all([
      digestOf(source, shape, (digest) =>
        onProgress({
          step: "check",
          table: name,
          rows: progress.rows + digest.rows,
          bytes: progress.bytes + digest.bytes,
        }),
      ),
      digestOf(target, shape),
    ]);
    progress.rows += here.rows;
    progress.bytes += here.bytes;
    checked.push({ name, rows: here.rows, bytes: here.bytes, digest: here.text });
    if (here.rows !== there.rows || here.text !== there.text) {
      differing.push(`${name} (${here.rows} rows in the source, ${there.rows} in the copy)`);
    }
  }
  if (differing.length === 0) return checked;
  throw new StoreError(
    "copy_refused",
    `The copy differs from ${source.name} in ${differing.join(", ")}: another program wrote to one of them during the copy. It cannot be used: ${howToEmpty(target)}.`,
  );
}

/** Counts the rows of a table on one side and computes their digest: see {@link Digest}. */
export async function digestOf(
  side: CopySide,
  shape: TableShape,
  onBatch: (digest: Digest) => void = () => undefined,
): Promise<Digest> {
  const digest = new Digest();
  for await (const tuples of side.read(shape, null)) {
    for (const tuple of tuples) digest.add(tuple);
    onBatch(digest);
  }
  return digest;
}
