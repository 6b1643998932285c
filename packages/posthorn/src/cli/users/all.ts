import { call } from "../client.ts";

export interface ListedUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: string | null;
  readonly applicationRoles: readonly { readonly app: string; readonly role: string }[];
  readonly disabled: boolean;
  readonly secondFactor: boolean;
  readonly lastSignInAt: string | null;
}

/** All users of the organisation. */
export async function allUsers(options: Record<string, unknown>): Promise<readonly ListedUser[]> {
  const users: ListedUser[] = [];
  for (let iterator = ""; ;) {
    const page = await call(options, "GET", `/api/v1/user?limit=250${iterator}`);
    users.push(...(page["data"] as ListedUser[]));
    if (page["done"] === true) return users;
    iterator = `&iterator=${page["iterator"] as string}`;
  }
}
