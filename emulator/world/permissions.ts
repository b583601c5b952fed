// Who may do what: the default roles of the permissions the emulated endpoints ask for.
import type { Room, Subscription, User } from "./documents.ts";

const GRANTS: Readonly<Record<string, readonly string[]>> = {
  "api-bypass-rate-limit": ["admin", "bot", "app"],
  "send-many-messages": ["admin", "bot", "app"],
  "message-impersonate": ["bot", "app"],
  "create-personal-access-tokens": ["admin", "user"],
  "create-user": ["admin"],
  "edit-other-user-info": ["admin"],
  "edit-other-user-active-status": ["admin"],
  "edit-other-user-avatar": ["admin"],
  "delete-user": ["admin"],
  "view-full-other-user-info": ["admin"],
  "view-statistics": ["admin"],
  "manage-emoji": ["admin"],
  "view-privileged-setting": ["admin"],
  "edit-privileged-setting": ["admin"],
  "view-room-administration": ["admin"],
  "view-c-room": ["admin", "user", "bot", "app", "anonymous"],
  "preview-c-room": ["admin", "user", "anonymous"],
  "view-outside-room": ["admin", "owner", "moderator", "user"],
  "create-c": ["admin", "user", "bot", "app"],
  "create-p": ["admin", "user", "bot", "app"],
  "create-d": ["admin", "user", "bot", "app"],
  "create-team": ["admin", "user"],
  "start-discussion": ["admin", "user", "guest", "app"],
  "mention-all": ["admin", "owner", "moderator", "user"],
  "mention-here": ["admin", "owner", "moderator", "user"],
  "delete-own-message": ["admin", "user"],
  "delete-message": ["admin", "owner", "moderator"],
  "force-delete-message": ["admin", "owner"],
  "edit-message": ["admin", "owner", "moderator"],
  "pin-message": ["owner", "moderator", "admin"],
  "post-readonly": ["admin", "owner", "moderator"],
  "set-readonly": ["admin", "owner"],
  "mute-user": ["admin", "owner", "moderator"],
  "remove-user": ["admin", "owner", "moderator"],
  "add-user-to-joined-room": ["admin", "owner", "moderator"],
  "edit-room": ["admin", "owner", "moderator"],
  "set-moderator": ["admin", "owner"],
  "set-owner": ["admin", "owner"],
  "archive-room": ["admin", "owner"],
  "unarchive-room": ["admin"],
  "clean-channel-history": ["admin"],
  "delete-c": ["admin", "owner"],
  "delete-p": ["admin", "owner"],
  "delete-team": ["admin", "owner"],
  "bypass-time-limit-edit-and-delete": ["bot", "app"],
};

/** Whether the user's global roles, or the roles of the given membership, carry the permission. */
export function allows(permission: string, user: User, membership?: Subscription): boolean {
  const roles = GRANTS[permission] ?? [];
  return roles.some((role) => user.roles.includes(role) || (membership?.roles?.includes(role) ?? false));
}

/** Whether a room's posts are closed to this user because the room is read-only. */
export function isReadOnlyFor(room: Room, user: User, membership?: Subscription): boolean {
  if (room.ro !== true) return false;
  if (allows("post-readonly", user, membership)) return false;
  return !(room.unmuted?.includes(user.username) ?? false);
}
