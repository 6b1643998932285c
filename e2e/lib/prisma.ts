/**
 * A Prisma client without `prisma generate`, which downloads a binary: the code that the generator would write for a schema without
 * models. Engine, driver and transactions are Prisma's own.
 */
import { requireOracle } from "@posthorn/testkit/oracles";

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
  const { getPrismaClient } = requireOracle<Runtime>("@prisma/client/runtime/client");
  const { version } = requireOracle<{ version: string }>("@prisma/client/package.json");
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
        Promise.resolve(requireOracle<object>("@prisma/client/runtime/query_compiler_fast_bg.postgresql.js")),
      getQueryCompilerWasmModule: async () => {
        const { wasm } = requireOracle<{ wasm: string }>(
          "@prisma/client/runtime/query_compiler_fast_bg.postgresql.wasm-base64.js",
        );
        return WebAssembly.compile(Buffer.from(wasm, "base64"));
      },
    },
  });
  const { PrismaPg } = requireOracle<{ PrismaPg: new (options: object) => object }>("@prisma/adapter-pg");
  return new Client({ adapter: new PrismaPg({ connectionString }) });
}
