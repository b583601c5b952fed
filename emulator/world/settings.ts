// The public settings the emulator knows, with the defaults of a fresh server.

export type SettingValue = string | number | boolean;

/** A mutable table of the settings; `settings.public` lists it, the world's rules read it. */
export function defaultSettings(siteUrl: string): Map<string, SettingValue> {
  return new Map<string, SettingValue>([
    ["Accounts_AllowUserStatusMessageChange", true],
    ["API_Upper_Count_Limit", 100],
    ["DirectMesssage_maxUsers", 8],
    ["E2E_Enable", false],
    ["E2E_Allow_Unencrypted_Messages", false],
    ["FileUpload_Enabled", true],
    ["FileUpload_Enabled_Direct", true],
    ["FileUpload_MaxFileSize", 104857600],
    ["FileUpload_MediaTypeBlackList", "image/svg+xml"],
    ["FileUpload_MediaTypeWhiteList", ""],
    ["FileUpload_ProtectFiles", true],
    ["Katex_Dollar_Syntax", false],
    ["Katex_Enabled", true],
    ["Katex_Parenthesis_Syntax", true],
    ["Message_AllowDeleting", true],
    ["Message_AllowDeleting_BlockDeleteInMinutes", 0],
    ["Message_AllowEditing", true],
    ["Message_AllowEditing_BlockEditInMinutes", 0],
    ["Message_AllowPinning", true],
    ["Message_AllowStarring", true],
    ["Message_Attachments_Thumbnails_Enabled", true],
    ["Message_MaxAllowedSize", 5000],
    ["Message_ShowDeletedStatus", false],
    ["Site_Name", "Rocket.Chat"],
    ["Site_Url", siteUrl],
    ["Threads_enabled", true],
    ["UI_Use_Real_Name", false],
    ["UTF8_User_Names_Validation", "[0-9a-zA-Z-_.]+"],
  ]);
}
