// A user's preferences as a fresh server has them.

export const PREFERENCES = {
  enableAutoAway: true,
  idleTimeLimit: 300,
  desktopNotificationRequireInteraction: false,
  desktopNotifications: "all",
  pushNotifications: "all",
  unreadAlert: true,
  useEmojis: true,
  convertAsciiEmoji: true,
  autoImageLoad: true,
  saveMobileBandwidth: true,
  collapseMediaByDefault: false,
  hideUsernames: false,
  hideRoles: false,
  hideFlexTab: false,
  displayAvatars: true,
  sidebarGroupByType: true,
  themeAppearence: "auto",
  sidebarViewMode: "medium",
  sidebarDisplayAvatar: true,
  sidebarShowUnread: false,
  sidebarSortby: "activity",
  showThreadsInMainChannel: false,
  alsoSendThreadToChannel: "default",
  sidebarShowFavorites: true,
  sendOnEnter: "normal",
  emailNotificationMode: "mentions",
  newRoomNotification: "door",
  newMessageNotification: "chime",
  muteFocusedConversations: true,
  notificationsSoundVolume: 100,
  omnichannelTranscriptEmail: false,
  notifyCalendarEvents: true,
  enableMobileRinging: true,
};

/** What 7.7 does not have yet. */
export const PREFERENCES_SINCE_8 = { desktopNotificationVoiceCalls: true };

/** What 6.5 does not have yet. */
export const PREFERENCES_SINCE_7 = {
  masterVolume: 100,
  voipRingerVolume: 100,
  sidebarSectionsOrder: [
    "Incoming_Calls",
    "Incoming_Livechats",
    "Open_Livechats",
    "On_Hold_Chats",
    "Unread",
    "Favorites",
    "Teams",
    "Discussions",
    "Channels",
    "Direct_Messages",
    "Conversations",
  ],
  featuresPreview: "[]",
};
