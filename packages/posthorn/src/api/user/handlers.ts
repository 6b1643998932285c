/** Handlers of the routes of users, loaded when the first one is called. */
import type { Static } from "typebox";
import type { Context, OutsideContext } from "../../domain/context.ts";
import type { Delivered } from "../../domain/mail/send.ts";
import { currentSession } from "../../domain/session/current.ts";
import { decideDevice, findDevice } from "../../domain/session/device.ts";
import { endSession, listSessions } from "../../domain/session/session.ts";
import {
  type Invitation,
  invite,
  joinWithInvitation,
  listInvitations,
  withdrawInvitation,
} from "../../domain/user/invitation.ts";
import {
  changeUser,
  endUserSessions,
  findUser,
  type ListUsers,
  listUsers,
  removeSecondFactor,
  removeUser,
} from "../../domain/user/manage.ts";
import * as profile from "../../domain/user/profile.ts";
import { createResetLink } from "../../domain/user/reset.ts";
import { requirePerson, type User } from "../../domain/user/user.ts";
import type { OneTimeCodeIn } from "../models/sign-in-steps.ts";
import type * as models from "../models/user.ts";
import { created, list, noContent, ok, type Reply } from "../reply.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

type Body<Model extends keyof typeof models> = Static<(typeof models)[Model]>;

function userOut({ id, email, name, role, applicationRoles, isDisabled, hasSecondFactor, ...times }: User) {
  return {
    id,
    email,
    name,
    role,
    applicationRoles: applicationRoles.map(({ app, role: of }) => ({ app, role: of })),
    disabled: isDisabled,
    secondFactor: hasSecondFactor,
    createdAt: dateTime(times.createdAt),
    lastSignInAt: dateTimeOrNull(times.lastSignInAt),
  };
}

function profileOut(of: profile.Profile) {
  const { locale, hasPassword, recoveryCodesLeft } = of;
  return { ...userOut(of), locale, hasPassword, recoveryCodesLeft };
}

function invitationOut({ createdAt, expiresAt, ...invitation }: Invitation) {
  return { ...invitation, createdAt: dateTime(createdAt), expiresAt: dateTime(expiresAt) };
}

export async function current(ctx: Context): Promise<Reply> {
  const session = await currentSession(ctx);
  return ok({ ...session, user: session.user === null ? null : userOut(session.user) });
}

export async function getProfile(ctx: Context): Promise<Reply> {
  return ok(profileOut(await profile.getProfile(ctx)));
}

export async function patchProfile(ctx: OutsideContext, input: Body<"ProfilePatch">): Promise<Reply> {
  return ok(profileOut(await profile.changeProfile({ ctx, input })));
}

export async function changePassword(ctx: OutsideContext, input: Body<"PasswordChangeIn">): Promise<Reply> {
  await profile.changePassword({ ctx, input });
  return noContent();
}

export async function prepareSecondFactor(ctx: OutsideContext, input: Body<"SecondFactorIn">): Promise<Reply> {
  return ok(await profile.prepareSecondFactor({ ctx, input }));
}

export async function confirmSecondFactor(ctx: OutsideContext, input: Body<"FactorCodeIn">): Promise<Reply> {
  return ok({ codes: await profile.confirmSecondFactor({ ctx, input }) });
}

export async function turnOffSecondFactor(ctx: OutsideContext, input: Body<"FactorCodeIn">): Promise<Reply> {
  await profile.turnOffSecondFactor({ ctx, input });
  return noContent();
}

export async function replaceRecoveryCodes(ctx: OutsideContext, input: Body<"FactorCodeIn">): Promise<Reply> {
  return ok({ codes: await profile.replaceRecoveryCodes({ ctx, input }) });
}

export async function joinInvitation(ctx: Context, { code }: Static<typeof OneTimeCodeIn>): Promise<Reply> {
  await joinWithInvitation({ ctx, input: { code } });
  return noContent();
}

export async function ownSessions(ctx: Context): Promise<Reply> {
  const { key, sessionKey } = requirePerson(ctx.actor);
  const rows = await listSessions(ctx, key, sessionKey);
  return list(
    { rows, done: true },
    ({ id }) => id,
    ({ isCurrent, hasSecondFactor, createdAt, lastUsedAt, expiresAt, ...session }) => ({
      ...session,
      current: isCurrent,
      secondFactor: hasSecondFactor,
      createdAt: dateTime(createdAt),
      lastUsedAt: dateTime(lastUsedAt),
      expiresAt: dateTime(expiresAt),
    }),
  );
}

export async function endOwnSession(ctx: Context, session: string): Promise<Reply> {
  await endSession({ ctx, input: { personKey: requirePerson(ctx.actor).key, session } });
  return noContent();
}

export async function users(ctx: Context, input: ListUsers): Promise<Reply> {
  return list(await listUsers({ ctx, input }), ({ id }) => id, userOut);
}

export async function user(ctx: Context, id: string): Promise<Reply> {
  return ok(userOut(await findUser(ctx, id)));
}

export async function patchUser(ctx: Context, id: string, body: Body<"UserPatch">): Promise<Reply> {
  const { role, applicationRoles, disabled } = body;
  const input = { user: id, role, applicationRoles, isDisabled: disabled };
  return ok(userOut(await changeUser({ ctx, input })));
}

export async function deleteUser(ctx: Context, id: string): Promise<Reply> {
  await removeUser({ ctx, input: { user: id } });
  return noContent();
}

export async function resetLink(ctx: OutsideContext, id: string): Promise<Reply> {
  const { url, expiresAt, delivered } = await createResetLink({ ctx, input: { user: id } });
  return created({ url, expiresAt: dateTime(expiresAt), ...deliveredOut(delivered) });
}

function deliveredOut(delivered: Delivered) {
  const emailSent = delivered?.sent === true;
  return { emailSent, emailProblem: delivered?.sent === false ? delivered.reason : null };
}

export async function dropSecondFactor(ctx: Context, id: string): Promise<Reply> {
  await removeSecondFactor({ ctx, input: { user: id } });
  return noContent();
}

export async function dropSessions(ctx: Context, id: string): Promise<Reply> {
  await endUserSessions({ ctx, input: { user: id } });
  return noContent();
}

export async function createInvitation(ctx: OutsideContext, body: Body<"InvitationIn">): Promise<Reply> {
  const { url, delivered, ...invitation } = await invite({ ctx, input: { ...body, app: body.app ?? null } });
  return created({ ...invitationOut(invitation), url, ...deliveredOut(delivered) });
}

export async function invitations(ctx: Context): Promise<Reply> {
  return list({ rows: await listInvitations(ctx), done: true }, ({ id }) => id, invitationOut);
}

export async function deleteInvitation(ctx: Context, invitation: string): Promise<Reply> {
  await withdrawInvitation({ ctx, input: { invitation } });
  return noContent();
}

export async function deviceRequest(ctx: OutsideContext, userCode: string): Promise<Reply> {
  const { createdAt, expiresAt, ...device } = await findDevice({ ctx, input: { userCode } });
  return ok({ ...device, createdAt: dateTime(createdAt), expiresAt: dateTime(expiresAt) });
}

export async function decide(
  ctx: OutsideContext,
  userCode: string,
  { approve }: Body<"DeviceDecisionIn">,
): Promise<Reply> {
  await decideDevice({ ctx, input: { userCode, approve } });
  return noContent();
}
