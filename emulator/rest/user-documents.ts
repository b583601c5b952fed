// How a user looks to himself, to others, and to an administrator.
import type { Token, User } from "../world/documents.ts";
import { empty } from "../world/shapes.ts";
import { connectionStatusOf, emailsOf } from "../world/users.ts";
import type { World } from "../world.ts";
import { PREFERENCES, PREFERENCES_SINCE_7, PREFERENCES_SINCE_8 } from "./preferences.ts";

type Document = Record<string, unknown>;

/** What `me` says, and with `hashes` what 6.5 says after a login. */
export function ownDocument(world: World, user: User, { hashes = false } = {}): Document {
  const { legacy } = world.traits;
  return {
    _id: user._id,
    services: {
      password: legacy && hashes ? { bcrypt: user.passwordHash } : { exists: true },
      ...(world.traits.mailFactor ? { email2fa: { enabled: true } } : {}),
    },
    username: user.username,
    emails: emailsOf(user),
    name: user.name,
    roles: user.roles,
    status: user.status,
    active: user.active,
    _updatedAt: user.updatedAt,
    settings: settingsOf(world),
    requirePasswordChange: false,
    ...connectionField(world, user),
    ...(user.statusText === undefined
      ? {}
      : { statusDefault: user.statusDefault, statusText: user.statusText }),
    ...(user.email === undefined ? {} : { email: user.email }),
    avatarUrl: `${world.setting("Site_Url")}/avatar/${user.username}`,
    ...(legacy ? {} : { isOAuthUser: false }),
  };
}

function settingsOf({ traits }: World): Document {
  if (traits.legacy) return { profile: {}, preferences: PREFERENCES };
  const preferences = { ...PREFERENCES, ...PREFERENCES_SINCE_7 };
  if (traits.mailFactor) return { profile: {}, preferences };
  return { profile: {}, preferences: { ...preferences, ...PREFERENCES_SINCE_8 }, calendar: {} };
}

/** 6.5 has the key from the first connection on, 8.3 from the first status. */
function connectionField(world: World, user: User): Document {
  const known = world.traits.legacy ? user.connections : user.statusText;
  return known === undefined ? {} : { statusConnection: connectionStatusOf(world, user) };
}

/** What others see in `users.info`. */
export function publicDocument(user: User): Document {
  const { _id, username, name, type, status, active, statusText, avatarETag } = user;
  const said = statusText === undefined ? {} : { statusText };
  const pictured = avatarETag === undefined ? {} : { avatarETag };
  return { _id, username, name, type, status, active, ...said, ...pictured, canViewAllInfo: false };
}

/** What the user himself and administrators see in `users.info`. */
export function fullDocument(world: World, user: User): Document {
  return {
    ...publicDocument(user),
    createdAt: user.createdAt,
    services: {
      password: true,
      ...(world.traits.mailFactor
        ? { email2fa: { enabled: true, changedAt: user.createdAt }, ...resumeOf(world, user) }
        : {}),
    },
    emails: emailsOf(user),
    roles: user.roles,
    requirePasswordChange: false,
    ...(user.lastLogin === undefined ? {} : { lastLogin: user.lastLogin }),
    ...connectionField(world, user),
    canViewAllInfo: true,
  };
}

function resumeOf(world: World, { tokens }: User): Document {
  return { resume: { loginTokens: tokens.map((token) => tokenDocument(world, token)) } };
}

function tokenDocument(world: World, { kind, createdAt, secret, name, bypassTwoFactor }: Token): Document {
  const hashedToken = world.newHash("sha256");
  if (kind === "login") return { when: createdAt, hashedToken };
  const lastTokenPart = secret.slice(-6);
  return { hashedToken, type: "personalAccessToken", createdAt, lastTokenPart, name, bypassTwoFactor };
}

/** A user as an administrator gets him back from a change. */
export function adminDocument(world: World, user: User): Document {
  const rooms = world.membershipsOf(user._id).filter(({ t }) => t !== "d");
  return {
    createdAt: user.createdAt,
    _id: user._id,
    username: user.username,
    emails: emailsOf(user),
    name: user.name,
    type: user.type,
    roles: user.roles,
    status: user.status,
    active: user.active,
    _updatedAt: user.updatedAt,
    settings: {},
    requirePasswordChange: false,
    ...(user.reactivated || world.traits.mailFactor ? {} : empty(world.traits, "inactiveReason")),
    ...(user.lastLogin === undefined ? {} : { lastLogin: user.lastLogin }),
    ...(user.listsRooms ? { __rooms: rooms.map(({ rid }) => rid) } : {}),
    ...(world.traits.legacy ? connectionField(world, user) : {}),
  };
}
