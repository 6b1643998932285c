/**
 * A Prisma client without `prisma generate`, which downloads a binary: the code that the generator would write for a schema without
 * models. Engine, driver and transactions are Prisma's own.
 */
import { createRequire } from "node:module";
import { PrismaPg } from "@prisma/adapter-pg";

const require = createRequire(import.meta.url);

/** The part of a client that publishing uses. */
export interface PrismaLike {
  $transaction<T>(work: (tx: PrismaLike) => Promise<T>): Promise<T>;
  $queryRawUnsafe(query: string, ...values: unknown[]): Promise<unknown>;
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
  $disconnect(): Promise<void>;
}

interface Runtime {
  getPrismaClient(config: object): new (options: object) => PrismaLike;
}

/** Data model of a schema without models: four counts, all 0. */
const EMPTY_GRAPH = Buffer.alloc(4).toString("base64");

export function openPrisma(connectionString: string): PrismaLike {
  const { getPrismaClient } = require("@prisma/client/runtime/client") as Runtime;
  const { version } = require("@prisma/client/package.json") as { version: string };
  const Client = getPrismaClient({
    clientVersion: version,
    engineVersion: version,
    activeProvider: "postgresql",
    previewFeatures: [],
    inlineSchema: 'datasource db {\n  provider = "postgresql"\n}\n',
    runtimeDataModel: { models: {}, enums: {}, types: {} },
    parameterizationSchema: { strings: [], graph: EMPTY_GRAPH },
    compilerWasm: {
      importName: "./query_compiler_fast_bg.js",
      getRuntime: () =>
        Promise.resolve(require("@prisma/client/runtime/query_compiler_fast_bg.postgresql.js") as object),
      getQueryCompilerWasmModule: async () => {
        const { wasm } = require("@prisma/client/runtime/query_compiler_fast_bg.postgresql.wasm-base64.js") as {
          wasm: string;
        };
        return WebAssembly.compile(Buffer.from(wasm, "base64"));
      },
    },
  });
  return new Client({ adapter: new PrismaPg({ connectionString }) });
}
