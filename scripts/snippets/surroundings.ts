/** Declarations that code in documents expects around it: modules of the reader, and variables of earlier snippets. */

/** For TypeScript and JavaScript. */
export const SURROUNDINGS = `declare module "next/script" {
  export default function Script(props: { readonly type: string; readonly src: string }): import("react").JSX.Element;
}

/** The types of the runtime that the package \`vue\` exports. */
declare module "vue" {
  export * from "@vue/runtime-dom";
}

declare module "*/lib/session.ts" {
  export function requireCustomer(): Promise<string>;
}

declare const app: {
  use(path: string, handler: unknown): void;
  register(plugin: unknown, options: object): Promise<void>;
  mount(path: string, fetch: unknown): void;
};
declare const createServer: typeof import("node:http").createServer;
declare const shop: import("node:http").RequestListener;
declare const databaseUrl: string;
declare const request: import("node:http").IncomingMessage;
declare const body: string;
declare const headers: Record<string, string>;
/** A token that the reader has copied. */
declare const TOKEN: string;
`;

/** For TypeScript alone, because loading these types takes seconds. */
export const TYPED_SURROUNDINGS = `declare const posthorn: import("posthorn").Posthorn;
/** A client of pg. */
declare const client: import("pg").PoolClient;
`;
