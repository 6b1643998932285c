/**
 * Resets the WebAssembly memory of a sandbox after each run, so that every run starts from the same bytes.
 *
 * That costs one copy of less than a megabyte. Freeing an engine and creating another costs about ten times as much, and leaves the bytes of
 * the earlier run in freed memory.
 */
import type { QuickJSContext, QuickJSWASMModule } from "quickjs-emscripten-core";

const PAGE_BYTES = 4096;
const ZERO_PAGE = Buffer.alloc(PAGE_BYTES);
/** Size of the two allocations that reveal where the allocator keeps the end of its heap. */
const PROBE_BYTES = 1024 * 1024;
/** The engine's static data is smaller than this. */
const MAX_DATA_BYTES = 1024 * 1024;

/** The pages of the memory that differ from its initial state. */
export interface MemoryChanges {
  readonly parts: readonly MemoryPart[];
  readonly bytes: number;
}

interface MemoryPart {
  readonly at: number;
  readonly bytes: Buffer;
}

export class EngineMemory {
  readonly #memory: WebAssembly.Memory;
  /** Address of the word in which the allocator keeps the end of the heap. Everything beyond that end is zero. */
  readonly #endAt: number;
  /** The initial state: everything up to the end of the heap, except the part of the stack that no run reaches. */
  #initial: readonly MemoryPart[] = [];
  #end = 0;

  /** @param module Must not have a runtime yet. */
  constructor(module: QuickJSWASMModule, memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#endAt = endOfHeapAddress(module, memory);
  }

  /** Makes the current state the one that `reset` restores. `stackBytes`: the part of the stack that runs can reach. */
  keepInitial(stackBytes: number): void {
    const all = this.#bytes();
    this.#end = this.#heapEnd(all);
    const stack = longestZeros(all, this.#end);
    const reachable = Math.max(stack.start, stack.end - stackBytes);
    this.#initial = [copyOf(all, 0, stack.start), copyOf(all, reachable, this.#end)];
  }

  /** Restores the initial state. */
  reset(): void {
    const all = this.#bytes();
    const used = this.#heapEnd(all);
    for (const { at, bytes } of this.#initial) all.set(bytes, at);
    if (used > this.#end) all.fill(0, this.#end, used);
  }

  /** Copies what differs from the initial state. */
  changes(): MemoryChanges {
    const all = this.#bytes();
    const parts = this.#initial.flatMap((part) => changedParts(all, part));
    for (let at = this.#end; at < this.#heapEnd(all); at += PAGE_BYTES) {
      if (!isZero(all, at)) parts.push(copyOf(all, at, at + PAGE_BYTES));
    }
    return { parts, bytes: parts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0) };
  }

  /** Restores changes. The memory must be in its initial state, and the changes come from it. */
  apply({ parts }: MemoryChanges): void {
    const all = this.#bytes();
    for (const { at, bytes } of parts) all.set(bytes, at);
  }

  #heapEnd(all: Buffer): number {
    return Math.min(all.readUInt32LE(this.#endAt), all.byteLength);
  }

  /** The memory has a new buffer each time it grows. */
  #bytes(): Buffer {
    return Buffer.from(this.#memory.buffer);
  }
}

function copyOf(all: Buffer, start: number, end: number): MemoryPart {
  return { at: start, bytes: Buffer.from(all.subarray(start, end)) };
}

function changedParts(all: Buffer, { at, bytes }: MemoryPart): MemoryPart[] {
  const parts: MemoryPart[] = [];
  for (let start = 0; start < bytes.byteLength; start += PAGE_BYTES) {
    const end = Math.min(start + PAGE_BYTES, bytes.byteLength);
    const isSame = all.compare(bytes, start, end, at + start, at + end) === 0;
    if (!isSame) parts.push(copyOf(all, at + start, at + end));
  }
  return parts;
}

function isZero(all: Buffer, at: number): boolean {
  return all.compare(ZERO_PAGE, 0, PAGE_BYTES, at, at + PAGE_BYTES) === 0;
}

/** The unused part of the stack, which is several times as large as data and heap together. */
function longestZeros(all: Buffer, end: number): { start: number; end: number } {
  let longest = { start: end, end };
  let start = 0;
  for (let at = 0; at + PAGE_BYTES <= end; at += PAGE_BYTES) {
    if (!isZero(all, at)) start = at + PAGE_BYTES;
    else if (at + PAGE_BYTES - start > longest.end - longest.start) longest = { start, end: at + PAGE_BYTES };
  }
  return longest;
}

/** Finds the word by what changes when memory is allocated, and undoes the allocations. */
function endOfHeapAddress(module: QuickJSWASMModule, memory: WebAssembly.Memory): number {
  const before = Buffer.from(memory.buffer.slice(0));
  const context = module.newContext();
  const [none, one, two] = [0, PROBE_BYTES, PROBE_BYTES].map((bytes) => {
    if (bytes > 0) allocate(context, bytes);
    return new Uint32Array(memory.buffer.slice(0, MAX_DATA_BYTES));
  }) as [Uint32Array, Uint32Array, Uint32Array];
  context.dispose();
  const all = Buffer.from(memory.buffer);
  let found = -1;
  for (let index = 0; index < none.length; index++) {
    const isGrowing = one[index]! - none[index]! >= PROBE_BYTES && two[index]! - one[index]! >= PROBE_BYTES;
    // Words that count the allocated bytes grow in the same way, but are smaller than an address.
    if (isGrowing && two[index]! <= before.byteLength && (found === -1 || two[index]! > two[found]!)) found = index;
  }
  if (found === -1) throw new Error("the end of the heap of the sandbox was not found");
  for (const { at, bytes } of changedParts(before, { at: 0, bytes: all.subarray(0, two[found]) })) all.set(bytes, at);
  return found * Uint32Array.BYTES_PER_ELEMENT;
}

/** Allocates memory that stays in use. */
function allocate(context: QuickJSContext, bytes: number): void {
  context.unwrapResult(context.evalCode(`(globalThis.kept ??= []).push(new ArrayBuffer(${bytes}))`)).dispose();
}
