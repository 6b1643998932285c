import { describe, expect, it } from "vitest";
import { changedFields } from "./changes.ts";
import { type AuditEntry, type HashedAuditEntry, hashOfEntry, hex, NO_HASH } from "./entry.ts";
import { AuditSigner, type SignedAuditHead } from "./signer.ts";
import { ChainVerifier } from "./verify.ts";

const signer = new AuditSigner(Buffer.alloc(32, 7));
const ORGANISATION = "org_00000000000000000000000test";

function entryAfter(previous: HashedAuditEntry | null, fields: Partial<AuditEntry> = {}): HashedAuditEntry {
  const sequence = (previous?.sequence ?? 0) + 1;
  const entry: AuditEntry = {
    version: 1,
    organisation: ORGANISATION,
    sequence,
    timestamp: "2026-11-28T06:00:00.000Z",
    type: "change",
    action: "v1.endpoint.patch",
    actor: { kind: "key", id: "key_1", name: "CI" },
    target: { kind: "endpoint", id: "ep_1", name: null },
    application: "app_1",
    detail: { fields: ["disabled"], changes: [{ field: "disabled", from: false, to: true }] },
    ip: "203.0.113.7",
    userAgent: "curl/8",
    previousHash: previous?.hash ?? hex(NO_HASH),
    ...fields,
  };
  return { ...entry, hash: hashOfEntry(entry).toString("hex") };
}

function chainOf(length: number): HashedAuditEntry[] {
  const chain: HashedAuditEntry[] = [];
  for (let index = 0; index < length; index++) chain.push(entryAfter(chain.at(-1) ?? null));
  return chain;
}

function headOf({ sequence, hash }: HashedAuditEntry): SignedAuditHead {
  const head = { organisation: ORGANISATION, sequence, hash, prunedSequence: 0, prunedHash: hex(NO_HASH) };
  return { ...head, keyId: signer.keyId, signature: signer.sign(head).toString("base64") };
}

function problemsOf(chain: readonly HashedAuditEntry[], head: SignedAuditHead | null): readonly string[] {
  const verifier = new ChainVerifier({ sequence: 0, hash: hex(NO_HASH) });
  for (const entry of chain) verifier.add(entry);
  verifier.finish(head, [signer.publicKey]);
  return verifier.problems.map(({ code }) => code);
}

describe("a chain of audit entries", () => {
  const chain = chainOf(5);
  const head = headOf(chain.at(-1)!);

  it("is intact as it was written", () => {
    expect(problemsOf(chain, head)).toEqual([]);
  });

  it("matches the hash, key and signature of the documented test vector", () => {
    expect(chain[0]!.hash).toBe("fe88f90eb9e810c77a175068099fac75fe67f3c016f4efd51cd953eff2c3ea82");
    expect(signer.publicKey).toBe("ThcqjTYQWRDXPJfivF0Yp+lyIV5RnScRoQkGIM/htsI=");
    expect(headOf(chain[0]!).signature).toBe(
      "oyKpiV4Uv7KbdbtwhNFvR9F/I7r8XAec8ca/qW+sBZDVzjRZMPniIfZqAJFuvFLb+oWZXZIm+l4TTd5j/aC7CQ==",
    );
  });

  it("is not intact if an entry was changed", () => {
    const changed = chain.with(2, { ...chain[2]!, action: "v1.endpoint.delete" });
    expect(problemsOf(changed, head)).toEqual(["entry_changed"]);
  });

  it("is not intact if an entry was changed together with its hash", () => {
    const changed = chain.with(2, entryAfter(chain[1]!, { action: "v1.endpoint.delete" }));
    expect(problemsOf(changed, head)).toEqual(["chain_broken"]);
  });

  it("is not intact if all entries were rewritten with a head of another key", () => {
    const forged = chainOf(4);
    const other = new AuditSigner(Buffer.alloc(32, 8));
    const { signature: _signature, keyId: _keyId, ...fields } = headOf(forged.at(-1)!);
    const forgedHead = { ...fields, keyId: other.keyId, signature: other.sign(fields).toString("base64") };
    expect(problemsOf(forged, forgedHead)).toEqual(["signature_invalid"]);
  });

  it("is not intact if an entry was removed", () => {
    expect(problemsOf(chain.toSpliced(2, 1), head)).toEqual(["entry_missing"]);
  });

  it("is not intact if an entry was inserted", () => {
    const [first, second] = chain;
    expect(problemsOf([first!, second!, entryAfter(first!), ...chain.slice(2)], head)).toContain("entry_inserted");
  });

  it("is not intact if an entry was added at the end", () => {
    expect(problemsOf([...chain, entryAfter(chain.at(-1)!)], head)).toEqual(["entry_inserted"]);
  });

  it("is not intact if two entries were exchanged", () => {
    const [a, b, c, d, e] = chain;
    expect(problemsOf([a!, c!, b!, d!, e!], head).length).toBeGreaterThan(0);
    const renumbered = [a!, { ...c!, sequence: 2 }, { ...b!, sequence: 3 }, d!, e!];
    expect(problemsOf(renumbered, head)).toContain("entry_changed");
  });

  it("is not intact if its end was removed, or its head", () => {
    expect(problemsOf(chain.slice(0, 3), head)).toEqual(["end_missing"]);
    expect(problemsOf([], head)).toEqual(["end_missing"]);
    expect(problemsOf(chain, null)).toEqual(["head_missing"]);
  });

  it("is not intact if its head was replaced by that of a shorter chain without a new signature", () => {
    const moved = { ...head, sequence: 3, hash: chain[2]!.hash };
    expect(problemsOf(chain.slice(0, 3), moved)).toEqual(["signature_invalid"]);
  });
});

describe("the changed fields of an entry", () => {
  it("have values only if these are harmless, and of a URL only its origin", () => {
    const before = {
      name: "Old",
      url: "https://a.example/hook/s3cret",
      headers: { a: "b" },
      metadata: { m: "1" },
      updatedAt: 1,
    };
    const after = {
      name: "New",
      url: "https://b.example/hook/s3cret",
      headers: { a: "c" },
      metadata: { m: "2" },
      updatedAt: 2,
    };
    expect(changedFields(before, after)).toEqual([
      { field: "headers" },
      { field: "metadata" },
      { field: "name", from: "Old", to: "New" },
      { field: "url", from: "https://a.example", to: "https://b.example" },
    ]);
  });
});
